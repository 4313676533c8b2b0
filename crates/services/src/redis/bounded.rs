//! A stream from a server that may send more than it was asked for.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What may come unasked: the protocol's own words.
const SLACK: u64 = 64 << 10;

/// How much a server may send.
///
/// The answers of one connection come one after the other, so what came since one of them was complete is part of those
/// that are still expected.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    expected: AtomicU64,
    received: AtomicU64,
    exceeded: AtomicBool,
}

impl Allowance {
    /// Whether more came than is allowed. It is over with the connection then.
    pub(super) fn is_exceeded(&self) -> bool {
        self.exceeded.load(Relaxed)
    }

    /// An answer of up to `bytes` is expected, until the value is dropped.
    pub(super) fn expect(self: &Arc<Self>, bytes: u64) -> Expected {
        self.expected.fetch_add(bytes, Relaxed);
        Expected { allowance: Arc::clone(self), bytes }
    }
}

/// An answer that has not come yet.
#[derive(Debug)]
pub(super) struct Expected {
    allowance: Arc<Allowance>,
    bytes: u64,
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.allowance.expected.fetch_sub(self.bytes, Relaxed);
        self.allowance.received.store(0, Relaxed);
    }
}

/// A stream that fails when more comes than is allowed.
#[derive(Debug)]
pub(super) struct Bounded<S> {
    stream: S,
    allowance: Arc<Allowance>,
}

impl<S> Bounded<S> {
    pub(super) fn new(stream: S, allowance: &Arc<Allowance>) -> Self {
        Self { stream, allowance: Arc::clone(allowance) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        let more = (buf.filled().len() - before) as u64;
        let received = self.allowance.received.fetch_add(more, Relaxed) + more;
        if received > self.allowance.expected.load(Relaxed) + SLACK {
            self.allowance.exceeded.store(true, Relaxed);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "it sent more than it was asked for")));
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
