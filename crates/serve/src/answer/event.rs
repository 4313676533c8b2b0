//! An event's way: breaker, gate, code, guest.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use holm_abi::{Error, Event, Kind};
use http::{Method, Request, StatusCode};
use tokio::sync::OwnedSemaphorePermit;

use super::refusal::Refusal;
use super::underway::{Origin, Underway};
use crate::apps::{App, Guest};
use crate::observe::{Observer, Occasion};

/// A place in a guest's gate, and one in that of the server.
pub(crate) type Places = (OwnedSemaphorePermit, OwnedSemaphorePermit);

/// Waits until a guest may be told of an event: until it is not left alone for failing, and both it and the server have a
/// place. Nobody waits for an answer, so there is no telling how long that may take.
pub(crate) async fn admit(guest: &Arc<Guest>) -> Places {
    let waiting = (guest.gate.is_full() || guest.room.gate.is_full()).then(|| guest.seen.stats.queue());
    let place = guest.gate.enter_in_turn().await;
    while let Some(left) = guest.breaker.open_for() {
        tokio::time::sleep(left).await;
    }
    let room = guest.room.gate.enter_in_turn().await;
    drop(waiting);
    (place, room)
}

/// Tells a guest of `app` of an event, and the observer what came of it.
pub(crate) async fn tell(
    observer: &Arc<Observer>,
    app: Arc<App>,
    guest: Arc<Guest>,
    (occasion, event): (Occasion, Event),
    places: Places,
) {
    let method = Method::from_bytes(occasion.kind.method().as_bytes()).unwrap_or_default();
    let mut request = Request::new(());
    *request.method_mut() = method;
    let mut account = Box::new(Underway::begin(observer, &request, Origin::event(occasion)));
    account.leads_to(&guest, guest.calls.then_some(app));
    match handle(&guest, event, places, &mut account).await {
        Ok(()) => account.told_by_server(StatusCode::OK),
        Err(refusal) => {
            account.status = Some(refusal.response("", false).status());
            account.refused(&refusal);
        }
    }
}

async fn handle(guest: &Arc<Guest>, event: Event, places: Places, account: &mut Underway) -> Result<(), Refusal> {
    let (place, room) = places;
    let served = account.entered(guest, (place, Some(room)));
    served.received.bytes.store(length(&event), Relaxed);
    let (loaded, cold) = guest.code.get().await.map_err(|error| {
        account.not_loaded(&error);
        Refusal::NotLoaded
    })?;
    account.cold = cold;
    let Some(events) = loaded.events.iter().find(|events| events.takes(&event)) else {
        return Err(account.failed(&Error::new(Kind::Usage, "it exports nothing to be told of such an event")));
    };
    let exchange = account.exchange(&served);
    events.handle(event, exchange).await.map_err(|error| match error.kind() {
        // What a guest says about an event is no reason to spare it others.
        Kind::Failed => account.failed_at(&error),
        _ => account.failed(&error),
    })
}

fn length(event: &Event) -> u64 {
    match event {
        Event::Redis { payload, .. } | Event::Mqtt { payload, .. } => payload.len() as u64,
        Event::Cron { .. } => 0,
    }
}
