//! `handle-message` of `spin:mqtt-trigger`: messages under a topic.

use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Entry, Error, Event, Events, Exchange, Kind, Result};
use holm_wasi::{Export, Linked};
use wasmtime::component::{ComponentType, Lower};

use super::functions::{Failure, told};

/// What a component exports to be told of messages.
const FUNCTION: &str = "handle-message";

#[derive(ComponentType, Lower)]
#[component(record)]
struct Metadata {
    topic: String,
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
        matches!(event, Event::Mqtt { .. })
    }

    async fn handle(&self, event: Event, exchange: Exchange) -> Result<()> {
        let Event::Mqtt { topic, payload } = event else {
            return Err(Error::new(Kind::Usage, format!("{} takes messages of MQTT brokers", self.linked.name())));
        };
        let params = (payload, Metadata { topic });
        let (answer,): (std::result::Result<(), Failure>,) = self.linked.call(&self.handle, &exchange, params).await?;
        told(answer, self.linked.name())
    }
}
