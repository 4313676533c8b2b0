//! Sockets the API answers on.

use std::convert::Infallible;
use std::fs::{self, Permissions};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use super::{Api, Peer, Token};

/// Connections at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 256;
/// How long a request's head may take to come, and a connection may be idle.
const HEAD_TIME: Duration = Duration::from_secs(15);
/// How long requests may go on once the server ends.
const END_TIME: Duration = Duration::from_secs(5);

/// A bound socket.
pub struct Listener(Socket);

enum Socket {
    Unix(UnixListener, SocketFile),
    Tcp(TcpListener, Token),
}

/// From where the API can be reached over TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// From this machine only.
    Loopback,
    /// From wherever the address can be. Tokens then cross the network unencrypted, unless
    /// something in between sees to that.
    Network,
}

/// Why a socket could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another server answers there.
    #[error("another server already answers on {}", .0.display())]
    InUse(PathBuf),
    /// There is something else there.
    #[error("{} is there and is no socket: remove it, or choose another path", .0.display())]
    NoSocket(PathBuf),
    /// The address can be reached from other machines.
    #[error("{0} can be reached from other machines, and the admin API does not encrypt: use a loopback address")]
    NotLoopback(SocketAddr),
    /// The system refused.
    #[error("could not listen on {at}: {source}")]
    Io {
        /// Where.
        at: String,
        /// The system's answer.
        source: io::Error,
    },
}

impl Listener {
    /// Listens on a Unix socket that only this user can connect to, at `path`. A socket that is
    /// left over from a server that ended is replaced. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// See [`ListenError`]. Paths of more than about 90 bytes are too long for the system.
    pub fn unix(path: &Path) -> Result<Self, ListenError> {
        let failed = |source| ListenError::Io { at: format!("unix:{}", path.display()), source };
        // Else a path too long for anybody to connect to would only be noticed by those who try.
        std::os::unix::net::SocketAddr::from_pathname(path).map_err(failed)?;
        check_free(path)?;
        // Bound in a directory that nobody else may enter and moved when its mode is right, so that
        // nobody can connect in between.
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let private = tempfile::Builder::new().prefix(".").tempdir_in(parent).map_err(failed)?;
        let early = private.path().join("s");
        let listener = UnixListener::bind(&early).map_err(failed)?;
        fs::set_permissions(&early, Permissions::from_mode(0o600)).map_err(failed)?;
        fs::rename(&early, path).map_err(failed)?;
        Ok(Self(Socket::Unix(listener, SocketFile(path.to_owned()))))
    }

    /// Listens on a TCP address, for callers who know `token`.
    ///
    /// # Errors
    /// [`ListenError::NotLoopback`], [`ListenError::Io`].
    pub async fn tcp(address: SocketAddr, token: Token, reach: Reach) -> Result<Self, ListenError> {
        if reach == Reach::Loopback && !address.ip().is_loopback() {
            return Err(ListenError::NotLoopback(address));
        }
        let bound = TcpListener::bind(address).await;
        let listener = bound.map_err(|source| ListenError::Io { at: address.to_string(), source })?;
        Ok(Self(Socket::Tcp(listener, token)))
    }

    /// Where it listens: `unix:/path`, or `http://address:port` with the port the system chose.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.0 {
            Socket::Unix(_, file) => format!("unix:{}", file.0.display()),
            Socket::Tcp(listener, _) => match listener.local_addr() {
                Ok(address) => format!("http://{address}"),
                Err(_) => "http://?".to_owned(),
            },
        }
    }

    fn peer(&self) -> Peer {
        match &self.0 {
            Socket::Unix(..) => Peer::Unix,
            Socket::Tcp(_, token) => Peer::Tcp(token.clone()),
        }
    }
}

fn check_free(path: &Path) -> Result<(), ListenError> {
    use std::os::unix::fs::FileTypeExt;
    match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.file_type().is_socket() => Err(ListenError::NoSocket(path.to_owned())),
        Ok(_) if std::os::unix::net::UnixStream::connect(path).is_ok() => Err(ListenError::InUse(path.to_owned())),
        _ => Ok(()),
    }
}

/// Removes a socket's file when its listener ends.
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Answers on `listener` until `end` is ready, and then for a few seconds those who are not done.
pub async fn serve(api: Api, listener: Listener, end: impl Future<Output = ()>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let (ending, _) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut end = pin!(end);
    let peer = listener.peer();
    loop {
        tokio::select! {
            () = &mut end => break,
            Some(_) = connections.join_next() => {}
            (stream, slot) = accept(&listener, &slots) => {
                connections.spawn(connection(api.clone(), peer.clone(), stream, slot, ending.subscribe()));
            }
        }
    }
    drop(listener);
    let _ = ending.send(true);
    // What is still open then, such as a log that is followed, is cut off with the set.
    let _ = tokio::time::timeout(END_TIME, async { while connections.join_next().await.is_some() {} }).await;
}

/// A connection of either kind.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

async fn accept(listener: &Listener, slots: &Arc<Semaphore>) -> (Box<dyn Stream>, OwnedSemaphorePermit) {
    loop {
        // Before accepting: a future dropped while it waits must not hold a connection.
        let slot = Arc::clone(slots).acquire_owned().await;
        let accepted: io::Result<Box<dyn Stream>> = match &listener.0 {
            Socket::Unix(listener, _) => listener.accept().await.map(|(stream, _)| Box::new(stream) as _),
            Socket::Tcp(listener, _) => listener.accept().await.map(|(stream, _)| Box::new(stream) as _),
        };
        match (accepted, slot) {
            (Ok(stream), Ok(slot)) => return (stream, slot),
            // Out of file descriptors, most likely: trying again at once would only burn the CPU.
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn connection(
    api: Api,
    peer: Peer,
    stream: Box<dyn Stream>,
    slot: OwnedSemaphorePermit,
    mut ending: watch::Receiver<bool>,
) {
    let _slot = slot;
    let service = service_fn(|request| async { Ok::<_, Infallible>(api.handle(&peer, request).await) });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(64 << 10);
    let mut serving = pin!(server.serve_connection(TokioIo::new(stream), service));
    // A connection that breaks is the business of the one who broke it.
    let ended = async move { drop(ending.wait_for(|ending| *ending).await) };
    tokio::select! {
        _ = &mut serving => {}
        () = ended => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}
