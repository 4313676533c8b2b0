//! A request's body, held to its guest's limit.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use holm_abi::{Body, BodyError};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt as _, Empty};

/// What became of a request's body.
#[derive(Default)]
pub(crate) struct Received {
    /// Bytes so far.
    pub(crate) bytes: AtomicU64,
    /// It was larger than allowed.
    pub(crate) too_large: AtomicBool,
}

/// The body as the guest gets it: at most `limit` bytes.
pub(crate) fn bounded<B>(body: B, limit: u64, received: &Arc<Received>) -> Body
where
    B: http_body::Body<Data = Bytes, Error: Into<BodyError>> + Send + Unpin + 'static,
{
    if body.is_end_stream() {
        return Empty::new().map_err(|never| match never {}).boxed_unsync();
    }
    Bounded { body, limit, received: Arc::clone(received) }.boxed_unsync()
}

struct Bounded<B> {
    body: B,
    limit: u64,
    received: Arc<Received>,
}

impl<B> http_body::Body for Bounded<B>
where
    B: http_body::Body<Data = Bytes, Error: Into<BodyError>> + Unpin,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(frame) = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx)) else {
            return Poll::Ready(None);
        };
        let frame = frame.map_err(Into::into)?;
        let more = frame.data_ref().map_or(0, |data| data.len() as u64);
        if self.received.bytes.fetch_add(more, Relaxed).saturating_add(more) > self.limit {
            self.received.too_large.store(true, Relaxed);
            return Poll::Ready(Some(Err("the request's body is too large".into())));
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
