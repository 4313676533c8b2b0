//! A standard input that arrives while the guest reads it.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use holm_abi::Incoming;
use tokio::io::{AsyncRead, ReadBuf};
use wasmtime_wasi::cli::{IsTerminal, StdinStream};
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError, StreamResult};

/// [`holm_abi::Input::Stream`] in the engine's terms. All of a guest's handles read from the same bytes.
#[derive(Clone)]
pub(crate) struct Arriving(pub(crate) Incoming);

impl IsTerminal for Arriving {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for Arriving {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(self.clone())
    }

    // The engine's own adapter would spawn a task that reads ahead.
    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Arriving {
    async fn ready(&mut self) {
        poll_fn(|cx| self.0.poll_ready(cx)).await;
    }
}

#[async_trait::async_trait]
impl InputStream for Arriving {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        // Nobody has to be woken: a guest that finds nothing waits with `ready`.
        match self.0.poll_read(&mut Context::from_waker(Waker::noop()), size) {
            Poll::Pending => Ok(Bytes::new()),
            Poll::Ready(Ok(bytes)) if bytes.is_empty() && size > 0 => Err(StreamError::Closed),
            Poll::Ready(Ok(bytes)) => Ok(bytes),
            Poll::Ready(Err(error)) => Err(StreamError::LastOperationFailed(error.into())),
        }
    }
}

impl AsyncRead for Arriving {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let bytes = ready!(self.0.poll_read(cx, buffer.remaining()))?;
        buffer.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}
