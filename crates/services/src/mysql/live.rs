//! One connection to a server.

use std::net::SocketAddr;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, SslOpts};
use tokio::time::{Instant, timeout, timeout_at};

use super::{Address, MAX_RESULT, MyError, PATIENCE};
use crate::servers::Gate;
use crate::servers::dial;

/// How long a server may take to put a connection in order.
const TIDY: Duration = Duration::from_secs(5);
/// How many statements a connection keeps prepared. The server holds each, and closes those that make room.
const STATEMENTS: usize = 32;
/// What the protocol adds to the values of a row, and to spare.
const FRAME: usize = 1 << 20;

/// The connection.
pub(super) struct Live {
    /// `None` only while a statement that was left half done is cleared away.
    pub(super) client: Option<Conn>,
    options: Opts,
    host: String,
    addresses: Vec<SocketAddr>,
}

impl Live {
    /// Whether it can be lent.
    pub(super) fn is_fit(&self) -> bool {
        self.client.as_ref().is_some_and(|client| !client.is_disconnected())
    }

    /// Whether it leads nowhere that `gate` does not allow.
    pub(super) fn reaches(&self, gate: &dyn Gate) -> bool {
        self.addresses.iter().all(|address| gate.allows(&self.host, *address))
    }

    /// Whether the server still answers. The driver does not notice that a connection broke before it uses it.
    pub(super) async fn answers(&mut self) -> bool {
        let Some(client) = &mut self.client else { return false };
        matches!(timeout(TIDY, client.ping()).await, Ok(Ok(())))
    }

    /// Makes it as new for the next guest; false if that does not work.
    pub(super) async fn clean(&mut self) -> bool {
        let Some(client) = &mut self.client else { return false };
        // An old server that cannot do so is not used again.
        matches!(timeout(TIDY, client.reset()).await, Ok(Ok(true)))
    }

    /// Begins a statement, which is stopped unless it is [`Running::finish`]ed.
    pub(super) fn begin(&mut self) -> Option<Running<'_>> {
        self.is_fit().then_some(Running { live: self, finished: false })
    }
}

/// A statement that runs.
pub(super) struct Running<'a> {
    live: &'a mut Live,
    finished: bool,
}

impl Running<'_> {
    /// What it runs on.
    pub(super) fn client(&mut self) -> Option<&mut Conn> {
        self.live.client.as_mut()
    }

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
        let Some(client) = self.live.client.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(kill(client, self.live.options.clone()));
        }
    }
}

async fn kill(client: Conn, options: Opts) {
    let _ = timeout(TIDY, async {
        let id = client.id();
        let mut another = Conn::new(options).await?;
        another.query_drop(format!("KILL {id}")).await?;
        another.disconnect().await
    })
    .await;
    drop(client);
}

/// Connects to the server of `address`.
pub(super) async fn connect(address: &Address, roots: Vec<Vec<u8>>, gate: &dyn Gate) -> Result<Live, MyError> {
    let (host, deadline) = (address.host(), Instant::now() + PATIENCE);
    let addresses = dial::resolve(host, address.port(), gate, deadline).await?;
    let mut options = OptsBuilder::from_opts(address.options.clone())
        .ip_or_hostname(host)
        .tcp_port(address.port())
        .resolved_ips(Some(addresses.iter().map(SocketAddr::ip).collect::<Vec<_>>()))
        .max_allowed_packet(Some(MAX_RESULT as usize + FRAME))
        .wait_timeout(Some(28_800))
        .stmt_cache_size(STATEMENTS);
    if address.tls {
        let given = address.options.ssl_opts().cloned().unwrap_or_default();
        options = options.ssl_opts(trusting(given, roots));
    }
    let options = Opts::from(options);
    let connected = timeout_at(deadline, Conn::new(options.clone())).await;
    let connected = connected.map_err(|_| MyError::Connection(format!("`{host}` did not answer in time")))?;
    let client = connected.map_err(|error| MyError::connecting(&error))?;
    Ok(Live { client: Some(client), options, host: host.to_owned(), addresses })
}

/// Trusts the system's authorities, and the driver's own where it has none.
fn trusting(options: SslOpts, roots: Vec<Vec<u8>>) -> SslOpts {
    let own = roots.is_empty();
    options.with_root_certs(roots.into_iter().map(Into::into).collect()).with_disable_built_in_roots(!own)
}
