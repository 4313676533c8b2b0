//! The HTTP front: from listening sockets to requests, and from responses to the wire. It knows nothing of guests.
//!
//! [`Listener::bind_all`] binds, [`Front::serve`] answers until it is told to stop and then drains. Clients are
//! strangers: all they can take up is bounded by [`Limits`], and what they get wrong ends at most their own connection.
//!
//! A connection's way through the files: `accept` takes it, `setup` reads the PROXY header, does the handshake and
//! finds out the protocol, `drive` runs hyper on it under one timer, `exchange` calls the [`Service`] for each request
//! that `check` lets pass. `activity` is where sockets and requests say what they do, for the timer to judge.

mod accept;
mod activity;
mod address;
mod body;
mod check;
mod counters;
mod drive;
mod exchange;
mod limits;
mod link;
mod listener;
mod proxy;
mod registry;
mod setup;
mod socket;
mod streams;
mod tls;
#[cfg(unix)]
mod unix;
mod warning;

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tokio::task::JoinSet;
use tokio::time::timeout;

pub use address::{Address, AddressError, Host};
pub use body::{BodyError, RequestBody};
pub use counters::Counters;
pub use limits::{Http2Limits, Limits};
pub use link::{Connection, Protocol, Tls};
pub use listener::{BindError, Listener, ListenerSpec, Local};
pub use tls::{Certificate, CertificateError, TlsFiles};
pub use warning::Warning;

use registry::Registry;
use warning::OnWarning;

/// What answers requests.
pub trait Service: Send + Sync + 'static {
    /// The body of a response. An error in it cuts the response off, so that the client notices.
    type Body: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static;

    /// Answers one request. Dropped when the client gives the request up.
    ///
    /// The target and Host of a request that comes here are well formed and agree; `request.uri()` is as it was sent, so
    /// on HTTP/1 the host is usually only in the header.
    fn call(
        &self,
        request: Request<RequestBody>,
        connection: &Arc<Connection>,
    ) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// A service, its limits, and what goes on at all its listeners.
pub struct Front<S> {
    service: Arc<S>,
    limits: Arc<Limits>,
    counters: Arc<Counters>,
    registry: Arc<Registry>,
    on_warning: OnWarning,
}

/// How serving ended: what became of the connections that were open at shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// They came to their end.
    pub finished: usize,
    /// They were cut off at the deadline ([`Limits::drain`]).
    pub cut: usize,
}

impl<S: Service> Front<S> {
    /// Warnings are dropped; see [`Front::on_warning`].
    pub fn new(service: S, limits: Limits) -> Self {
        Self {
            service: Arc::new(service),
            limits: Arc::new(limits),
            counters: Arc::default(),
            registry: Arc::default(),
            on_warning: Arc::new(|_| {}),
        }
    }

    /// Calls `to` with every warning, from the tasks that serve: it must not block.
    #[must_use]
    pub fn on_warning(mut self, to: impl Fn(&Warning) + Send + Sync + 'static) -> Self {
        self.on_warning = Arc::new(to);
        self
    }

    /// What has happened so far.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Answers at `listeners` until `shutdown` completes. Then closes them, tells clients to finish, waits for the
    /// requests under way, and cuts off what is left at the deadline. To be called once.
    ///
    /// Fails only where the runtime does not take the sockets.
    pub async fn serve(
        &self,
        listeners: Vec<Listener>,
        shutdown: impl Future<Output = ()>,
    ) -> std::io::Result<Drained> {
        let mut tasks = JoinSet::new();
        for listener in listeners {
            let certificate = listener.certificate().map(Arc::clone);
            let taken = accept::Accept::new(self, listener)?;
            if let Some(certificate) = certificate {
                tasks.spawn(accept::follow(certificate, Arc::clone(&self.limits), Arc::clone(&self.on_warning)));
            }
            tasks.spawn(taken.run());
        }
        shutdown.await;
        // Waits until every listener is closed, so that no connection is entered after the count.
        tasks.shutdown().await;
        Ok(self.drain().await)
    }

    async fn drain(&self) -> Drained {
        let open = self.registry.len();
        self.registry.finish();
        if timeout(self.limits.drain, self.registry.empty()).await.is_ok() {
            return Drained { finished: open, cut: 0 };
        }
        let cut = self.registry.cut();
        Drained { finished: open.saturating_sub(cut), cut }
    }
}
