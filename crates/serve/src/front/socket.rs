//! A connection's socket, which leaves marks of what it does.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use super::activity::Activity;

pub(super) enum Raw {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Calls a method of whichever stream it is.
macro_rules! on_raw {
    ($raw:expr, $stream:ident => $call:expr) => {
        match $raw {
            Raw::Tcp($stream) => $call,
            #[cfg(unix)]
            Raw::Unix($stream) => $call,
        }
    };
}

pub(super) struct Socket {
    raw: Raw,
    /// Read already, to look at, and still to be read.
    ahead: Bytes,
    activity: Arc<Activity>,
    /// The client has closed its side.
    ended: bool,
}

impl Socket {
    pub(super) fn new(raw: Raw, activity: Arc<Activity>) -> Self {
        Self { raw, ahead: Bytes::new(), activity, ended: false }
    }

    /// Calls `look` with the first bytes, of which there are ever more and at most `most`, until it decides; they are
    /// still read afterwards but for as many as it says. None: the connection ended or reached `most` before.
    pub(super) async fn look<T>(
        &mut self,
        most: usize,
        mut look: impl FnMut(&[u8]) -> Option<(usize, T)>,
    ) -> io::Result<Option<T>> {
        let mut bytes = std::mem::take(&mut self.ahead).to_vec();
        loop {
            if let Some((used, decision)) = look(&bytes) {
                self.ahead = Bytes::from(bytes).slice(used..);
                return Ok(Some(decision));
            }
            let room = most.saturating_sub(bytes.len());
            if room == 0 || on_raw!(&mut self.raw, raw => raw.take(room as u64).read_buf(&mut bytes).await)? == 0 {
                return Ok(None);
            }
        }
    }

    fn mark<T>(&self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match &written {
            Poll::Ready(_) => self.activity.wrote(),
            Poll::Pending => self.activity.stuck(),
        }
        written
    }

    /// Reads what the client still sends, and forgets it.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut space = [std::mem::MaybeUninit::uninit(); 4096];
        // A client that never stops sending must not keep the task.
        for _ in 0..16 {
            let mut buffer = ReadBuf::uninit(&mut space);
            let read = on_raw!(&mut self.raw, raw => Pin::new(raw).poll_read(cx, &mut buffer));
            match ready!(read) {
                Ok(()) if !buffer.filled().is_empty() => self.activity.leave_unfinished(),
                _ => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.ahead.is_empty() {
            let length = this.ahead.len().min(buffer.remaining());
            buffer.put_slice(&this.ahead[..length]);
            this.ahead.advance(length);
            this.activity.read();
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(on_raw!(&mut this.raw, raw => Pin::new(raw).poll_read(cx, buffer)))?;
        if buffer.filled().len() == before {
            this.ended = true;
        } else {
            this.activity.read();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = on_raw!(&mut this.raw, raw => Pin::new(raw).poll_write(cx, bytes));
        this.mark(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = on_raw!(&mut this.raw, raw => Pin::new(raw).poll_write_vectored(cx, bytes));
        this.mark(written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Sockets have nothing to flush.
        Poll::Ready(Ok(()))
    }

    /// Closes for writing. A socket that is closed with bytes unread sends a reset, which can overtake the answer and
    /// take it from the client (RFC 9112 §9.6), so where the client may still be sending it is read to its end first;
    /// the connection's timer bounds that.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(on_raw!(&mut this.raw, raw => Pin::new(raw).poll_shutdown(cx)))?;
        if this.ended {
            return Poll::Ready(Ok(()));
        }
        match this.poll_drain(cx) {
            Poll::Pending if this.activity.is_unfinished() => {
                this.activity.linger();
                Poll::Pending
            }
            _ => Poll::Ready(Ok(())),
        }
    }
}
