//! The body of an upstream's response on its way.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use holm_abi::{BodyError, Error, Exchange, Kind, Sent};
use holm_services::http_client::{HttpError, ResponseBody};
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep_until};

pub(super) struct Passing {
    pub(super) body: ResponseBody,
    /// What the upstream is called in messages.
    pub(super) upstream: Arc<str>,
    /// When it has to be over.
    pub(super) until: Option<Instant>,
    /// Fires then; made when something is waited for.
    pub(super) timer: Option<Pin<Box<Sleep>>>,
    /// Hears how it ends; `None` once it has.
    pub(super) sent: Option<Box<dyn Sent>>,
    /// The request keeps its place while this is here.
    pub(super) exchange: Exchange,
}

impl Passing {
    fn is_late(&mut self, cx: &mut Context<'_>, waits: bool) -> bool {
        match self.until {
            None => false,
            Some(until) if !waits => until <= Instant::now(),
            Some(until) => {
                let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until.into())));
                timer.as_mut().poll(cx).is_ready()
            }
        }
    }

    /// Tells why it breaks off.
    fn broke(&mut self, kind: Kind, why: &str, code: &str) -> Option<Result<Frame<Bytes>, BodyError>> {
        let error = Error::new(kind, format!("the response of the upstream {} broke off: {why}", self.upstream));
        if let Some(mut sent) = self.sent.take() {
            sent.failed(code);
        }
        if let Some(observer) = self.exchange.observer.take() {
            observer.failed(&error);
        }
        Some(Err(error.to_string().into()))
    }
}

impl Body for Passing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if !matches!(polled, Poll::Ready(None)) && this.is_late(cx, polled.is_pending()) {
            // Its end comes after that.
            this.until = None;
            return Poll::Ready(this.broke(
                Kind::OutOfTime,
                "it took longer than limits.wall",
                "connection-read-timeout",
            ));
        }
        polled.map(|frame| match frame {
            Some(Err(error)) => {
                let kind = match error {
                    HttpError::ConnectionReadTimeout => Kind::OutOfTime,
                    _ => Kind::NoResponse,
                };
                this.broke(kind, &error.to_string(), &error.code())
            }
            Some(Ok(frame)) => Some(Ok(frame)),
            None => {
                this.sent = None;
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
