//! A standard input that arrives while the guest reads it.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Body as _;

use crate::Body;

/// Bytes that come as they are asked for: the body of an HTTP request, say. At most one frame of it is kept here, so
/// a guest that does not read makes the sender wait. Clones read from the same bytes.
#[derive(Clone)]
pub struct Incoming(Arc<Mutex<State>>);

struct State {
    /// `None` after its end.
    body: Option<Body>,
    /// What is left of the last frame.
    rest: Bytes,
    /// Why it broke off.
    broken: Option<String>,
}

impl Incoming {
    /// The data of `body`. Its trailers are dropped.
    pub fn new(body: Body) -> Self {
        Self(Arc::new(Mutex::new(State { body: Some(body), rest: Bytes::new(), broken: None })))
    }

    /// Waits until there is something to read: bytes, the end, or an error. Only the last to wait is woken.
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.state().poll_fill(cx)
    }

    /// Reads at most `max` bytes, more than 0. None at all are the end.
    ///
    /// # Errors
    /// The body broke off, which every later read is told as well.
    pub fn poll_read(&self, cx: &mut Context<'_>, max: usize) -> Poll<io::Result<Bytes>> {
        let mut state = self.state();
        ready!(state.poll_fill(cx));
        if let Some(why) = &state.broken {
            return Poll::Ready(Err(io::Error::other(why.clone())));
        }
        let some = max.min(state.rest.len());
        Poll::Ready(Ok(state.rest.split_to(some)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.rest.is_empty()
            && let Some(body) = &mut self.body
        {
            match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => {
                    self.broken = Some(error.to_string());
                    self.body = None;
                }
                None => self.body = None,
            }
        }
        Poll::Ready(())
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Incoming")
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use http_body_util::BodyExt as _;
    use http_body_util::channel::Channel;

    use super::*;

    #[test]
    fn bytes_come_in_the_pieces_asked_for_and_then_the_end() {
        let (mut sender, body) = Channel::<Bytes, crate::BodyError>::new(4);
        let incoming = Incoming::new(body.boxed_unsync());
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(incoming.poll_read(cx, 9).is_pending());
        for piece in ["", "hello"] {
            assert!(sender.try_send(http_body::Frame::data(piece.into())).is_ok());
        }
        let mut read = |max| match incoming.poll_read(cx, max) {
            Poll::Ready(Ok(bytes)) => Some(bytes),
            _ => None,
        };
        assert_eq!((read(2).unwrap(), read(9).unwrap(), read(9)), ("he".into(), "llo".into(), None));
        drop(sender);
        assert_eq!((read(9), read(9)), (Some(Bytes::new()), Some(Bytes::new())));
    }

    #[test]
    fn a_body_that_breaks_off_does_not_look_like_its_end() {
        let (mut sender, body) = Channel::<Bytes, crate::BodyError>::new(4);
        let incoming = Incoming::new(body.boxed_unsync());
        assert!(sender.try_send(http_body::Frame::data("a".into())).is_ok());
        sender.abort("the client went away".into());
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(matches!(incoming.poll_read(cx, 9), Poll::Ready(Ok(bytes)) if bytes == "a"));
        for _ in 0..2 {
            let Poll::Ready(Err(error)) = incoming.poll_read(cx, 9) else { panic!("not an error") };
            assert_eq!(error.to_string(), "the client went away");
        }
    }
}
