//! One connection to a Redis server for all who use it: made when it is first needed, and again when it broke.

use std::sync::Arc;
use std::time::Instant;

use holm_manifest::Remote;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, ErrorKind, RedisConnectionInfo, RedisError, Value};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, OnceCell};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::bounded::{Allowance, Bounded};
use crate::StorageError;
use crate::health::Health;
use crate::tls::client_config;

const REACH: &str = "see whether it runs there, or correct [services] in the manifest";
const INTRODUCE: &str = "correct the user, password or database in [services] of the manifest";
const BUSY: &str = "see the server's own log";

pub(super) struct Link {
    server: Remote,
    database: u32,
    pub(super) health: Health,
    state: Mutex<State>,
    tls: OnceCell<TlsConnector>,
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
}

impl Drop for Live {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// How a command failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server refused it, in these words.
    Refused(String),
    /// It did not arrive, or its answer did not.
    Lost(StorageError),
}

impl Link {
    pub(super) fn new(server: Remote, database: u32, health: Health) -> Self {
        Self { server, database, health, state: Mutex::default(), tls: OnceCell::new() }
    }

    /// What the server answers to a command, of at most `bound` bytes.
    ///
    /// In a task of its own: an answer that nobody waits for any more has to be received all the same, since others
    /// come after it.
    pub(super) async fn ask(self: &Arc<Self>, command: Cmd, bound: u64) -> Result<Value, Failure> {
        let link = Arc::clone(self);
        let asked = tokio::spawn(async move { link.ask_now(command, bound).await });
        asked.await.unwrap_or(Err(Failure::Lost(StorageError::Stopped)))
    }

    async fn ask_now(&self, command: Cmd, bound: u64) -> Result<Value, Failure> {
        let live = self.live().await.map_err(Failure::Lost)?;
        let expected = live.allowance.expect(bound);
        let mut connection = live.connection.clone();
        let answered = timeout(self.health.patience, connection.send_packed_command(&command)).await;
        drop(expected);
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
                Err(Failure::Lost(self.health.failed(plain(&error), REACH)))
            }
            Err(_) => {
                self.drop_live(&live).await;
                Err(Failure::Lost(self.health.slow()))
            }
        }
    }

    /// The error of a command that the server refused for reasons of its own.
    pub(super) fn refused(&self, words: &str) -> StorageError {
        let unknown = words.contains("NOAUTH") || words.contains("NOPERM");
        self.health.failed(format!("it refused: {words}"), if unknown { INTRODUCE } else { BUSY })
    }

    async fn live(&self) -> Result<Arc<Live>, StorageError> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(live) = state.live.as_ref().filter(|live| !live.driver.is_finished()) {
            return Ok(Arc::clone(live));
        }
        // Whoever waited while another tried would only wait as long again.
        if let Some((at, error)) = &state.failed
            && *at >= asked
        {
            return Err(error.clone());
        }
        state.live = None;
        let connected = timeout(self.health.patience, self.connect()).await;
        match connected.unwrap_or_else(|_| Err(self.health.slow())) {
            Ok(live) => {
                let live = Arc::new(live);
                state.live = Some(Arc::clone(&live));
                Ok(live)
            }
            Err(error) => {
                state.failed = Some((Instant::now(), error.clone()));
                Err(error)
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

    async fn connect(&self) -> Result<Live, StorageError> {
        let host = self.server.host.trim_matches(['[', ']']);
        let stream = TcpStream::connect((host, self.server.port)).await;
        let stream = stream.map_err(|error| self.health.failed(error, REACH))?;
        // Commands are small, and each is waited for.
        let _ = stream.set_nodelay(true);
        if !self.server.tls {
            return self.introduce(stream).await;
        }
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| self.health.failed("its name cannot be in a certificate", REACH))?;
        let connector = self.tls.get_or_try_init(|| self.connector()).await?;
        let stream = connector.connect(name, stream).await;
        self.introduce(stream.map_err(|error| self.health.failed(format!("no TLS: {error}"), REACH))?).await
    }

    async fn connector(&self) -> Result<TlsConnector, StorageError> {
        let config = tokio::task::spawn_blocking(|| client_config(Vec::new())).await;
        let config = config.map_err(|_| StorageError::Stopped)?;
        Ok(TlsConnector::from(Arc::new(config.map_err(|error| self.health.failed(error, REACH))?)))
    }

    async fn introduce(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<Live, StorageError> {
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
            let advice = if error.is_io_error() { REACH } else { INTRODUCE };
            self.health.failed(plain(&error), advice)
        })?;
        Ok(Live { connection, driver: tokio::spawn(driver), allowance })
    }
}

/// What went wrong, without what was sent.
fn plain(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::AuthenticationFailed => "it does not accept the user and password".to_owned(),
        _ => error.to_string(),
    }
}
