//! One connection to a NATS server with JetStream for all who use it: made when it is first needed; the client makes it
//! again when it broke.

use std::fmt::Display;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use async_nats::connection::State;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::ContextBuilder;
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Statistics};
use holm_manifest::Remote;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::StorageError;
use crate::health::{Health, Manners};
use crate::tls::client_config;

pub(crate) const REACH: &str = "see whether it runs there, or correct [services] in the manifest";
const INTRODUCE: &str = "correct the user and password, or the token, in [services] of the manifest";
const BROKEN: &str = "the connection broke";
const JETSTREAM: &str = "see whether it runs with JetStream (`nats-server -js`), and its own log";

/// The most bytes of one message; the protocol's servers take no larger ones (`max_payload`).
const LARGEST: u64 = 64 << 20;
/// How often it is looked at how much a server sends.
const LOOK: Duration = Duration::from_millis(500);
/// How long a client waits at most before it tries to connect again.
const AGAIN: Duration = Duration::from_millis(500);

pub(crate) struct Link {
    server: Remote,
    pub(crate) health: Health,
    state: Mutex<Connecting>,
}

#[derive(Default)]
struct Connecting {
    session: Option<Context>,
    /// When connecting last failed, for those who waited for it.
    failed: Option<(Instant, StorageError)>,
}

/// How a piece of work failed.
#[derive(Debug)]
pub(crate) enum Failure<E> {
    /// The server, or the way there, in these words.
    Server(String),
    /// What was asked for cannot be had.
    Refused(E),
}

/// Why a name is none of a bucket.
pub(crate) const NO_BUCKET: &str =
    "a bucket's name has up to 200 letters, digits, `-` and `_`; name one after the server in [services]";

/// Whether NATS can have a bucket of this name.
pub(crate) fn is_bucket(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    (1..=200).contains(&name.len()) && name.bytes().all(plain)
}

/// An error of the client's that only says that something went wrong.
pub(crate) fn lost<E>(error: impl Display) -> Failure<E> {
    Failure::Server(error.to_string())
}

impl Link {
    pub(crate) fn new(server: Remote, manners: Manners) -> Arc<Self> {
        let scheme = if server.tls { "tls" } else { "nats" };
        let health = Health::new(format!("{scheme}://{server}"), manners);
        Arc::new(Self { server, health, state: Mutex::default() })
    }

    /// Does `work` within the patience there is, `times` as much for what takes many steps.
    ///
    /// In a task of its own: the client takes some of what a server says on trust, and its panic must not be the guest's.
    pub(crate) async fn run<T, E, F>(
        self: &Arc<Self>,
        times: u32,
        work: impl FnOnce(Context) -> F + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
        F: Future<Output = Result<T, Failure<E>>> + Send,
    {
        let link = Arc::clone(self);
        let patience = self.health.patience * times;
        let done = tokio::spawn(async move {
            let session = link.session().await?;
            let client = session.client();
            let done = tokio::select! {
                done = timeout(patience, work(session)) => done,
                // The client would wait for answers that can come no more.
                () = broken(client) => return Err(link.health.failed(BROKEN, REACH).into()),
            };
            match done.map_err(|_| link.health.slow())? {
                Ok(value) => {
                    link.health.works();
                    Ok(value)
                }
                Err(Failure::Refused(error)) => Err(error),
                Err(Failure::Server(words)) => Err(link.health.failed(words, JETSTREAM).into()),
            }
        });
        match done.await {
            Ok(done) => done,
            Err(join) if join.is_panic() => Err(self.health.failed("its answer makes no sense", JETSTREAM).into()),
            Err(_) => Err(StorageError::Stopped.into()),
        }
    }

    async fn session(self: &Arc<Self>) -> Result<Context, StorageError> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(session) = &state.session {
            // What is asked now would be sent when the server is back, long after the guest was told that it failed.
            return match session.client().connection_state() {
                State::Connected => Ok(session.clone()),
                _ => Err(self.health.failed(BROKEN, REACH)),
            };
        }
        // Whoever waited while another tried would only wait as long again.
        if let Some((at, error)) = &state.failed
            && *at >= asked
        {
            return Err(error.clone());
        }
        match self.connect().await {
            Ok(session) => Ok(state.session.insert(session).clone()),
            Err(error) => {
                state.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn connect(self: &Arc<Self>) -> Result<Context, StorageError> {
        let patience = self.health.patience;
        let Remote { tls, host, port, user, password } = &self.server;
        let mut options = ConnectOptions::new()
            .name("holm")
            .connection_timeout(patience)
            .request_timeout(Some(patience))
            .subscription_capacity(1024)
            .ignore_discovered_servers()
            .reconnect_delay_callback(|attempts| AGAIN.min(Duration::from_millis(10) * attempts as u32));
        options = match (user, password) {
            (Some(user), password) => {
                let password = password.as_ref().map_or("", |password| password.expose());
                options.user_and_password(user.clone(), password.to_owned())
            }
            (None, Some(token)) => options.token(token.expose().to_owned()),
            (None, None) => options,
        };
        if *tls {
            let config = tokio::task::spawn_blocking(|| client_config(Vec::new())).await;
            let config = config.map_err(|_| StorageError::Stopped)?;
            let config = config.map_err(|error| self.health.failed(error, REACH))?;
            options = options.require_tls(true).tls_client_config(config);
        }
        let scheme = if *tls { "tls" } else { "nats" };
        let connected = timeout(patience, options.connect(format!("{scheme}://{host}:{port}"))).await;
        let client = connected.map_err(|_| self.health.slow())?.map_err(|error| {
            let refused =
                matches!(error.kind(), ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation);
            match refused {
                true => self.health.failed("it does not accept the user and password, or the token", INTRODUCE),
                false => self.health.failed(error, REACH),
            }
        })?;
        tokio::spawn(watch(Arc::downgrade(self), client.statistics()));
        Ok(ContextBuilder::new().timeout(patience).ack_timeout(patience).build(client))
    }
}

/// Completes when the connection is lost.
async fn broken(client: Client) {
    while client.connection_state() == State::Connected {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Breaks the connection of a server that sends and sends without ever completing a message.
async fn watch(link: Weak<Link>, statistics: Arc<Statistics>) {
    let (mut messages, mut since) = (0, 0);
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(link) = link.upgrade() else { return };
        let (seen, bytes) = (statistics.in_messages.load(Relaxed), statistics.in_bytes.load(Relaxed));
        if seen != messages {
            (messages, since) = (seen, bytes);
        } else if bytes.saturating_sub(since) > LARGEST {
            since = bytes;
            link.health.failed("it sent more than it was asked for", "see whether it is a NATS server");
            if let Some(session) = &link.state.lock().await.session {
                let _ = session.client().force_reconnect().await;
            }
        }
    }
}
