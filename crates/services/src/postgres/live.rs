//! One connection to a server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::{CancelToken, Client};

use super::bounded::{Allowance, Bounded};
use super::tls::MaybeTls;
use super::{Address, MAX_RESULT, PATIENCE, PgError};
use crate::servers::Gate;
use crate::servers::dial;

/// What the protocol adds to the values of a row, and to spare.
const FRAME: u64 = 1 << 20;
/// How long a server may take to put a connection in order.
const TIDY: Duration = Duration::from_secs(5);
/// A connection that was used so recently is taken to work.
const FRESH: Duration = Duration::from_secs(5);

/// Takes back what a guest may have left in its session, but for what the driver keeps there. As `DISCARD ALL`, whose parts
/// PostgreSQL's manual lists, without the statements that the driver has prepared.
const CLEAN: &str = "ROLLBACK; CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; \
    SELECT pg_advisory_unlock_all(); DISCARD PLANS; DISCARD TEMP; DISCARD SEQUENCES";

/// The connection.
pub(super) struct Live {
    pub(super) client: Client,
    pub(super) allowance: Arc<Allowance>,
    pub(super) host: String,
    pub(super) address: SocketAddr,
    driver: JoinHandle<()>,
    tls: MaybeTls,
    /// Whether a statement was left half done.
    broken: AtomicBool,
    used: std::sync::Mutex<Instant>,
}

impl Live {
    /// Whether it can be lent.
    pub(super) fn is_fit(&self) -> bool {
        !self.broken.load(Relaxed) && !self.client.is_closed()
    }

    /// Whether the server still answers, as far as that is not known.
    pub(super) async fn answers(&self) -> bool {
        let used = *self.used.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if used.elapsed() < FRESH {
            return true;
        }
        matches!(timeout(TIDY, self.client.check_connection()).await, Ok(Ok(())))
    }

    /// Makes it as new for the next guest; false if that does not work.
    pub(super) async fn clean(&self) -> bool {
        self.allowance.renew();
        let cleaned = self.is_fit() && matches!(timeout(TIDY, self.client.batch_execute(CLEAN)).await, Ok(Ok(())));
        *self.used.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now();
        cleaned
    }

    /// Begins a statement, which is cancelled unless it is [`Running::finish`]ed.
    pub(super) fn begin(&self) -> Running<'_> {
        self.allowance.renew();
        Running { live: self, finished: false }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A statement that runs.
pub(super) struct Running<'a> {
    live: &'a Live,
    finished: bool,
}

impl Running<'_> {
    /// All of its answer has come.
    pub(super) fn finish(mut self) {
        self.finished = true;
    }
}

/// The server would go on with it, and hold its locks, for a guest that is gone.
impl Drop for Running<'_> {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        self.live.broken.store(true, Relaxed);
        if let (false, Ok(runtime)) = (self.live.client.is_closed(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(cancel(self.live.client.cancel_token(), self.live.address, self.live.tls.clone()));
        }
    }
}

async fn cancel(token: CancelToken, address: SocketAddr, tls: MaybeTls) {
    let _ = timeout(TIDY, async {
        let stream = TcpStream::connect(address).await.ok()?;
        token.cancel_query_raw(stream, tls).await.ok()
    })
    .await;
}

/// Connects to the first server of `address` that answers.
pub(super) async fn connect(
    address: &Address,
    tls: Option<&Arc<ClientConfig>>,
    gate: &dyn Gate,
) -> Result<Live, PgError> {
    let mut failed = None;
    for (host, port) in address.servers() {
        match connect_to(address, host, *port, tls, gate).await {
            Ok(live) => return Ok(live),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(|| PgError::Connection("the address names no host".to_owned())))
}

async fn connect_to(
    address: &Address,
    host: &str,
    port: u16,
    tls: Option<&Arc<ClientConfig>>,
    gate: &dyn Gate,
) -> Result<Live, PgError> {
    let deadline = Instant::now() + PATIENCE;
    let found = dial::resolve(host, port, gate, deadline).await?;
    let (stream, at) = dial::connect(host, &found, deadline).await?;
    let tls = match tls {
        None => MaybeTls::None,
        Some(config) => {
            let name = ServerName::try_from(host.to_owned());
            let name = name.map_err(|_| PgError::Connection(format!("`{host}` cannot be in a certificate")))?;
            MaybeTls::With { config: Arc::clone(config), name }
        }
    };
    let allowance = Allowance::new(MAX_RESULT + FRAME);
    let stream = Bounded { stream, allowance: Arc::clone(&allowance) };
    let slow = |_| PgError::Connection(format!("`{host}` did not answer in time"));
    let connected = timeout_at(deadline, address.config.connect_raw(stream, tls.clone())).await.map_err(slow)?;
    let (client, connection) = connected.map_err(|error| PgError::connecting(&error))?;
    let driver = tokio::spawn(async move {
        // Whoever waits for an answer is told.
        let _ = connection.await;
    });
    let used = std::sync::Mutex::new(Instant::now());
    let host = host.to_owned();
    Ok(Live { client, allowance, host, address: at, driver, tls, broken: AtomicBool::new(false), used })
}
