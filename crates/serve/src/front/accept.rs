//! Takes connections from a listener, whatever happens to them afterwards.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{interval, sleep};

use super::activity::LONGEST;
use super::counters::{Counters, count};
use super::listener::ListenerSocket;
use super::registry::Registry;
use super::setup::{Origin, Setup};
use super::socket::Raw;
use super::warning::{OnWarning, Warning};
use super::{Certificate, Front, Limits, Listener, Service};

/// How long to leave a listener alone that cannot accept, for what it lacks to become free.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const BETWEEN_WARNINGS: Duration = Duration::from_secs(1);

/// A listener that is being served. Dropping it closes it.
pub(super) struct Accept<S> {
    socket: Socket,
    url: Arc<str>,
    registry: Arc<Registry>,
    counters: Arc<Counters>,
    limits: Arc<Limits>,
    on_warning: OnWarning,
    setup: Arc<Setup<S>>,
}

enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix {
        socket: UnixListener,
        _file: super::unix::SocketFile,
    },
}

impl Socket {
    fn new(socket: ListenerSocket) -> io::Result<Self> {
        Ok(match socket {
            ListenerSocket::Tcp(socket) => Self::Tcp(TcpListener::from_std(socket)?),
            #[cfg(unix)]
            ListenerSocket::Unix(socket, file) => Self::Unix { socket: UnixListener::from_std(socket)?, _file: file },
        })
    }

    async fn accept(&self) -> io::Result<(Raw, Option<SocketAddr>)> {
        match self {
            Self::Tcp(socket) => {
                socket.accept().await.map(|(stream, peer)| (Raw::Tcp(eager(stream)), Some(plain(peer))))
            }
            #[cfg(unix)]
            Self::Unix { socket, .. } => socket.accept().await.map(|(stream, _)| (Raw::Unix(stream), None)),
        }
    }
}

/// An IPv4 client of an IPv6 socket is an IPv4 client.
fn plain(peer: SocketAddr) -> SocketAddr {
    SocketAddr::new(peer.ip().to_canonical(), peer.port())
}

/// Sends what is written without waiting for more.
fn eager(stream: TcpStream) -> TcpStream {
    // Fails only where the client is gone, which shows at the first read.
    let _ = stream.set_nodelay(true);
    stream
}

impl<S: Service> Accept<S> {
    pub(super) fn new(front: &Front<S>, listener: Listener) -> io::Result<Self> {
        let setup = Setup {
            service: Arc::clone(&front.service),
            limits: Arc::clone(&front.limits),
            counters: Arc::clone(&front.counters),
            local: Arc::clone(&listener.local),
            tls: listener.tls.as_ref().map(|(_, config)| Arc::clone(config).into()),
            proxy_protocol: listener.proxy_protocol,
        };
        Ok(Self {
            url: Arc::clone(listener.url()),
            socket: Socket::new(listener.socket)?,
            registry: Arc::clone(&front.registry),
            counters: Arc::clone(&front.counters),
            limits: Arc::clone(&front.limits),
            on_warning: Arc::clone(&front.on_warning),
            setup: Arc::new(setup),
        })
    }

    /// Accepts until the task is aborted.
    pub(super) async fn run(self) {
        let mut trouble = Trouble { pause: FIRST_PAUSE, warned: None };
        loop {
            match self.socket.accept().await {
                Ok((raw, peer)) => {
                    trouble.pause = FIRST_PAUSE;
                    self.take(raw, peer);
                }
                // The client's doing, and over.
                Err(error) if is_of_connection(&error) => {}
                Err(error) => self.wait(error, &mut trouble).await,
            }
        }
    }

    fn take(&self, raw: Raw, peer: Option<SocketAddr>) {
        if let Some(place) = self.registry.enter(&self.counters, self.limits.connections) {
            tokio::spawn(Arc::clone(&self.setup).connection(raw, Origin { peer, place }));
        }
    }

    async fn wait(&self, error: io::Error, trouble: &mut Trouble) {
        count(&self.counters.accept_errors);
        if trouble.warned.is_none_or(|warned| warned.elapsed() >= BETWEEN_WARNINGS) {
            trouble.warned = Some(Instant::now());
            (self.on_warning)(&Warning::Accept { listener: Arc::clone(&self.url), error });
        }
        sleep(trouble.pause).await;
        trouble.pause = (trouble.pause * 2).min(LONGEST_PAUSE);
    }
}

struct Trouble {
    pause: Duration,
    warned: Option<Instant>,
}

fn is_of_connection(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Replaces a certificate when its files change, until the task is aborted.
pub(super) async fn follow(certificate: Arc<Certificate>, limits: Arc<Limits>, on_warning: OnWarning) {
    let mut checks = interval(limits.certificate_check.clamp(Duration::from_millis(10), LONGEST));
    loop {
        checks.tick().await;
        let certificate = Arc::clone(&certificate);
        // Files can be on a disk that is slow, or gone.
        let followed = tokio::task::spawn_blocking(move || certificate.follow()).await;
        if let Ok(Err(error)) = followed {
            on_warning(&Warning::Certificate(error));
        }
    }
}
