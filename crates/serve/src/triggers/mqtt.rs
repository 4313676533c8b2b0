//! Topics of an MQTT broker: a session for each.

use holm_abi::Event;
use holm_services::mqtt::{Acknowledge, MqttMessage, MqttSubscription};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Wanted;
use super::backoff::Backoff;
use super::dispatch::Dispatch;
use super::redis::permits;
use super::running::Wants;
use super::source::Mqtt;
use crate::observe::Occasion;

/// Messages that wait for their guest. A broker has to be heard meanwhile, so that it hears of us.
const QUEUE: usize = 256;

type Queue = mpsc::Sender<(MqttMessage, Acknowledge)>;

/// Listens until nothing more is to be taken up.
pub(super) async fn listen(it: Mqtt, public: bool, mut wants: Wants, dispatch: Dispatch) {
    let permits = permits(public);
    let mut backoff = Backoff::new();
    let (queue, queued) = mpsc::channel(QUEUE);
    // Ends with this task, whether that is done or ended.
    let mut telling = JoinSet::new();
    telling.spawn(tell(it.clone(), queued, wants.wanted.clone(), dispatch));
    loop {
        let (user, topic) = ((it.username.as_str(), it.password.as_str()), (it.topic.as_str(), it.quality()));
        let begun = tokio::select! {
            begun = MqttSubscription::begin(&it.address, user, it.keep_alive.as_secs(), topic, &permits) => begun,
            () = wants.ended() => break,
        };
        let why = match begun {
            Ok(mut subscription) => {
                wants.reached();
                backoff.reset();
                let mut left_out = LeftOut::default();
                let why = tokio::select! {
                    why = hear(&mut subscription, &queue, &mut left_out) => Some(why),
                    () = wants.ended() => None,
                };
                left_out.say(&wants);
                match why {
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
    drop(queue);
    while telling.join_next().await.is_some() {}
}

/// Messages that came while all places in the queue were taken, and which nobody is asked to send again.
#[derive(Default)]
struct LeftOut(u64);

impl LeftOut {
    fn say(&self, wants: &Wants) {
        if self.0 > 0 {
            wants.warn(&format!("sent {} messages more than guests could be told of; they are lost", self.0));
        }
    }
}

/// Puts messages in the queue until there are no more.
async fn hear(subscription: &mut MqttSubscription, queue: &Queue, left_out: &mut LeftOut) -> String {
    let acknowledge = subscription.acknowledge();
    loop {
        let message = match subscription.next().await {
            Ok(message) => message,
            Err(why) => return why,
        };
        match queue.try_send((message, acknowledge.clone())) {
            Ok(()) => {}
            Err(TrySendError::Full((message, _))) if !message.is_acknowledged() => left_out.0 += 1,
            // The broker waits for acknowledgements before it sends more; one that does not waits like this.
            Err(TrySendError::Full(message)) => _ = queue.send(message).await,
            Err(TrySendError::Closed(_)) => return "the server is stopping".into(),
        }
    }
}

/// Tells guests of what is in the queue, to its end.
async fn tell(
    it: Mqtt,
    mut queued: mpsc::Receiver<(MqttMessage, Acknowledge)>,
    wanted: watch::Receiver<Wanted>,
    mut dispatch: Dispatch,
) {
    let server = format!("{}:{}", it.address.host(), it.address.port());
    while let Some((message, acknowledge)) = queued.recv().await {
        let targets = wanted.borrow().get("").cloned().unwrap_or_default();
        let occasion = Occasion::mqtt(&server, &message.topic);
        let event = Event::Mqtt { topic: message.topic.clone(), payload: message.payload.clone() };
        // However a guest took it: sent again, it would fail again.
        let after = async move { acknowledge.done(message).await };
        dispatch.event(&targets, &occasion, &event, after).await;
    }
    dispatch.finish().await;
}
