//! The tasks of HTTP/2 streams.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::Executor;
use tokio::time::{Sleep, sleep};

use super::body::GIVEN;
use super::counters::count;
use super::link::Link;

/// Runs streams, each with an eye on whether its client takes what it is given. A client can keep the connection
/// going and a stream's window closed, so the socket does not show that.
#[derive(Clone)]
pub(super) struct Streams(pub(super) Arc<Link>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let link = Arc::clone(&self.0);
        tokio::spawn(GIVEN.scope(Cell::new((0, true)), async move {
            if !taken(stream, link.limits.write_stall).await {
                count(&link.counters.timeouts);
            }
        }));
    }
}

/// Whether `stream` came to its end; if not it is dropped, which resets it.
async fn taken(stream: impl Future<Output = ()>, limit: Duration) -> bool {
    let mut stream = pin!(stream);
    let mut stall = Stall { frames: 0, timer: None };
    poll_fn(|cx| match stream.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(true),
        Poll::Pending => stall.poll(cx, limit).map(|()| false),
    })
    .await
}

struct Stall {
    frames: u64,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Stall {
    /// Ready when the stream has waited too long for its client.
    fn poll(&mut self, cx: &mut Context<'_>, limit: Duration) -> Poll<()> {
        let (frames, service_waits) = GIVEN.with(Cell::get);
        if service_waits || frames != self.frames {
            self.frames = frames;
            self.timer = None;
        }
        if service_waits {
            return Poll::Pending;
        }
        self.timer.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx)
    }
}
