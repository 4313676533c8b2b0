//! A stream from a server that may send more than anybody wants to hold.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much may come before somebody asks for more. A row that is read asks.
#[derive(Debug)]
pub(super) struct Allowance {
    left: AtomicU64,
    full: u64,
}

impl Allowance {
    pub(super) fn new(full: u64) -> Arc<Self> {
        Arc::new(Self { left: AtomicU64::new(full), full })
    }

    /// What came is in use, or thrown away.
    pub(super) fn renew(&self) {
        self.left.store(self.full, Relaxed);
    }

    /// Whether it was used up, which ends the connection.
    pub(super) fn is_spent(&self) -> bool {
        self.left.load(Relaxed) == 0
    }
}

/// A stream that fails once its allowance is spent.
pub(super) struct Bounded<S> {
    pub(super) stream: S,
    pub(super) allowance: Arc<Allowance>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        let came = (buf.filled().len() - before) as u64;
        let left = self.allowance.left.load(Relaxed).saturating_sub(came);
        self.allowance.left.store(left, Relaxed);
        if came > 0 && left == 0 {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "it sent more than one row may have")));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
