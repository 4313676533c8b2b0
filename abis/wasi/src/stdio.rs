//! The guest's standard streams, counted against its limit on output.

use std::future::poll_fn;
use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use holm_abi::{Error, Input, Kind, Output};
use tokio::io::AsyncWrite;
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use crate::arriving::Arriving;

/// Bytes a guest may hand over in one write.
const CHUNK: usize = 1 << 20;

/// Lets the guest read from `input`.
pub(crate) fn stdin(builder: &mut WasiCtxBuilder, input: &Input) {
    match input {
        // What a world starts with.
        Input::Empty => {}
        Input::Inherit => _ = builder.inherit_stdin(),
        Input::Bytes(bytes) => _ = builder.stdin(MemoryInputPipe::new(Bytes::copy_from_slice(bytes))),
        Input::Stream(incoming) => _ = builder.stdin(Arriving(incoming.clone())),
    }
}

/// The account of what the guest writes, on both streams together.
#[derive(Clone)]
pub(crate) struct Account(Arc<Entries>);

struct Entries {
    limit: Option<u64>,
    left: AtomicU64,
    /// Why the guest has to end. WASI 0.3 has no way to say so to whoever waits for the guest.
    failure: Mutex<Option<Error>>,
}

impl Account {
    pub(crate) fn new(limit: Option<u64>) -> Self {
        Self(Arc::new(Entries { limit, left: AtomicU64::new(limit.unwrap_or(0)), failure: Mutex::default() }))
    }

    /// All of the limit is there again.
    pub(crate) fn begin_anew(&self) {
        self.0.left.store(self.0.limit.unwrap_or(0), Ordering::Relaxed);
    }

    /// Takes `wanted` bytes out of what is left.
    fn spend(&self, wanted: usize) -> Result<(), Error> {
        let Some(limit) = self.0.limit else { return Ok(()) };
        let take = |left: u64| left.checked_sub(wanted as u64);
        self.0.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).map(drop).map_err(|_| {
            let limit = holm_grants::format_size(limit);
            Error::new(Kind::OutOfOutput, format!("stopped: it wrote more than its limit of {limit}"))
                .note("--max-output sets the limit")
        })
    }

    fn fail(&self, error: Error) {
        self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// Why the guest had to end, if its writing was the reason.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Where the guest writes to.
#[derive(Clone)]
pub(crate) struct Sink {
    to: Output,
    stream: Stream,
    account: Account,
}

#[derive(Clone, Copy)]
enum Stream {
    Out,
    Err,
}

impl Sink {
    pub(crate) fn stdout(to: &Output, account: &Account) -> Self {
        Self { to: to.clone(), stream: Stream::Out, account: account.clone() }
    }

    pub(crate) fn stderr(to: &Output, account: &Account) -> Self {
        Self { to: to.clone(), stream: Stream::Err, account: account.clone() }
    }

    fn put(&self, bytes: &[u8]) -> io::Result<()> {
        match (&self.to, self.stream) {
            (Output::Discard, _) => Ok(()),
            (Output::Inherit, Stream::Out) => io::stdout().write_all(bytes),
            (Output::Inherit, Stream::Err) => io::stderr().write_all(bytes),
            (Output::Capture(buffer), _) => {
                buffer.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
                Ok(())
            }
            (Output::Sink(sink), _) => sink.write(bytes),
            (Output::Pipe(pipe), _) => match pipe.write(bytes)? {
                all if all == bytes.len() => Ok(()),
                // Who writes without asking for room first cannot be told to wait.
                _ => Err(io::ErrorKind::WouldBlock.into()),
            },
        }
    }

    fn flush_out(&self) -> io::Result<()> {
        match (&self.to, self.stream) {
            (Output::Inherit, Stream::Out) => io::stdout().flush(),
            _ => Ok(()),
        }
    }
}

impl IsTerminal for Sink {
    fn is_terminal(&self) -> bool {
        match (&self.to, self.stream) {
            (Output::Inherit, Stream::Out) => io::IsTerminal::is_terminal(&io::stdout()),
            (Output::Inherit, Stream::Err) => io::IsTerminal::is_terminal(&io::stderr()),
            _ => false,
        }
    }
}

impl StdoutStream for Sink {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Sink {
    async fn ready(&mut self) {
        if let Output::Pipe(pipe) = &self.to {
            // A broken pipe is ready too: the next call says so.
            let _ = poll_fn(|cx| pipe.poll_room(cx)).await;
        }
    }
}

impl OutputStream for Sink {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.account.spend(bytes.len()).map_err(|error| StreamError::Trap(error.into()))?;
        self.put(&bytes).map_err(stream_error)
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.flush_out().map_err(stream_error)
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        match &self.to {
            Output::Pipe(pipe) => pipe.room().map_err(stream_error),
            _ => Ok(CHUNK),
        }
    }
}

/// A pipe that nobody reads ends the guest, as it ends a native program. Most guests would print a page about it.
fn stream_error(error: io::Error) -> StreamError {
    match error.kind() {
        io::ErrorKind::BrokenPipe => StreamError::Trap(broken_pipe().into()),
        _ => StreamError::LastOperationFailed(error.into()),
    }
}

fn broken_pipe() -> Error {
    Error::new(Kind::BrokenPipe, "nobody reads its output any more")
}

impl AsyncWrite for Sink {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let room = match &self.to {
            // A broken pipe is found out below.
            Output::Pipe(pipe) => ready!(pipe.poll_room(cx)).unwrap_or(CHUNK),
            _ => bytes.len(),
        };
        let bytes = &bytes[..bytes.len().min(room)];
        if let Err(error) = self.account.spend(bytes.len()) {
            self.account.fail(error);
            return Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into()));
        }
        let put = self.put(bytes);
        if put.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            self.account.fail(broken_pipe());
        }
        Poll::Ready(put.map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.flush_out())
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A buffer for [`Output::Capture`].
pub fn capture() -> (Output, Arc<Mutex<Vec<u8>>>) {
    let buffer = Arc::new(Mutex::new(Vec::new()));
    (Output::Capture(buffer.clone()), buffer)
}
