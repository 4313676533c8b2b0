//! One connection to a Redis server for all who use it: made when it is first needed, and again when it broke.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use holm_manifest::Remote;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, ErrorKind, RedisConnectionInfo, RedisError, Value};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::bounded::{Allowance, Bounded};
use crate::StorageError;
use crate::dial::{Dialer, NoStream, Permits, Stream};
use crate::health::{Health, Manners};
use crate::servers::shared;

const BUSY: &str = "see the server's own log";

pub(crate) struct Link {
    server: Remote,
    database: u32,
    advice: Advice,
    pub(crate) health: Health,
    dialer: Dialer,
    /// How often something was asked of it.
    asked: AtomicU64,
    state: Mutex<State>,
}

/// What whoever named the server can do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Advice {
    /// Where it cannot be reached.
    pub(crate) reach: &'static str,
    /// Where it does not take us in.
    pub(crate) introduce: &'static str,
}

impl Advice {
    /// For a server that a manifest names.
    pub(crate) const SERVICES: Self = Self {
        reach: "see whether it runs there, or correct [services] in the manifest",
        introduce: "correct the user, password or database in [services] of the manifest",
    };
}

#[derive(Default)]
struct State {
    live: Option<Arc<Live>>,
    /// When connecting last failed, for those who waited for it.
    failed: Option<(Instant, StorageError)>,
}

/// A connection, which ends with the last that holds it.
struct Live {
    connection: MultiplexedConnection,
    driver: JoinHandle<()>,
    allowance: Arc<Allowance>,
    /// The address that was dialled.
    peer: IpAddr,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// How a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server refused it, in these words.
    Refused(String),
    /// Its answer is larger than was asked for.
    TooLarge,
    /// The server is at an address that whoever asks may not have dialled.
    NotPermitted,
    /// It did not arrive, or its answer did not.
    Lost(StorageError),
}

impl Link {
    pub(crate) fn new(server: Remote, database: u32, advice: Advice, manners: Manners) -> Self {
        let scheme = if server.tls { "rediss" } else { "redis" };
        let health = Health::new(format!("{scheme}://{server}/{database}"), manners);
        let dialer = Dialer::new(&server.host, server.port, server.tls);
        Self { server, database, advice, health, dialer, asked: AtomicU64::new(0), state: Mutex::default() }
    }

    /// Connects, unless that was done, at an address that `permits` allows.
    pub(super) async fn reach(self: &Arc<Self>, permits: &Permits) -> Result<(), Failure> {
        let (link, permits) = (Arc::clone(self), permits.clone());
        let reached = tokio::spawn(async move { link.live(&permits).await.map(drop) });
        reached.await.unwrap_or(Err(Failure::Lost(StorageError::Stopped)))
    }

    /// What the server answers to a command, of at most `bound` bytes.
    ///
    /// In a task of its own: an answer that nobody waits for any more has to be received all the same, since others
    /// come after it.
    pub(crate) async fn ask(self: &Arc<Self>, command: Cmd, bound: u64, permits: &Permits) -> Result<Value, Failure> {
        let (link, permits) = (Arc::clone(self), permits.clone());
        let asked = tokio::spawn(async move { link.ask_now(command, bound, &permits).await });
        asked.await.unwrap_or(Err(Failure::Lost(StorageError::Stopped)))
    }

    async fn ask_now(&self, command: Cmd, bound: u64, permits: &Permits) -> Result<Value, Failure> {
        let live = self.live(permits).await?;
        let expected = live.allowance.expect(bound);
        let mut connection = live.connection.clone();
        let answered = timeout(self.health.patience, connection.send_packed_command(&command)).await;
        drop(expected);
        if live.allowance.is_exceeded() {
            self.drop_live(&live).await;
            return Err(Failure::TooLarge);
        }
        match answered.map(|answer| answer.and_then(Value::extract_error)) {
            Ok(Ok(value)) => {
                self.health.works();
                Ok(value)
            }
            Ok(Err(error)) if matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension) => {
                Err(Failure::Refused(error.to_string()))
            }
            Ok(Err(error)) => {
                self.drop_live(&live).await;
                Err(Failure::Lost(self.health.failed(plain(&error), self.advice.reach)))
            }
            Err(_) => {
                self.drop_live(&live).await;
                Err(Failure::Lost(self.health.slow()))
            }
        }
    }

    /// The error of a command that the server refused for reasons of its own.
    pub(crate) fn refused(&self, words: &str) -> StorageError {
        let unknown = words.contains("NOAUTH") || words.contains("NOPERM");
        self.health.failed(format!("it refused: {words}"), if unknown { self.advice.introduce } else { BUSY })
    }

    /// The error of an answer that is larger than was asked for.
    pub(crate) fn too_large(&self) -> StorageError {
        self.health.failed("it sent more than it was asked for", self.advice.reach)
    }

    async fn live(&self, permits: &Permits) -> Result<Arc<Live>, Failure> {
        self.asked.fetch_add(1, Relaxed);
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(live) = state.live.as_ref().filter(|live| !live.driver.is_finished()) {
            // Another may have dialled it, who may have more dialled.
            return if permits.allow(live.peer) { Ok(Arc::clone(live)) } else { Err(Failure::NotPermitted) };
        }
        // Whoever waited while another tried would only wait as long again.
        if let Some((at, error)) = &state.failed
            && *at >= asked
        {
            return Err(Failure::Lost(error.clone()));
        }
        state.live = None;
        let connected = timeout(self.health.patience, self.connect(permits)).await;
        match connected.unwrap_or_else(|_| Err(Failure::Lost(self.health.slow()))) {
            Ok(live) => {
                let live = Arc::new(live);
                state.live = Some(Arc::clone(&live));
                Ok(live)
            }
            Err(failure) => {
                if let Failure::Lost(error) = &failure {
                    state.failed = Some((Instant::now(), error.clone()));
                }
                Err(failure)
            }
        }
    }

    /// Lets go of a connection that does not work, unless another is there already.
    async fn drop_live(&self, broken: &Arc<Live>) {
        let mut state = self.state.lock().await;
        if state.live.as_ref().is_some_and(|live| Arc::ptr_eq(live, broken)) {
            state.live = None;
        }
    }

    async fn connect(&self, permits: &Permits) -> Result<Live, Failure> {
        let (stream, peer) = self.dialer.dial(permits, self.health.patience).await.map_err(|error| match error {
            NoStream::NotPermitted => Failure::NotPermitted,
            NoStream::Failed(why) => Failure::Lost(self.health.failed(why, self.advice.reach)),
        })?;
        self.introduce(stream, peer).await.map_err(Failure::Lost)
    }

    async fn introduce(&self, stream: Box<dyn Stream>, peer: IpAddr) -> Result<Live, StorageError> {
        let allowance = Arc::<Allowance>::default();
        let mut introduction = RedisConnectionInfo::default().set_db(self.database.into()).set_lib_name("holm", "");
        if let Some(user) = &self.server.user {
            introduction = introduction.set_username(user);
        }
        if let Some(password) = &self.server.password {
            introduction = introduction.set_password(password.expose());
        }
        let stream = Bounded::new(stream, &allowance);
        // The patience is ours to have.
        let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
        let made = MultiplexedConnection::new_with_config(&introduction, stream, config).await;
        let (connection, driver) = made.map_err(|error| {
            let advice = if error.is_io_error() { self.advice.reach } else { self.advice.introduce };
            self.health.failed(plain(&error), advice)
        })?;
        Ok(Live { connection, driver: tokio::spawn(driver), allowance, peer })
    }
}

/// What went wrong, without what was sent.
fn plain(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::AuthenticationFailed => "it does not accept the user and password".to_owned(),
        _ => error.to_string(),
    }
}

impl shared::Link for Link {
    fn asked(&self) -> u64 {
        self.asked.load(Relaxed)
    }

    fn rest(&self) {
        if let Ok(mut state) = self.state.try_lock() {
            state.live = None;
        }
    }
}
