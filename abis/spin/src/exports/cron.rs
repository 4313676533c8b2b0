//! `handle-cron-event` of `fermyon:spin-cron`: moments of a schedule.

use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Entry, Error, Event, Events, Exchange, Kind, Result};
use holm_wasi::{Export, Linked};
use wasmtime::component::{ComponentType, Lower};

use super::functions::{Failure, told};

/// What a component exports to be told of moments.
const FUNCTION: &str = "handle-cron-event";

#[derive(ComponentType, Lower)]
#[component(record)]
struct Metadata {
    timestamp: u64,
}

struct Handler {
    linked: Linked,
    handle: Export,
}

pub(super) fn entry(linked: &Linked) -> Option<Entry> {
    let handle = linked.function(FUNCTION)?;
    Some(Entry::Events(Arc::new(Handler { linked: linked.clone(), handle })))
}

#[async_trait]
impl Events for Handler {
    fn takes(&self, event: &Event) -> bool {
        matches!(event, Event::Cron { .. })
    }

    async fn handle(&self, event: Event, exchange: Exchange) -> Result<()> {
        let Event::Cron { at } = event else {
            return Err(Error::new(Kind::Usage, format!("{} takes moments", self.linked.name())));
        };
        let params = (Metadata { timestamp: at },);
        let (answer,): (std::result::Result<(), Failure>,) = self.linked.call(&self.handle, &exchange, params).await?;
        told(answer, self.linked.name())
    }
}
