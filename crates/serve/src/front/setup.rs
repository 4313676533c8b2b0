//! What comes before HTTP on a connection.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::task::Poll;

use tokio::time::error::Elapsed;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::activity::Activity;
use super::counters::count;
use super::drive::drive;
use super::exchange::Exchange;
use super::link::Link;
use super::proxy::{self, Parsed};
use super::registry::{Order, Place};
use super::socket::{Raw, Socket};
use super::{Connection, Counters, Limits, Local, Protocol, Service, Tls};

/// How every HTTP/2 connection begins (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What the connections of one listener have in common.
pub(super) struct Setup<S> {
    pub(super) service: Arc<S>,
    pub(super) limits: Arc<Limits>,
    pub(super) counters: Arc<Counters>,
    pub(super) local: Arc<Local>,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) proxy_protocol: bool,
}

/// Where a connection comes from, and its place among the open ones.
pub(super) struct Origin {
    pub(super) peer: Option<SocketAddr>,
    pub(super) place: Place,
}

/// The connection is over, for a reason that was counted.
struct Over;

impl<S: Service> Setup<S> {
    /// A connection's whole life, unless it is cut off.
    pub(super) async fn connection(self: Arc<Self>, raw: Raw, origin: Origin) {
        let order = Arc::clone(&origin.place.order);
        let mut life = pin!(self.live(raw, origin));
        let mut listening = false;
        poll_fn(|cx| {
            if !listening {
                order.listen(cx);
                listening = true;
            }
            if order.is_cut() { Poll::Ready(()) } else { life.as_mut().poll(cx).map(drop) }
        })
        .await;
    }

    async fn live(&self, raw: Raw, mut origin: Origin) -> Result<(), Over> {
        let activity = Arc::new(Activity::new(&self.limits));
        let mut socket = Socket::new(raw, Arc::clone(&activity));
        if self.proxy_protocol {
            let header = timeout(self.limits.handshake, proxied(&mut socket)).await;
            let source = counted(header, &self.counters.proxy_failures)?;
            origin.peer = source.or(origin.peer);
        }
        if let (Some(limit), Some(peer)) = (self.limits.connections_per_peer, origin.peer)
            && !origin.place.belongs_to(peer.ip(), limit)
        {
            return Err(Over);
        }
        if let Some(acceptor) = &self.tls {
            let handshake = timeout(self.limits.handshake, acceptor.accept(socket)).await;
            let stream = counted(handshake, &self.counters.handshake_failures)?;
            let (tls, protocol) = agreed(&stream);
            drive(stream, self.exchange(&origin, activity, Some(tls), protocol)).await;
        } else {
            let protocol = self.sniff(&mut socket, &origin.place.order).await?;
            drive(socket, self.exchange(&origin, activity, None, protocol)).await;
        }
        Ok(())
    }

    /// Without TLS, the client's first bytes say which protocol it speaks.
    async fn sniff(&self, socket: &mut Socket, order: &Order) -> Result<Protocol, Over> {
        let mut first = pin!(timeout(self.limits.header_read, socket.look(PREFACE.len(), protocol)));
        let first = poll_fn(|cx| match first.as_mut().poll(cx) {
            Poll::Ready(first) => Poll::Ready(first.inspect_err(|_| count(&self.counters.timeouts)).ok()),
            // Nobody waits for an answer here.
            Poll::Pending if order.is_finish() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        first.await.and_then(|first| first.ok().flatten()).ok_or(Over)
    }

    fn exchange(&self, origin: &Origin, activity: Arc<Activity>, tls: Option<Tls>, protocol: Protocol) -> Exchange<S> {
        let connection = Connection { peer: origin.peer, local: Arc::clone(&self.local), tls, protocol };
        let link = Link {
            connection: Arc::new(connection),
            limits: Arc::clone(&self.limits),
            counters: Arc::clone(&self.counters),
            activity,
            order: Arc::clone(&origin.place.order),
            cancelled: AtomicU32::new(0),
        };
        Exchange { service: Arc::clone(&self.service), link: Arc::new(link) }
    }
}

/// What came in time, or one more failure.
fn counted<T>(result: Result<io::Result<T>, Elapsed>, failures: &AtomicU64) -> Result<T, Over> {
    result.ok().and_then(Result::ok).ok_or_else(|| {
        count(failures);
        Over
    })
}

/// Reads a PROXY header. An error where there is none.
async fn proxied(socket: &mut Socket) -> io::Result<Option<SocketAddr>> {
    let header = socket.look(proxy::MOST, |bytes| match proxy::parse(bytes) {
        Parsed::Header(length, source) => Some((length, Some(source))),
        Parsed::Invalid => Some((0, None)),
        Parsed::More => None,
    });
    header.await?.flatten().ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn protocol(first: &[u8]) -> Option<(usize, Protocol)> {
    let decided = match first {
        first if first.starts_with(PREFACE) => Protocol::Http2,
        first if PREFACE.starts_with(first) => return None,
        _ => Protocol::Http1,
    };
    Some((0, decided))
}

/// What a handshake has settled. A client without ALPN gets HTTP/1.1.
fn agreed(stream: &TlsStream<Socket>) -> (Tls, Protocol) {
    let session = stream.get_ref().1;
    let server_name = session.server_name().map(|name| name.to_ascii_lowercase().into());
    let protocol = if session.alpn_protocol() == Some(b"h2") { Protocol::Http2 } else { Protocol::Http1 };
    (Tls { server_name }, protocol)
}
