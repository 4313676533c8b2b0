//! Channels of a Redis server: one connection for all who listen there.

use std::collections::BTreeSet;

use holm_abi::Event;
use holm_services::dial::Permits;
use holm_services::redis::{RedisAddress, Subscription};
use tokio::time::sleep;

use super::backoff::Backoff;
use super::dispatch::Dispatch;
use super::running::Wants;
use crate::observe::Occasion;

/// Listens until nothing more is to be taken up.
pub(super) async fn listen(address: RedisAddress, public: bool, mut wants: Wants, mut dispatch: Dispatch) {
    let permits = permits(public);
    let mut backoff = Backoff::new();
    loop {
        let channels: Vec<String> = wants.wanted.borrow_and_update().keys().cloned().collect();
        let begun = tokio::select! {
            begun = Subscription::begin(&address, &channels, &permits) => begun,
            () = wants.ended() => break,
        };
        let why = match begun {
            Ok(subscription) => {
                wants.reached();
                backoff.reset();
                match hear(subscription, channels, &address, &mut wants, &mut dispatch).await {
                    Some(why) => why,
                    None => break,
                }
            }
            Err(why) => why,
        };
        wants.lost(&why);
        tokio::select! {
            () = sleep(backoff.next()) => {}
            () = wants.ended() => break,
        }
    }
    dispatch.finish().await;
}

/// Tells guests of messages until there are no more: `None` if none are to be taken up.
async fn hear(
    mut subscription: Subscription,
    channels: Vec<String>,
    address: &RedisAddress,
    wants: &mut Wants,
    dispatch: &mut Dispatch,
) -> Option<String> {
    let server = format!("{}:{}", address.host(), address.port());
    let mut heard: BTreeSet<String> = channels.into_iter().collect();
    loop {
        // Whoever waited for something else may have seen that it changed.
        let changed = !wants.wanted.borrow_and_update().keys().eq(heard.iter());
        if changed {
            let wanted: BTreeSet<String> = wants.wanted.borrow().keys().cloned().collect();
            let (new, gone): (Vec<_>, Vec<_>) =
                (wanted.difference(&heard).collect(), heard.difference(&wanted).collect());
            if let Err(why) = subscription.change(&new, &gone).await {
                return Some(why);
            }
            heard = wanted;
        }
        let message = tokio::select! {
            message = subscription.next() => message,
            changed = wants.changed() => match changed {
                true => continue,
                false => return None,
            },
        };
        let message = match message {
            Ok(message) => message,
            Err(why) => return Some(why),
        };
        let targets = wants.wanted.borrow().get(&message.channel).cloned().unwrap_or_default();
        let occasion = Occasion::redis(&server, &message.channel);
        let event = Event::Redis { channel: message.channel, payload: message.payload };
        tokio::select! {
            () = dispatch.event(&targets, &occasion, &event, async {}) => {}
            () = wants.ended() => return None,
        }
    }
}

/// Where apps that somebody deployed may lead: whoever deploys does not own this machine's network.
pub(super) fn permits(public: bool) -> Permits {
    match public {
        true => Permits::new(holm_grants::is_public),
        false => Permits::all(),
    }
}
