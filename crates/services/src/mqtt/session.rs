//! A session with a broker: MQTT 3.1.1, over a stream of our own.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use rumqttc::{AckMode, AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, MqttOptions};
use tokio::time::timeout;

use super::MqttAddress;
use crate::dial::{Dialer, NoStream, Permits, Stream};

/// The most bytes of a packet, either way.
pub(super) const MAX_PACKET: usize = 16 << 20;
/// How long connecting may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// What was asked for and not sent yet.
const WAITING: usize = 16;

/// Who speaks to which broker, and how often at least.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Party {
    pub(super) address: MqttAddress,
    pub(super) username: String,
    pub(super) password: String,
    /// Seconds.
    pub(super) keep_alive: u16,
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Party").field("address", &self.address).finish_non_exhaustive()
    }
}

/// A session that has begun. Who has it has to poll its events.
pub(super) struct Session {
    pub(super) client: AsyncClient,
    pub(super) events: EventLoop,
    pub(super) peer: IpAddr,
}

impl Party {
    /// Seconds as the protocol has them: at least one, since without any a broker that is gone is never missed.
    pub(super) fn keep_alive(seconds: u64) -> u16 {
        match seconds {
            0 => 60,
            seconds => u16::try_from(seconds).unwrap_or(u16::MAX),
        }
    }

    /// Connects, and introduces itself.
    pub(super) async fn begin(&self, permits: &Permits, acks: AckMode) -> Result<Session, NoStream> {
        let dialer = Dialer::new(self.address.host(), self.address.port(), self.address.server.tls);
        let (stream, peer) = dialer.dial(permits, PATIENCE).await?;
        let (client, mut events) = self.options(stream, acks)?;
        match timeout(PATIENCE, events.poll()).await {
            Ok(Ok(Event::Incoming(_))) => Ok(Session { client, events, peer }),
            Ok(Ok(Event::Outgoing(_))) => Err(NoStream::Failed("it does not speak MQTT".into())),
            Ok(Err(error)) => Err(NoStream::Failed(plain(&error))),
            Err(_) => Err(NoStream::Failed("it did not answer".into())),
        }
    }

    fn options(&self, stream: Box<dyn Stream>, acks: AckMode) -> Result<(AsyncClient, EventLoop), NoStream> {
        let name = self.address.client.clone().unwrap_or_else(random_name);
        let mut options = MqttOptions::new(name, (self.address.host().to_owned(), self.address.port()));
        options.set_keep_alive(self.keep_alive).set_max_packet_size(MAX_PACKET, MAX_PACKET).set_ack_mode(acks);
        let server = &self.address.server;
        let username = Some(&self.username).filter(|name| !name.is_empty()).or(server.user.as_ref());
        let password = Some(self.password.as_str()).filter(|text| !text.is_empty());
        let password = password.or(server.password.as_ref().map(|secret| secret.expose())).unwrap_or_default();
        match username {
            Some(username) if password.is_empty() => _ = options.set_username(username),
            Some(username) => _ = options.set_credentials(username, password.as_bytes().to_vec()),
            None => {}
        }
        // A session is one connection: whoever wants another dials again, where addresses are checked.
        let stream = Mutex::new(Some(stream));
        options.set_socket_connector(move |_, _| {
            let stream = stream.lock().ok().and_then(|mut stream| stream.take());
            async move { stream.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected)) }
        });
        let made = AsyncClient::builder(options).capacity(WAITING).try_build();
        made.map_err(|error| NoStream::Failed(error.to_string()))
    }
}

/// What went wrong, in words for people.
pub(super) fn plain(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ConnectionRefused(
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized,
        ) => "it does not accept the user and password".into(),
        ConnectionError::ConnectionRefused(ConnectReturnCode::BadClientId) => {
            "it does not accept the client's name".into()
        }
        ConnectionError::ConnectionRefused(ConnectReturnCode::ServiceUnavailable) => "it is not ready".into(),
        ConnectionError::Io(error) if error.kind() == io::ErrorKind::NotConnected => "it closed the connection".into(),
        error => error.to_string(),
    }
}

/// A name that no other client has: a broker ends the session of whoever has the same one.
fn random_name() -> String {
    let mut bytes = [0; 8];
    // Without randomness the broker chooses (section 3.1.3.1).
    match getrandom::fill(&mut bytes) {
        Ok(()) => format!("holm{:016x}", u64::from_le_bytes(bytes)),
        Err(_) => String::new(),
    }
}
