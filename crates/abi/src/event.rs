//! Guests that are told of events.

use async_trait::async_trait;
use holm_engine::Result;

use crate::Exchange;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A message on a channel of a Redis server.
    Redis {
        /// The channel.
        channel: String,
        /// The message.
        payload: Vec<u8>,
    },
    /// A message of an MQTT broker.
    Mqtt {
        /// The topic it was published under.
        topic: String,
        /// The message.
        payload: Vec<u8>,
    },
    /// A moment of a schedule.
    Cron {
        /// Seconds since 1970.
        at: u64,
    },
}

/// A guest that is told of events of one kind or several.
#[async_trait]
pub trait Events: Send + Sync {
    /// Whether it takes events of the kind of this one.
    fn takes(&self, event: &Event) -> bool;

    /// Tells it of one event, on a fresh instance, and waits until it is done. Must be called within a tokio runtime; who
    /// drops this ends the guest.
    ///
    /// # Errors
    /// A trap, a limit, or [`holm_engine::Kind::Failed`] where the guest itself says that it failed.
    async fn handle(&self, event: Event, exchange: Exchange) -> Result<()>;
}
