//! Messages under topics. Nothing is read from the broker before what came is taken.

use std::collections::VecDeque;

use rumqttc::{AckMode, AsyncClient, Event, EventLoop, ManualAck, Packet, Publish};
use tokio::time::timeout;

use super::session::{PATIENCE, Party, plain};
use super::{MqttAddress, Qos};
use crate::dial::{NoStream, Permits};

/// Messages that may come before the subscription is confirmed.
const MAX_EARLY: usize = 100;

/// A message under a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttMessage {
    /// The topic it was published under.
    pub topic: String,
    /// The message.
    pub payload: Vec<u8>,
    /// What the broker wants to hear.
    ack: Option<ManualAck>,
}

impl MqttMessage {
    /// Whether the broker waits to hear that it was taken.
    pub fn is_acknowledged(&self) -> bool {
        self.ack.is_some()
    }
}

/// A session in which messages under a topic come.
pub struct MqttSubscription {
    client: AsyncClient,
    events: EventLoop,
    early: VecDeque<Publish>,
}

/// Acknowledges messages of a subscription. Cheap to clone.
#[derive(Clone)]
pub struct Acknowledge(AsyncClient);

impl Acknowledge {
    /// Tells the broker that a message was taken, if it wants to know. It sends only so many before it hears of them.
    pub async fn done(&self, message: MqttMessage) {
        if let Some(ack) = message.ack {
            // A session that is over needs none.
            let _ = self.0.manual_ack(ack).await;
        }
    }
}

impl MqttSubscription {
    /// Connects to a broker and listens under `topic`, with `+` and `#` as MQTT has them, which the broker has confirmed.
    /// `keep_alive` is in seconds. The session is a new one each time: what is published while there is none does not come.
    ///
    /// # Errors
    /// A sentence about what went wrong, without secrets.
    pub async fn begin(
        address: &MqttAddress,
        (username, password): (&str, &str),
        keep_alive: u64,
        (topic, qos): (&str, Qos),
        permits: &Permits,
    ) -> Result<Self, String> {
        let party = Party {
            address: address.clone(),
            username: username.to_owned(),
            password: password.to_owned(),
            keep_alive: Party::keep_alive(keep_alive),
        };
        let session = party.begin(permits, AckMode::Manual).await.map_err(|error| match error {
            NoStream::NotPermitted => "its name leads to an address that may not be dialled".to_owned(),
            NoStream::Failed(why) => why,
        })?;
        let mut it = Self { client: session.client, events: session.events, early: VecDeque::new() };
        let noticed = it.client.subscribe_tracked(topic.to_owned(), qos.into()).await;
        let noticed = noticed.map_err(|_| format!("`{topic}` is no topic to listen under"))?;
        let confirmed = async {
            let mut confirmed = std::pin::pin!(noticed.wait_completion_async());
            loop {
                tokio::select! {
                    confirmed = &mut confirmed => return confirmed.map_err(|error| format!("it refused the topic `{topic}`: {error}")),
                    event = it.events.poll() => match event.map_err(|error| plain(&error))? {
                        Event::Incoming(Packet::Publish(publish)) if it.early.len() < MAX_EARLY => it.early.push_back(publish),
                        Event::Incoming(Packet::Publish(_)) => return Err("it sends messages and confirms no subscription".into()),
                        _ => {}
                    },
                }
            }
        };
        timeout(PATIENCE, confirmed).await.map_err(|_| "it did not answer".to_owned())??;
        Ok(it)
    }

    /// What acknowledges messages.
    pub fn acknowledge(&self) -> Acknowledge {
        Acknowledge(self.client.clone())
    }

    /// The next message. Nothing is lost if this is dropped before there is one.
    ///
    /// Must be called again soon: it is also what answers the broker, and says that we are still here.
    ///
    /// # Errors
    /// A sentence about why there will be none.
    pub async fn next(&mut self) -> Result<MqttMessage, String> {
        loop {
            let publish = match self.early.pop_front() {
                Some(publish) => publish,
                None => match self.events.poll().await.map_err(|error| plain(&error))? {
                    Event::Incoming(Packet::Publish(publish)) => publish,
                    _ => continue,
                },
            };
            return Ok(MqttMessage {
                topic: String::from_utf8_lossy(&publish.topic).into_owned(),
                payload: publish.payload.to_vec(),
                ack: self.client.prepare_ack(&publish),
            });
        }
    }
}

impl Drop for MqttSubscription {
    fn drop(&mut self) {
        let _ = self.client.try_disconnect_now();
    }
}
