//! What the parts of one connection share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::activity::Activity;
use super::counters::{Counters, count};
use super::registry::Order;
use super::{Limits, Local};

/// A connection, as a service sees it.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The client's address: the one in the PROXY header where there is one, None on a Unix socket.
    pub peer: Option<SocketAddr>,
    /// Where the listener listens that took it.
    pub local: Arc<Local>,
    /// What the client said in the handshake; None without TLS.
    pub tls: Option<Tls>,
    /// What is spoken on it.
    pub protocol: Protocol,
}

impl Connection {
    /// `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

/// What is known of a TLS connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The name the client asked for (SNI), in lower case.
    pub server_name: Option<Box<str>>,
}

/// What is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1 or 1.0.
    Http1,
    /// HTTP/2.
    Http2,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) connection: Arc<Connection>,
    pub(super) limits: Arc<Limits>,
    pub(super) counters: Arc<Counters>,
    pub(super) activity: Arc<Activity>,
    pub(super) order: Arc<Order>,
    /// Requests given up, less those taken whole.
    pub(super) cancelled: AtomicU32,
}

impl Link {
    /// A request was given up. Cheap for the client and dear for the server, so there is an end to it.
    fn cancel(&self) {
        let before = self.cancelled.fetch_add(1, Relaxed);
        if before == self.limits.http2.cancelled {
            count(&self.counters.floods);
            self.order.cut();
        }
    }

    fn forgive(&self) {
        let _ = self.cancelled.try_update(Relaxed, Relaxed, |cancelled| cancelled.checked_sub(1));
    }
}

/// A request whose response is not complete.
pub(super) struct Underway {
    link: Arc<Link>,
    complete: bool,
}

impl Underway {
    pub(super) fn new(link: Arc<Link>) -> Self {
        link.activity.request();
        Self { link, complete: false }
    }

    pub(super) fn multiplexed(&self) -> bool {
        self.link.connection.protocol == Protocol::Http2
    }

    /// All of the response was handed over.
    pub(super) fn complete(&mut self) {
        self.complete = true;
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.link.activity.done();
        match (self.multiplexed(), self.complete) {
            (false, _) => {}
            (true, true) => self.link.forgive(),
            (true, false) => self.link.cancel(),
        }
    }
}
