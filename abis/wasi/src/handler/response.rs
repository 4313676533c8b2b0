//! A guest that runs on while its response is read.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use holm_abi::{Body, BodyError, Exchange, Observe, Result};
use holm_engine::{Error, Kind, Metered};
use http::Response;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::sync::oneshot;
use wasmtime_wasi_http::WasiBody;

/// A guest at work on one request. Its result says how it ended.
pub(super) type Running = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// What a guest answers with: a response, or the name of an error.
pub(super) type Answer = std::result::Result<Response<WasiBody>, String>;

/// Runs a guest until the head of its response is there, and hands the guest on with the body.
///
/// The guest runs in the task of whoever reads its response, so a response costs no task of its own, a reader that
/// is slow slows the guest, and one that goes away ends it.
///
/// # Errors
/// The guest's own; [`Kind::NoResponse`] if it ended well and sent nothing, or an error.
pub(super) async fn respond(
    guest: Running,
    mut head: oneshot::Receiver<Answer>,
    exchange: &Exchange,
    name: &str,
) -> Result<Response<Body>> {
    let mut guest = Some(Metered::new(Arc::clone(&exchange.usage), guest));
    let answered = std::future::poll_fn(|cx| {
        if let Some(running) = &mut guest
            && let Poll::Ready(ended) = Pin::new(running).poll(cx)
        {
            guest = None;
            if let Err(error) = ended {
                return Poll::Ready(Err(error));
            }
        }
        Pin::new(&mut head).poll(cx).map(Ok)
    });
    let why = match answered.await? {
        Ok(Ok(response)) => {
            let observer = exchange.observer.clone();
            return Ok(
                response.map(|body| Streaming { body, guest, observer, broken: false, frames: 0 }.boxed_unsync())
            );
        }
        Ok(Err(code)) => format!("{name}: it answered with the error {code}"),
        Err(_) => format!("{name}: it returned without a response"),
    };
    // It may yet say why.
    if let Some(running) = guest {
        running.await?;
    }
    Err(Error::new(Kind::NoResponse, why))
}

/// Frames in a row after which others get their turn: a guest that writes as fast as its client reads never waits.
const TURN: u8 = 16;

/// A response's body, and the guest that writes it.
struct Streaming {
    body: WasiBody,
    guest: Option<Metered<Running>>,
    observer: Option<Arc<dyn Observe>>,
    broken: bool,
    /// Frames since anybody waited.
    frames: u8,
}

impl Streaming {
    /// Lets the guest work.
    fn drive(&mut self, cx: &mut Context<'_>) {
        let Some(guest) = &mut self.guest else { return };
        let Poll::Ready(ended) = Pin::new(guest).poll(cx) else { return };
        self.guest = None;
        if let Err(error) = ended {
            self.broken = true;
            tell(self.observer.as_ref(), &error);
        }
    }
}

/// The error of a guest that did not finish its response's body as it should.
fn unfinished(error: &impl std::fmt::Debug) -> Error {
    Error::new(Kind::NoResponse, format!("the body of its response ended with the error {error:?}"))
}

fn tell(observer: Option<&Arc<dyn Observe>>, error: &holm_abi::Error) {
    if let Some(observer) = observer {
        observer.failed(error);
    }
}

impl http_body::Body for Streaming {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        if this.frames >= TURN {
            this.frames = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        this.drive(cx);
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
            this.frames = 0;
            return Poll::Pending;
        };
        this.frames += 1;
        match frame {
            Some(Ok(frame)) => Poll::Ready(Some(Ok(frame))),
            Some(Err(error)) => {
                // A guest that failed has said so.
                if !std::mem::take(&mut this.broken) {
                    tell(this.observer.as_ref(), &unfinished(&error));
                }
                Poll::Ready(Some(Err(error.into())))
            }
            // A guest that fails closes its body too, and that must not look like its end.
            None if std::mem::take(&mut this.broken) => Poll::Ready(Some(Err("the guest failed".into()))),
            None => {
                if let Some(guest) = this.guest.take() {
                    finish_alone(guest, this.observer.take());
                }
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.guest.is_none() && !self.broken && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What a guest does after its response is nobody's to wait for.
fn finish_alone(guest: Metered<Running>, observer: Option<Arc<dyn Observe>>) {
    tokio::spawn(async move {
        if let Err(error) = guest.await {
            tell(observer.as_ref(), &error);
        }
    });
}
