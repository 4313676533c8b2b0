//! A request's body, held to its guest's limit.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use holm_abi::{Body, BodyError, Kind};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt as _, Empty};

use super::refusal::Refusal;
use super::served::Served;
use crate::front;

/// What became of a request's body.
#[derive(Default)]
pub(crate) struct Received {
    /// Bytes so far.
    pub(crate) bytes: AtomicU64,
    state: AtomicU8,
}

const FINE: u8 = 0;
/// The guest waits for the client.
const AWAITED: u8 = 1;
// From here on it is over.
const TOO_LARGE: u8 = 2;
const STALLED: u8 = 3;
const BROKEN: u8 = 4;

impl Received {
    /// What the client did, if that may be why the guest failed in this way.
    pub(crate) fn fault(&self, kind: Kind) -> Option<Refusal> {
        match self.state.load(Relaxed) {
            TOO_LARGE => Some(Refusal::TooLarge),
            STALLED => Some(Refusal::TooSlow),
            AWAITED if kind == Kind::OutOfTime => Some(Refusal::TooSlow),
            BROKEN => Some(Refusal::BrokenOff),
            _ => None,
        }
    }

    /// The client sent more than the guest takes.
    pub(crate) fn is_too_large(&self) -> bool {
        self.state.load(Relaxed) == TOO_LARGE
    }

    fn broke(&self, error: &BodyError) {
        let stalled = matches!(error.downcast_ref(), Some(front::BodyError::Stalled(_)));
        self.state.store(if stalled { STALLED } else { BROKEN }, Relaxed);
    }
}

/// The body as the guest gets it: at most `limit` bytes.
pub(super) fn bounded<B>(body: B, limit: u64, served: &Arc<Served>) -> Body
where
    B: http_body::Body<Data = Bytes, Error: Into<BodyError>> + Send + Unpin + 'static,
{
    if body.is_end_stream() {
        return Empty::new().map_err(|never| match never {}).boxed_unsync();
    }
    Bounded { body, limit, served: Arc::clone(served) }.boxed_unsync()
}

struct Bounded<B> {
    body: B,
    limit: u64,
    served: Arc<Served>,
}

impl<B> http_body::Body for Bounded<B>
where
    B: http_body::Body<Data = Bytes, Error: Into<BodyError>> + Unpin,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let received = &this.served.received;
        if received.state.load(Relaxed) >= TOO_LARGE {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        received.state.store(if polled.is_pending() { AWAITED } else { FINE }, Relaxed);
        let Some(frame) = ready!(polled) else {
            return Poll::Ready(None);
        };
        let frame = frame.map_err(Into::into).inspect_err(|error| received.broke(error))?;
        let more = frame.data_ref().map_or(0, |data| data.len() as u64);
        if received.bytes.fetch_add(more, Relaxed).saturating_add(more) > this.limit {
            received.state.store(TOO_LARGE, Relaxed);
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
