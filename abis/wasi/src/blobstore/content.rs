//! Objects as streams of `wasi:io`.

use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use holm_services::blob::{BlobError, PIECE, Reader};
use tokio::sync::mpsc;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

use super::Held;

/// Where a guest writes a value. What was written is taken in whatever becomes of the stream.
pub(super) struct Body(pub(super) mpsc::Sender<Bytes>);

#[async_trait]
impl Pollable for Body {
    async fn ready(&mut self) {
        // Nobody else fills the place that is found here.
        let _ = self.0.reserve().await;
    }
}

#[async_trait]
impl OutputStream for Body {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if bytes.len() > PIECE {
            return Err(StreamError::trap("more is written than was permitted"));
        }
        match self.0.try_send(bytes) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(not_taken()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(StreamError::trap("more is written than was permitted")),
        }
    }

    fn flush(&mut self) -> StreamResult<()> {
        if self.0.is_closed() { Err(not_taken()) } else { Ok(()) }
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        match self.0.capacity() {
            _ if self.0.is_closed() => Err(not_taken()),
            0 => Ok(0),
            _ => Ok(PIECE),
        }
    }
}

/// Why nothing more is taken in is told when the value is finished.
fn not_taken() -> StreamError {
    StreamError::LastOperationFailed(wasmtime::Error::msg("the value cannot be written: finish it to hear why"))
}

/// Where a guest reads an object.
pub(super) struct Content {
    /// What was read and not taken yet.
    ahead: Bytes,
    state: Reading,
    _held: Held,
}

type Piece = (Box<dyn Reader>, Result<Option<Bytes>, BlobError>);

enum Reading {
    /// Nothing is under way.
    Idle(Box<dyn Reader>),
    /// A piece is; who waits for it may leave and come again.
    Waiting(Pin<Box<dyn Future<Output = Piece> + Send>>),
    /// It failed, which the guest was not told yet.
    Failed(BlobError),
    Ended,
}

impl Content {
    pub(super) fn new(reader: Box<dyn Reader>, held: Held) -> Self {
        Self { ahead: Bytes::new(), state: Reading::Idle(reader), _held: held }
    }
}

#[async_trait]
impl Pollable for Content {
    async fn ready(&mut self) {
        if !self.ahead.is_empty() {
            return;
        }
        if let Reading::Idle(_) = &self.state
            && let Reading::Idle(mut reader) = std::mem::replace(&mut self.state, Reading::Ended)
        {
            self.state = Reading::Waiting(Box::pin(async move {
                let piece = reader.next().await;
                (reader, piece)
            }));
        }
        if let Reading::Waiting(piece) = &mut self.state {
            let (reader, piece) = piece.await;
            self.state = match piece {
                Ok(Some(piece)) => {
                    self.ahead = piece;
                    Reading::Idle(reader)
                }
                Ok(None) => Reading::Ended,
                Err(error) => Reading::Failed(error),
            };
        }
    }
}

#[async_trait]
impl InputStream for Content {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if !self.ahead.is_empty() {
            return Ok(self.ahead.split_to(size.min(self.ahead.len())));
        }
        match std::mem::replace(&mut self.state, Reading::Ended) {
            Reading::Ended => Err(StreamError::Closed),
            Reading::Failed(error) => {
                Err(StreamError::LastOperationFailed(wasmtime::Error::msg(error.guest_message())))
            }
            waiting => {
                self.state = waiting;
                Ok(Bytes::new())
            }
        }
    }
}
