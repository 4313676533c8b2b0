//! Outbound HTTP for guests: plain or TLS, HTTP/1.1 or HTTP/2.
//!
//! The client resolves names itself and dials only addresses its caller's [`AddressPolicy`]
//! allows, so what is checked is what is dialled: a name that resolves elsewhere a moment later
//! (DNS rebinding) gains a guest nothing. It follows no redirects, so that each hop is a request of
//! the guest's own, checked like the first. It ignores the host's proxy variables.

mod body;
mod connect;
mod error;
mod pool;
mod request;
mod slots;
mod tls;

use std::collections::HashMap;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Authority;
use http_body::Body;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

pub use body::ResponseBody;
pub use error::{BoxError, HttpError};
pub use request::drop_hop_by_hop;

use connect::Target;
use pool::{Connection, Pool};
use request::Outgoing;
use slots::{Full, Slot, Slots};
use tls::Tls;

use crate::connections::Connections;

/// Says which addresses a guest may reach.
pub trait AddressPolicy: Send + Sync {
    /// Whether to dial `address`, which `host` resolved to. `host` is the URI's host, without the
    /// brackets of an IPv6 address, in lower case. Called with a lock held: it must not block, nor
    /// use the client.
    fn allow(&self, host: &str, address: SocketAddr) -> bool;

    /// Who is asking: requests share pooled connections, and one share of
    /// [`ClientConfig::max_connections_each`], only with requests of the same identity. Give each
    /// app or tenant its own.
    fn identity(&self) -> u64;

    /// What its connections count in beside those of other kinds, in place of
    /// [`ClientConfig::max_connections_each`]; the same for all requests of one identity.
    fn connections(&self) -> Option<&Arc<Connections>> {
        None
    }
}

/// An [`AddressPolicy::identity`] that nobody else has.
pub fn new_identity() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// Lets requests go to every address: those to a server that was chosen by whoever runs this host, and so may be anywhere. Each
/// shares its connections with nobody.
pub struct Anywhere(u64);

impl Default for Anywhere {
    fn default() -> Self {
        Self(new_identity())
    }
}

impl AddressPolicy for Anywhere {
    fn allow(&self, _: &str, _: SocketAddr) -> bool {
        true
    }

    fn identity(&self) -> u64 {
        self.0
    }
}

/// What a client is made of.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// PEM files of certificate authorities to trust beside the system's, which `SSL_CERT_FILE`
    /// and `SSL_CERT_DIR` replace as they do elsewhere.
    pub extra_roots: Vec<PathBuf>,
    /// Addresses of names, asked before DNS. The policy judges them like any other.
    pub hosts: HashMap<String, Vec<IpAddr>>,
    /// The most connections open at once.
    pub max_connections: usize,
    /// The most connections open at once for one [`AddressPolicy::identity`] without [`AddressPolicy::connections`].
    pub max_connections_each: usize,
    /// The most idle connections kept for one origin and identity.
    pub max_idle_each: usize,
    /// How long an idle connection is kept.
    pub idle_timeout: Duration,
}

impl Default for ClientConfig {
    /// 1024 connections, 128 of them for one identity; 16 idle for one origin, for 60 s each.
    fn default() -> Self {
        Self {
            extra_roots: Vec::new(),
            hosts: HashMap::new(),
            max_connections: 1024,
            max_connections_each: 128,
            max_idle_each: 16,
            idle_timeout: Duration::from_secs(60),
        }
    }
}

/// What one request may ask for.
#[derive(Debug, Clone)]
pub struct Options {
    /// From the start until a connection is ready: waiting for a free one, DNS, TCP and TLS.
    pub connect_timeout: Duration,
    /// From a ready connection until the response's header section.
    pub first_byte_timeout: Duration,
    /// Between two frames of the response body, while someone waits for the next.
    pub between_bytes_timeout: Duration,
    /// What to name as `Host` in place of the URI's authority. For the host's own configuration:
    /// a guest that could choose it would reach every site behind an address it was granted.
    pub authority: Option<Authority>,
    /// Say that trailers are welcome, which some servers do not send otherwise: for whoever passes them on.
    pub trailers: bool,
}

impl Default for Options {
    /// 10 s to connect, 60 s for the first byte and between bytes, the URI's authority.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(60),
            between_bytes_timeout: Duration::from_secs(60),
            authority: None,
            trailers: false,
        }
    }
}

/// An HTTP client with a pool of connections. Cloning is cheap and shares the pool.
///
/// It belongs to the tokio runtime it is first used in (time and I/O enabled).
#[derive(Clone)]
pub struct HttpClient {
    hosts: Arc<HashMap<String, Vec<IpAddr>>>,
    tls: Arc<Tls>,
    pool: Arc<Pool>,
    slots: Arc<Slots>,
    /// Told when a connection becomes idle or ends: what a request for which there was none waits
    /// for.
    changed: Arc<Notify>,
}

impl HttpClient {
    /// A client without connections.
    ///
    /// # Errors
    /// [`HttpError::Configuration`] naming an extra root that cannot be read or holds no
    /// certificate. The system's roots are read when a request first needs them.
    pub fn new(config: ClientConfig) -> Result<Self, HttpError> {
        let changed = Arc::new(Notify::new());
        let (all, each) = (config.max_connections, config.max_connections_each);
        let (idle, time) = (config.max_idle_each, config.idle_timeout);
        Ok(Self {
            hosts: Arc::new(config.hosts),
            tls: Arc::new(Tls::new(&config.extra_roots)?),
            pool: Arc::new(Pool::new(idle, time, Arc::clone(&changed))),
            slots: Slots::new(all, each, Arc::clone(&changed)),
            changed,
        })
    }

    /// Sends `request`, whose URI is absolute, and answers the response once its header section
    /// is there; the body streams.
    ///
    /// `Host` is set from the URI or [`Options::authority`], and hop-by-hop headers are dropped. A
    /// request whose pooled connection turns out closed before any of it was sent is sent again on
    /// another; nothing else is retried. Dropping the future, or the body, abandons the exchange.
    ///
    /// # Errors
    /// See [`HttpError`], which has one case per error code of `wasi:http` that can occur.
    pub async fn send<B>(
        &self,
        request: http::Request<B>,
        policy: &dyn AddressPolicy,
        options: &Options,
    ) -> Result<http::Response<ResponseBody>, HttpError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let target = Target::of(request.uri(), policy.identity())?;
        let mut outgoing = Outgoing::new(request, options)?;
        let deadline = deadline(options.connect_timeout);
        loop {
            let free = timeout_at(deadline, self.free(&target, policy)).await;
            let (connection, reused) = match free.map_err(|_| HttpError::ConnectionLimitReached)? {
                Free::Connection(connection) => (connection, true),
                Free::Slot(slot) => (self.connect(&target, policy, deadline, slot).await?, false),
            };
            let exchange = self.exchange(&target, connection, outgoing);
            match timeout(options.first_byte_timeout, exchange).await {
                Err(_) => return Err(HttpError::ConnectionReadTimeout),
                Ok(Ok(response)) => {
                    let between = options.between_bytes_timeout;
                    return Ok(response.map(|body| ResponseBody::new(body, between)));
                }
                Ok(Err((_, Some(unsent)))) if reused => outgoing = *unsent,
                Ok(Err((error, _))) => return Err(error),
            }
        }
    }

    /// Waits for an idle connection, or for the right to open another.
    async fn free(&self, target: &Target, policy: &dyn AddressPolicy) -> Free {
        loop {
            // Registered before looking, or a change in between would go unnoticed.
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(connection) = self.pool.take(target, policy) {
                return Free::Connection(connection);
            }
            let own = policy.connections();
            let mut closed = std::pin::pin!(own.map(|own| own.freed().notified()));
            if let Some(closed) = closed.as_mut().as_pin_mut() {
                closed.enable();
            }
            match self.slots.take(target.identity, own) {
                Ok(slot) => return Free::Slot(slot),
                Err(full) => self.pool.evict(target.identity, full),
            }
            poll_fn(|cx| {
                let closed = closed.as_mut().as_pin_mut().is_some_and(|closed| closed.poll(cx).is_ready());
                if closed { Poll::Ready(()) } else { changed.as_mut().poll(cx) }
            })
            .await;
        }
    }

    /// Closes the connection of `identity` that is idle for longest, if there is one: something else of that identity
    /// needs one.
    pub fn make_room(&self, identity: u64) {
        self.pool.evict(identity, Full::Identity);
    }

    async fn exchange(
        &self,
        target: &Target,
        mut connection: Connection,
        outgoing: Outgoing,
    ) -> Result<http::Response<hyper::body::Incoming>, (HttpError, Option<Box<Outgoing>>)> {
        // A connection for one exchange at a time is handed back once it is free again; one that
        // carries many is shared at once.
        let answered = connection.send(outgoing).await;
        if answered.is_ok() {
            self.pool.give_back(target, connection);
        }
        answered
    }

    async fn connect(
        &self,
        target: &Target,
        policy: &dyn AddressPolicy,
        deadline: Instant,
        slot: Slot,
    ) -> Result<Connection, HttpError> {
        let addresses = connect::resolve(target, &self.hosts, deadline).await?;
        let allowed = connect::allowed(target, addresses, policy)?;
        let (stream, address) = connect::dial(&allowed, deadline).await?;
        let opened = connect::open(target, stream, address, &self.tls, slot);
        let connection = timeout_at(deadline, opened).await.map_err(|_| HttpError::ConnectionTimeout)??;
        self.pool.share(target, &connection);
        Ok(connection)
    }
}

enum Free {
    Connection(Connection),
    Slot(Slot),
}

/// The instant `timeout` from now. Guests choose timeouts, up to 584 years; those that no clock
/// can hold become a year.
fn deadline(timeout: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    Instant::now() + timeout.min(YEAR)
}
