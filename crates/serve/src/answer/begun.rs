//! A guest's body that has begun: looked at once before the head of its response is sent.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use holm_abi::{Body, BodyError};
use http::{HeaderMap, header};
use http_body::{Body as _, Frame, SizeHint};

/// A guest's body, of which the beginning is here if it came at once.
pub(super) struct Begun {
    body: Body,
    first: Option<Frame<Bytes>>,
    ended: bool,
    /// Frames were given since the reader last had to wait, so they may not be on their way yet.
    unsent: bool,
    /// Why it broke off, until what came before is on its way.
    broken: Option<BodyError>,
    /// The head says how long it is.
    declared: bool,
}

impl Begun {
    /// Lets the guest begin the body that follows a head with these headers. Waits for nothing.
    ///
    /// # Errors
    /// It broke off before its first byte, so there need be no response.
    pub(super) async fn new(mut body: Body, headers: &HeaderMap) -> Result<Self, BodyError> {
        let first = poll_fn(|cx| Poll::Ready(Pin::new(&mut body).poll_frame(cx))).await;
        let (first, ended) = match first {
            Poll::Pending => (None, false),
            Poll::Ready(None) => (None, true),
            Poll::Ready(Some(frame)) => (Some(frame?), false),
        };
        let declared = headers.contains_key(header::CONTENT_LENGTH);
        Ok(Self { body, first, ended, unsent: false, broken: None, declared })
    }
}

impl http_body::Body for Begun {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        if let Some(first) = this.first.take() {
            this.unsent = true;
            return Poll::Ready(Some(Ok(first)));
        }
        if let Some(error) = this.broken.take() {
            this.ended = true;
            return Poll::Ready(Some(Err(error)));
        }
        if this.ended {
            return Poll::Ready(None);
        }
        let frame = Pin::new(&mut this.body).poll_frame(cx);
        let unsent = std::mem::replace(&mut this.unsent, matches!(frame, Poll::Ready(Some(Ok(_)))));
        match frame {
            // The connection would end with what it has not sent yet, and the client never learn that there was some.
            Poll::Ready(Some(Err(error))) if unsent => {
                this.broken = Some(error);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            frame => frame,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.broken.is_none() && (self.ended || self.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        // Whoever frames it must go by what the client reads in the head, whatever really comes.
        if self.declared {
            return SizeHint::default();
        }
        let first = self.first.as_ref().and_then(Frame::data_ref).map_or(0, |data| data.len() as u64);
        let rest = self.body.size_hint();
        let mut hint = SizeHint::default();
        hint.set_lower(rest.lower().saturating_add(first));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(first));
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use http_body_util::channel::{Channel, Sender};

    use super::*;

    fn body() -> (Sender<Bytes, BodyError>, Body) {
        let (sender, body) = Channel::new(4);
        (sender, body.boxed_unsync())
    }

    async fn next(body: &mut Begun) -> Poll<Option<Result<Bytes, String>>> {
        let frame = poll_fn(|cx| Poll::Ready(Pin::new(&mut *body).poll_frame(cx))).await;
        frame.map(|frame| frame.map(|frame| frame.map(|f| f.into_data().unwrap()).map_err(|e| e.to_string())))
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_before_its_first_byte_never_begins() {
        let (sender, body) = body();
        sender.abort("gone".into());
        assert_eq!(Begun::new(body, &HeaderMap::new()).await.err().unwrap().to_string(), "gone");
    }

    #[tokio::test]
    async fn what_was_written_before_it_breaks_off_can_be_sent_first() {
        let (mut sender, body) = body();
        sender.send_data("a".into()).await.unwrap();
        sender.abort("gone".into());
        let mut begun = Begun::new(body, &HeaderMap::new()).await.unwrap();
        assert_eq!(next(&mut begun).await, Poll::Ready(Some(Ok("a".into()))));
        assert!(next(&mut begun).await.is_pending() && !begun.is_end_stream());
        assert_eq!(next(&mut begun).await, Poll::Ready(Some(Err("gone".into()))));
        assert_eq!(next(&mut begun).await, Poll::Ready(None));
    }

    #[tokio::test]
    async fn a_body_that_is_slow_to_begin_is_not_waited_for() {
        let (mut sender, body) = body();
        let mut begun = Begun::new(body, &HeaderMap::new()).await.unwrap();
        assert!(next(&mut begun).await.is_pending());
        sender.send_data("a".into()).await.unwrap();
        assert_eq!(next(&mut begun).await, Poll::Ready(Some(Ok("a".into()))));
        drop(sender);
        assert_eq!(next(&mut begun).await, Poll::Ready(None));
    }

    #[tokio::test]
    async fn a_declared_length_is_the_only_one() {
        let full = || http_body_util::Full::new(Bytes::from("four")).map_err(|never| match never {}).boxed_unsync();
        let known = Begun::new(full(), &HeaderMap::new()).await.unwrap();
        assert_eq!(known.size_hint().exact(), Some(4));
        let head = HeaderMap::from_iter([(header::CONTENT_LENGTH, "5".parse().unwrap())]);
        assert_eq!(Begun::new(full(), &head).await.unwrap().size_hint().exact(), None);
    }
}
