//! One session with a broker for all who publish there as the same user: begun when it is first needed, and again when it
//! broke.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use rumqttc::{AckMode, AsyncClient, ClientError, EventLoop, PublishOptions, QoS};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::session::{MAX_PACKET, Party, plain};
use super::{MqttError, Qos};
use crate::dial::{NoStream, Permits};
use crate::health::{Health, Manners};
use crate::servers::shared;

const REACH: &str = "see whether it runs there, or correct the address, user and password that the app uses";

pub(super) struct Link {
    party: Party,
    health: Health,
    asked: AtomicU64,
    live: Mutex<Option<Arc<Live>>>,
}

/// A session, which ends with the last that holds it.
struct Live {
    client: AsyncClient,
    peer: IpAddr,
    /// Why it ended.
    ended: Arc<OnceLock<String>>,
}

impl Drop for Live {
    fn drop(&mut self) {
        // Who drives it ends when that is sent.
        let _ = self.client.try_disconnect_now();
    }
}

impl Link {
    pub(super) fn new(party: Party, manners: Manners) -> Self {
        let health = Health::new(party.address.to_string(), manners);
        Self { party, health, asked: AtomicU64::new(0), live: Mutex::default() }
    }

    /// Publishes, and waits until the broker has acknowledged it as `qos` has it: not at all, once, or twice.
    pub(super) async fn publish(
        self: &Arc<Self>,
        topic: String,
        payload: Vec<u8>,
        qos: Qos,
        permits: &Permits,
    ) -> Result<(), MqttError> {
        if payload.len() + topic.len() + 16 > MAX_PACKET {
            let most = MAX_PACKET - 16 - topic.len().min(MAX_PACKET - 16);
            return Err(MqttError::Other(format!(
                "payload size {} exceeds the maximum allowed size of {most} bytes",
                payload.len()
            )));
        }
        let (link, permits) = (Arc::clone(self), permits.clone());
        // In a task of its own: who began to connect may be gone before others that wait for it.
        let published = tokio::spawn(async move { link.publish_now(topic, payload, qos, &permits).await });
        published.await.unwrap_or_else(|_| Err(MqttError::Other("the host is shutting down".into())))
    }

    async fn publish_now(&self, topic: String, payload: Vec<u8>, qos: Qos, permits: &Permits) -> Result<(), MqttError> {
        self.asked.fetch_add(1, Relaxed);
        let live = self.live(permits).await?;
        let published = async {
            let notice = live.client.publish_tracked(topic, payload, PublishOptions::new(qos.into())).await;
            let notice = notice.map_err(|error| match error {
                ClientError::InvalidRequest(_) => MqttError::Other("the topic is none to publish under".into()),
                _ => self.broke(&live),
            })?;
            notice.wait_completion_async().await.map_err(|_| self.broke(&live))
        };
        match timeout(self.health.patience, published).await {
            Ok(Ok(())) => {
                self.health.works();
                Ok(())
            }
            Ok(Err(error)) => {
                if matches!(error, MqttError::ConnectionFailed(_)) {
                    self.drop_live(&live).await;
                }
                Err(error)
            }
            Err(_) => {
                self.drop_live(&live).await;
                Err(MqttError::ConnectionFailed(self.health.slow().to_string()))
            }
        }
    }

    fn broke(&self, live: &Live) -> MqttError {
        let why = live.ended.get().map_or("the connection broke", String::as_str);
        self.failed(why)
    }

    fn failed(&self, why: impl ToString) -> MqttError {
        MqttError::ConnectionFailed(self.health.failed(why, REACH).to_string())
    }

    async fn live(&self, permits: &Permits) -> Result<Arc<Live>, MqttError> {
        let mut state = self.live.lock().await;
        if let Some(live) = state.as_ref().filter(|live| live.ended.get().is_none()) {
            // Another may have dialled it, who may have more dialled.
            return if permits.allow(live.peer) { Ok(Arc::clone(live)) } else { Err(self.not_permitted()) };
        }
        *state = None;
        let session = self.party.begin(permits, AckMode::Automatic).await.map_err(|error| match error {
            NoStream::NotPermitted => self.not_permitted(),
            NoStream::Failed(why) => self.failed(why),
        })?;
        let ended = Arc::<OnceLock<String>>::default();
        tokio::spawn(drive(session.events, Arc::clone(&ended)));
        let live = Arc::new(Live { client: session.client, peer: session.peer, ended });
        *state = Some(Arc::clone(&live));
        Ok(live)
    }

    fn not_permitted(&self) -> MqttError {
        MqttError::ConnectionFailed(format!("address {} is not permitted", self.party.address))
    }

    async fn drop_live(&self, broken: &Arc<Live>) {
        let mut state = self.live.lock().await;
        if state.as_ref().is_some_and(|live| Arc::ptr_eq(live, broken)) {
            *state = None;
        }
    }
}

/// Keeps a session going until it ends.
async fn drive(mut events: EventLoop, ended: Arc<OnceLock<String>>) {
    loop {
        if let Err(error) = events.poll().await {
            let _ = ended.set(plain(&error));
            return;
        }
    }
}

impl shared::Link for Link {
    fn asked(&self) -> u64 {
        self.asked.load(Relaxed)
    }

    fn rest(&self) {
        if let Ok(mut live) = self.live.try_lock() {
            *live = None;
        }
    }
}

impl From<Qos> for QoS {
    fn from(qos: Qos) -> Self {
        match qos {
            Qos::AtMostOnce => QoS::AtMostOnce,
            Qos::AtLeastOnce => QoS::AtLeastOnce,
            Qos::ExactlyOnce => QoS::ExactlyOnce,
        }
    }
}
