//! MQTT brokers that guests name: publishing over sessions that all guests of an app share, and subscriptions. The protocol is
//! MQTT 3.1.1 (<https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/mqtt-v3.1.1.html>).

mod address;
mod link;
mod session;
mod subscribe;

use std::sync::Arc;

pub use address::MqttAddress;
pub use subscribe::{Acknowledge, MqttMessage, MqttSubscription};

use crate::dial::Permits;
use crate::health::Manners;
use crate::servers::shared::Shared;
use link::Link;
use session::Party;

/// The most sessions that an app has at once.
const MAX_SESSIONS: usize = 64;

/// Why an MQTT broker did not do what a guest asked of it.
///
/// No text holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MqttError {
    /// The address is none of an MQTT broker.
    #[error("the address is none of an MQTT broker")]
    InvalidAddress,
    /// The app has as many sessions as it may.
    #[error("there are too many connections")]
    TooManyConnections,
    /// The broker is not to be reached, may not be, or does not take us in.
    #[error("{0}")]
    ConnectionFailed(String),
    /// What is wrong with a message.
    #[error("{0}")]
    Other(String),
}

/// Whether one can listen under this topic, with `+` and `#` as MQTT has them (section 4.7).
pub fn is_topic_filter(topic: &str) -> bool {
    topic.len() <= usize::from(u16::MAX) && !topic.contains('\0') && rumqttc::valid_filter(topic)
}

/// How often a message may arrive (MQTT 3.1.1, section 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qos {
    /// Once or not at all.
    AtMostOnce,
    /// Once or more often.
    AtLeastOnce,
    /// Once.
    ExactlyOnce,
}

/// Sessions with MQTT brokers, for all guests of one app. Nothing is connected to before a guest publishes.
pub struct MqttServers {
    manners: Manners,
    shared: Shared<Party, Link>,
}

/// A connection as a guest has it: its part in a session.
pub struct MqttConnection {
    link: Arc<Link>,
    permits: Permits,
}

impl MqttConnection {
    /// Publishes a message under a topic, and waits until the broker has acknowledged it as `qos` has it.
    ///
    /// # Errors
    /// The broker is not reached in time, or the message is none that can be published.
    pub async fn publish(&self, topic: String, payload: Vec<u8>, qos: Qos) -> Result<(), MqttError> {
        self.link.publish(topic, payload, qos, &self.permits).await
    }
}

impl Default for MqttServers {
    fn default() -> Self {
        Self::new(Manners::default())
    }
}

impl MqttServers {
    /// Brokers that are spoken to with these manners.
    pub fn new(manners: Manners) -> Self {
        Self { manners, shared: Shared::new(MAX_SESSIONS) }
    }

    /// A connection to the broker at `address`, at an IP address that `permits` allows, made when it is first needed. Whether
    /// the guest may reach a broker of this name is for the caller to know. `keep_alive` is in seconds, 0 for the usual.
    ///
    /// # Errors
    /// It is one too many.
    pub fn open(
        &self,
        address: &MqttAddress,
        username: &str,
        password: &str,
        keep_alive: u64,
        permits: Permits,
    ) -> Result<MqttConnection, MqttError> {
        let party = Party {
            address: address.clone(),
            username: username.to_owned(),
            password: password.to_owned(),
            keep_alive: Party::keep_alive(keep_alive),
        };
        let make = |party: &Party| Link::new(party.clone(), self.manners.clone());
        let link = self.shared.get(party, make).ok_or(MqttError::TooManyConnections)?;
        Ok(MqttConnection { link, permits })
    }
}

impl std::fmt::Debug for MqttServers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MqttServers").finish_non_exhaustive()
    }
}
