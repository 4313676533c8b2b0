//! A guest's body that has begun: looked at once before the head of its response is sent.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use holm_abi::{Body, BodyError};
use http::{HeaderMap, header};
use http_body::{Body as _, Frame, SizeHint};

/// Frames that are looked at before the head is sent: a body that is one piece has come to its end by then, and its
/// length is known.
const AHEAD: usize = 2;

/// A guest's body, of which the beginning is here if it came at once.
pub(super) struct Begun {
    body: Body,
    /// What came at once: of a body that is longer, two frames.
    ahead: [Option<Frame<Bytes>>; AHEAD],
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
        let (mut ahead, mut ended, mut broken) = ([const { None }; AHEAD], false, None);
        for (number, place) in ahead.iter_mut().enumerate() {
            match poll_fn(|cx| Poll::Ready(Pin::new(&mut body).poll_frame(cx))).await {
                Poll::Ready(Some(Ok(frame))) => *place = Some(frame),
                Poll::Ready(Some(Err(error))) if number == 0 => return Err(error),
                Poll::Ready(Some(Err(error))) => broken = Some(error),
                Poll::Ready(None) => ended = true,
                Poll::Pending => {}
            }
            if place.is_none() {
                break;
            }
        }
        let declared = headers.contains_key(header::CONTENT_LENGTH);
        Ok(Self { body, ahead, ended, unsent: false, broken, declared })
    }

    fn ahead(&self) -> impl Iterator<Item = &Frame<Bytes>> {
        self.ahead.iter().flatten()
    }
}

impl http_body::Body for Begun {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        if let Some(frame) = this.ahead.iter_mut().find_map(Option::take) {
            this.unsent = true;
            return Poll::Ready(Some(Ok(frame)));
        }
        if this.broken.is_some() && std::mem::take(&mut this.unsent) {
            return send_first(cx);
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
            Poll::Ready(Some(Err(error))) if unsent => {
                this.broken = Some(error);
                send_first(cx)
            }
            frame => frame,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ahead().next().is_none() && self.broken.is_none() && (self.ended || self.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        // Whoever frames it must go by what the client reads in the head, whatever really comes.
        if self.declared {
            return SizeHint::default();
        }
        let ahead: u64 = self.ahead().filter_map(Frame::data_ref).map(|data| data.len() as u64).sum();
        // A length would leave no room for trailers.
        if self.ended && self.ahead().all(Frame::is_data) {
            return SizeHint::with_exact(ahead);
        }
        let rest = self.body.size_hint();
        let mut hint = SizeHint::default();
        hint.set_lower(rest.lower().saturating_add(ahead));
        if let Some(upper) = rest.upper().filter(|_| !self.ended) {
            hint.set_upper(upper.saturating_add(ahead));
        }
        hint
    }
}

/// Has the reader come again when it has sent what it was given. The connection would end with what it has not sent yet,
/// and the client never learn that there was some.
fn send_first<T>(cx: &Context<'_>) -> Poll<T> {
    cx.waker().wake_by_ref();
    Poll::Pending
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
    async fn a_body_that_came_whole_has_a_length_unless_trailers_follow() {
        let (mut sender, one) = body();
        sender.send_data("four".into()).await.unwrap();
        drop(sender);
        let mut one = Begun::new(one, &HeaderMap::new()).await.unwrap();
        assert_eq!(one.size_hint().exact(), Some(4));
        assert_eq!(next(&mut one).await, Poll::Ready(Some(Ok("four".into()))));
        assert!(one.is_end_stream());

        let (mut sender, more) = body();
        sender.send_data("four".into()).await.unwrap();
        sender.send_trailers(HeaderMap::new()).await.unwrap();
        drop(sender);
        let more = Begun::new(more, &HeaderMap::new()).await.unwrap();
        assert_eq!((more.size_hint().exact(), more.is_end_stream()), (None, false));

        let (mut sender, longer) = body();
        sender.send_data("four".into()).await.unwrap();
        sender.send_data("more".into()).await.unwrap();
        let mut longer = Begun::new(longer, &HeaderMap::new()).await.unwrap();
        assert_eq!((longer.size_hint().lower(), longer.size_hint().upper()), (8, None));
        for part in ["four", "more"] {
            assert_eq!(next(&mut longer).await, Poll::Ready(Some(Ok(part.into()))));
        }
        assert!(next(&mut longer).await.is_pending());
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
