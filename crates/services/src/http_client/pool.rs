//! Open connections waiting for their next request.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use http::Response;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::connect::Target;
use super::request::{Outgoing, OutgoingBody};
use super::slots::Full;
use super::{AddressPolicy, HttpError};

/// A connection ready for a request.
pub(super) struct Connection {
    sender: Sender,
    address: SocketAddr,
}

enum Sender {
    /// One exchange at a time.
    Http1(http1::SendRequest<OutgoingBody>),
    /// Many at once, over clones.
    Http2(http2::SendRequest<OutgoingBody>),
}

impl Connection {
    pub(super) fn http1(sender: http1::SendRequest<OutgoingBody>, address: SocketAddr) -> Self {
        Self { sender: Sender::Http1(sender), address }
    }

    pub(super) fn http2(sender: http2::SendRequest<OutgoingBody>, address: SocketAddr) -> Self {
        Self { sender: Sender::Http2(sender), address }
    }

    /// Sends `outgoing`; with an error comes the request, if none of it was sent.
    pub(super) async fn send(
        &mut self,
        outgoing: Outgoing,
    ) -> Result<Response<Incoming>, (HttpError, Option<Box<Outgoing>>)> {
        let (answer, absolute) = match &mut self.sender {
            Sender::Http1(sender) => {
                let (request, absolute) = outgoing.for_http1().map_err(|error| (error, None))?;
                (sender.try_send_request(request).await, absolute)
            }
            Sender::Http2(sender) => {
                let (request, absolute) = outgoing.for_http2();
                (sender.try_send_request(request).await, absolute)
            }
        };
        answer.map_err(|mut failed| {
            let unsent = failed.take_message();
            let unsent = unsent.map(|request| Box::new(Outgoing::unsent(request, absolute)));
            (failed.into_error().into(), unsent)
        })
    }

    fn is_usable(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_ready(),
            Sender::Http2(sender) => sender.is_ready(),
        }
    }
}

struct Idle {
    connection: Connection,
    since: Instant,
}

#[derive(Default)]
struct State {
    idle: HashMap<Target, Vec<Idle>>,
    sweeping: bool,
}

pub(super) struct Pool {
    max_idle_each: usize,
    idle_timeout: Duration,
    changed: Arc<Notify>,
    state: Mutex<State>,
}

impl Pool {
    /// A pool that notifies `changed` when a connection becomes idle.
    pub(super) fn new(max_idle_each: usize, idle_timeout: Duration, changed: Arc<Notify>) -> Self {
        Self { max_idle_each, idle_timeout, changed, state: Mutex::default() }
    }

    /// A usable connection to `target`, newest first, whose address `policy` allows: it may have
    /// been dialled under a policy that has changed since.
    pub(super) fn take(&self, target: &Target, policy: &dyn AddressPolicy) -> Option<Connection> {
        let mut state = self.lock();
        let idle = state.idle.get_mut(target)?;
        let mut found = None;
        while let Some(candidate) = idle.pop() {
            let connection = candidate.connection;
            if candidate.since.elapsed() < self.idle_timeout
                && connection.is_usable()
                && policy.allow(&target.host, connection.address)
            {
                found = Some(connection);
                break;
            }
        }
        if let Some(shared) = found.as_ref().and_then(Connection::share) {
            idle.push(Idle { connection: shared, since: Instant::now() });
        }
        if idle.is_empty() {
            state.idle.remove(target);
        }
        found
    }

    /// Lets other requests use `connection` at the same time, if its protocol can.
    pub(super) fn share(self: &Arc<Self>, target: &Target, connection: &Connection) {
        if let Some(shared) = connection.share() {
            self.put(target.clone(), shared);
        }
    }

    /// Keeps `connection` for the next request once the exchange on it has ended, body and all.
    pub(super) fn give_back(self: &Arc<Self>, target: &Target, connection: Connection) {
        let Sender::Http1(mut sender) = connection.sender else {
            return;
        };
        if sender.is_ready() {
            return self.put(target.clone(), Connection::http1(sender, connection.address));
        }
        let (pool, target) = (Arc::downgrade(self), target.clone());
        tokio::spawn(async move {
            if sender.ready().await.is_ok()
                && let Some(pool) = pool.upgrade()
            {
                pool.put(target, Connection::http1(sender, connection.address));
            }
        });
    }

    /// Closes the connection idle for longest, to make room where `full` says there is none.
    pub(super) fn evict(&self, identity: u64, full: Full) {
        let mut state = self.lock();
        let oldest = state
            .idle
            .iter()
            .filter(|(target, _)| full == Full::Everywhere || target.identity == identity)
            .filter_map(|(target, idle)| Some((target, idle.first()?.since)))
            .min_by_key(|(_, since)| *since)
            .map(|(target, _)| target.clone());
        let Some(target) = oldest else { return };
        if let Some(idle) = state.idle.get_mut(&target) {
            idle.remove(0);
            if idle.is_empty() {
                state.idle.remove(&target);
            }
        }
    }

    fn put(self: &Arc<Self>, target: Target, connection: Connection) {
        let mut state = self.lock();
        let idle = state.idle.entry(target).or_default();
        idle.push(Idle { connection, since: Instant::now() });
        if idle.len() > self.max_idle_each {
            idle.remove(0);
        }
        if !state.sweeping {
            state.sweeping = true;
            tokio::spawn(sweep(Arc::downgrade(self), self.idle_timeout));
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Closes what has been idle for too long; answers whether anything is left.
    fn expire(&self) -> bool {
        let mut state = self.lock();
        state.idle.retain(|_, idle| {
            idle.retain(|idle| idle.since.elapsed() < self.idle_timeout && idle.connection.is_usable());
            !idle.is_empty()
        });
        state.sweeping = !state.idle.is_empty();
        state.sweeping
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    fn share(&self) -> Option<Self> {
        match &self.sender {
            Sender::Http1(_) => None,
            Sender::Http2(sender) => Some(Self::http2(sender.clone(), self.address)),
        }
    }
}

async fn sweep(pool: Weak<Pool>, every: Duration) {
    loop {
        // Twice per timeout keeps a connection half as long again as promised, at most.
        tokio::time::sleep((every / 2).max(Duration::from_millis(10))).await;
        match pool.upgrade() {
            Some(pool) if pool.expire() => {}
            _ => return,
        }
    }
}
