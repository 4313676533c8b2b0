use std::cell::Cell;
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use super::counters::count;
use super::link::{Link, Underway};

/// A request's body, which ends with an error when it gives no byte for too long while someone waits for it.
pub struct RequestBody {
    incoming: Incoming,
    link: Arc<Link>,
    /// Armed while someone waits.
    patience: Option<Pin<Box<Sleep>>>,
    given_up: bool,
}

/// Why a request's body ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It gave no byte for this long ([`Limits::body_stall`](super::Limits::body_stall)).
    #[error("the client sent nothing of its request's body for {0:?}")]
    Stalled(Duration),
    /// The connection ended, or what came is no body.
    #[error("the request's body cannot be read: {0}")]
    Read(#[from] hyper::Error),
}

impl RequestBody {
    pub(super) fn new(incoming: Incoming, link: Arc<Link>) -> Self {
        Self { incoming, link, patience: None, given_up: false }
    }

    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let limit = self.link.limits.body_stall;
        let patience = self.patience.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(patience.as_mut().poll(cx));
        self.given_up = true;
        count(&self.link.counters.timeouts);
        Poll::Ready(Some(Err(BodyError::Stalled(limit))))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.given_up {
            return Poll::Ready(None);
        }
        match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Ready(frame) => {
                self.patience = None;
                Poll::Ready(frame.map(|frame| frame.map_err(BodyError::Read)))
            }
            Poll::Pending => self.poll_patience(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.given_up || self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if !self.incoming.is_end_stream() {
            self.link.activity.leave_unfinished();
        }
    }
}

impl std::fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestBody").field("incoming", &self.incoming).finish_non_exhaustive()
    }
}

tokio::task_local! {
    /// How many frames the response of this HTTP/2 stream has given, and whether it has none now.
    pub(super) static GIVEN: Cell<(u64, bool)>;
}

/// The largest piece in which a response is handed to HTTP/2, so that a client that does not take it is noticed.
const PIECE: usize = 64 << 10;

pin_project! {
    /// A service's response body, or a text of our own; keeps its request counted as under way.
    pub(super) struct ResponseBody<B> {
        #[pin]
        body: Content<B>,
        // What is left of a frame that is larger than `PIECE`.
        rest: Bytes,
        underway: Underway,
    }
}

pin_project! {
    #[project = ContentProject]
    enum Content<B> {
        Service { #[pin] body: B },
        Text { text: Option<Bytes> },
    }
}

impl<B: Body<Data = Bytes>> ResponseBody<B> {
    pub(super) fn service(body: B, mut underway: Underway) -> Self {
        if body.is_end_stream() {
            underway.complete();
        }
        Self { body: Content::Service { body }, rest: Bytes::new(), underway }
    }

    pub(super) fn text(text: &'static str, underway: Underway) -> Self {
        let text = Some(Bytes::from_static(text.as_bytes()));
        Self { body: Content::Text { text }, rest: Bytes::new(), underway }
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>,
{
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let mut this = self.project();
        if !this.underway.multiplexed() {
            return this.body.poll(cx);
        }
        let mut frame = match this.rest.is_empty() {
            true => this.body.as_mut().poll(cx),
            false => Poll::Ready(Some(Ok(Frame::data(std::mem::take(this.rest))))),
        };
        // Not within a stream's task: nobody watches.
        let _ = GIVEN.try_with(|given| given.set((given.get().0 + 1, frame.is_pending())));
        if let Poll::Ready(Some(Ok(frame))) = &mut frame
            && let Some(data) = frame.data_mut().filter(|data| data.len() > PIECE)
        {
            *this.rest = data.split_off(PIECE);
        }
        if matches!(frame, Poll::Ready(None)) || (this.rest.is_empty() && this.body.is_end_stream()) {
            this.underway.complete();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        let rest = self.rest.len() as u64;
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(hint.lower().saturating_add(rest));
        hint
    }
}

impl<B> Content<B>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>,
{
    #[allow(clippy::type_complexity, reason = "the signature of Body::poll_frame")]
    fn poll(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Box<dyn Error + Send + Sync>>>> {
        match self.project() {
            ContentProject::Service { body } => body.poll_frame(cx).map_err(Into::into),
            ContentProject::Text { text } => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Service { body } => body.is_end_stream(),
            Self::Text { text } => text.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Service { body } => body.size_hint(),
            Self::Text { text } => SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64)),
        }
    }
}
