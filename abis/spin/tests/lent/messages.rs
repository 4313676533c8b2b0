use std::sync::Arc;

use holm_abi::{Abi as _, Entry, Event, Events, Exchange, Host};
use holm_engine::Kind;
use holm_services::kv::{MemoryStores, Stores};
use holm_spin::Spin;

use crate::common::{granting, guest, lent_with, spin};

fn told(spin: &Spin, name: &str, host: &Host) -> Arc<dyn Events> {
    let entries = spin.load(&guest(name), host).unwrap();
    entries.into_iter().find_map(|entry| if let Entry::Events(events) = entry { Some(events) } else { None }).unwrap()
}

fn message(text: &str) -> Event {
    Event::Redis { channel: "news".into(), payload: text.into() }
}

#[tokio::test]
async fn a_message_is_told_in_every_version() {
    for name in ["spin-old.wasm", "spin-sdk7-redis.wasm"] {
        let stores = Arc::new(MemoryStores::default());
        let host = granting(|grants| grants.kv.push("default".into()));
        let events = told(&spin(lent_with(stores.clone())), name, &host);
        assert!(events.takes(&message("")) && !events.takes(&Event::Cron { at: 0 }));
        events.handle(message("first"), Exchange::default()).await.unwrap();
        let exchange = Exchange::default();
        let usage = Arc::clone(&exchange.usage);
        events.handle(message("second"), exchange).await.unwrap();
        assert!(!usage.cpu().is_zero());
        let kept = stores.open("default").await.unwrap().get("last").await.unwrap();
        assert_eq!(kept.unwrap(), b"second", "{name}");
    }
}

#[tokio::test]
async fn a_guest_that_fails_says_so() {
    for name in ["spin-old.wasm", "spin-sdk7-redis.wasm"] {
        let events = told(&spin(lent_with(Arc::new(MemoryStores::default()))), name, &Host::default());
        let error = events.handle(message("fail"), Exchange::default()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Failed);
        assert!(error.to_string().starts_with(&format!("{name}: it could not handle the message")), "{error}");
    }
}

#[tokio::test]
async fn a_guest_that_traps_is_no_end_of_its_messages() {
    let events = told(&spin(lent_with(Arc::new(MemoryStores::default()))), "spin-old.wasm", &Host::default());
    let error = events.handle(message("trap"), Exchange::default()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Trap);
    let error = events.handle(message("fail"), Exchange::default()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Failed);
}
