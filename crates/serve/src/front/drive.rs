//! Drives one HTTP connection to its end: orders from outside, and one timer for all that can take too long.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, Write};
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Sleep, sleep_until};

use super::activity::{Late, millis};
use super::counters::count;
use super::exchange::{Exchange, service};
use super::link::{Link, Protocol};
use super::streams::Streams;
use super::{Limits, Service};

/// hyper panics below this.
const LEAST_BUFFER: usize = 8 << 10;
/// What hyper takes without being told, and the only number that costs nothing.
const USUAL_HEADERS: usize = 100;
/// Between two looks at a connection whose service works.
const SHORTEST: Duration = Duration::from_millis(10);

/// Serves `io` until it ends.
pub(super) async fn drive<S, T>(io: T, exchange: Exchange<S>)
where
    S: Service,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (io, link) = (TokioIo::new(io), Arc::clone(&exchange.link));
    link.activity.begin(link.connection.protocol == Protocol::Http2);
    match link.connection.protocol {
        Protocol::Http1 => run(http1(&link.limits).serve_connection(io, service(exchange)), &link).await,
        Protocol::Http2 => run(http2(&link).serve_connection(io, service(exchange)), &link).await,
    }
}

fn http1(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    let bytes = (limits.header_bytes as usize).max(LEAST_BUFFER);
    builder.header_read_timeout(None).max_buf_size(bytes).max_header_size(bytes);
    if limits.headers != USUAL_HEADERS {
        builder.max_headers(limits.headers);
    }
    builder
}

fn http2(link: &Arc<Link>) -> http2::Builder<Streams> {
    let limits = &link.limits.http2;
    let mut builder = http2::Builder::new(Streams(Arc::clone(link)));
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_pending_accept_reset_streams(limits.pending_resets)
        .max_local_error_reset_streams(limits.error_resets)
        .max_header_list_size(link.limits.header_bytes)
        .initial_stream_window_size(limits.stream_window)
        .initial_connection_window_size(limits.connection_window)
        .max_frame_size(limits.frame_bytes.clamp(16 << 10, (16 << 20) - 1))
        .max_send_buf_size(limits.send_buffer.min(u32::MAX as usize))
        .keep_alive_interval(limits.ping_interval)
        .keep_alive_timeout(limits.ping_timeout);
    builder
}

/// A connection of hyper's, of either protocol.
trait Http: Future<Output = hyper::Result<()>> {
    /// Take no more requests.
    fn finish(self: Pin<&mut Self>);
}

impl<I, B, S> Http for http1::Connection<I, S>
where
    S: hyper::service::HttpService<hyper::body::Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: Read + Write + Unpin,
    B: hyper::body::Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, B, S, E> Http for http2::Connection<I, S, E>
where
    S: hyper::service::HttpService<hyper::body::Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: Read + Write + Unpin,
    B: hyper::body::Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    E: hyper::rt::bounds::Http2ServerConnExec<S::Future, B>,
{
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

async fn run(http: impl Http, link: &Link) {
    let mut http = pin!(http);
    let mut watch = pin!(Watch::new(link));
    let ended = poll_fn(|cx| {
        loop {
            // First, so that a request that is there already is answered even if this is the end.
            if let Poll::Ready(result) = http.as_mut().poll(cx) {
                return Poll::Ready(Ok(result));
            }
            if watch.finishes_now() {
                http.as_mut().finish();
                continue;
            }
            match watch.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Verdict::Finish) => {}
                Poll::Ready(Verdict::End(late)) => return Poll::Ready(Err(late)),
            }
        }
    })
    .await;
    match ended {
        Ok(Err(error)) if error.is_parse() => count(&link.counters.malformed),
        Err(Late::Header | Late::Write) => count(&link.counters.timeouts),
        _ => {}
    }
}

enum Verdict {
    Finish,
    End(Late),
}

/// The connection's timer. It is rarely touched: while nothing is late it only fires to be set further off. Times are
/// in milliseconds, as in `Activity`.
struct Watch<'a> {
    link: &'a Link,
    timer: Pin<Box<Sleep>>,
    /// When the timer fires.
    armed: u64,
    /// The timer was polled since it was set, so it will wake the task.
    set: bool,
    /// The connection was told to finish.
    finishing: bool,
    /// It is idle, and has until this to end.
    leaving: Option<u64>,
}

impl<'a> Watch<'a> {
    fn new(link: &'a Link) -> Self {
        // The beginning is always a wait.
        let armed = link.activity.deadline().map_or(0, |(at, _)| at);
        let timer = Box::pin(sleep_until(link.activity.instant(armed).into()));
        Self { link, timer, armed, set: false, finishing: false, leaving: None }
    }

    fn finishes_now(&mut self) -> bool {
        let now = !self.finishing && (self.leaving.is_some() || self.link.order.is_finish());
        self.finishing |= now;
        now
    }

    fn arm(&mut self, at: u64) {
        self.timer.as_mut().reset(self.link.activity.instant(at).into());
        (self.armed, self.set) = (at, false);
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Verdict> {
        loop {
            let due = self.due();
            // Only an earlier time needs the timer set now.
            if let Some((at, _)) = due.filter(|(at, _)| *at < self.armed) {
                self.arm(at);
            }
            if self.set && !self.timer.is_elapsed() {
                return Poll::Pending;
            }
            self.set = true;
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if let Some(verdict) = self.fired(due) {
                return Poll::Ready(verdict);
            }
        }
    }

    fn due(&self) -> Option<(u64, Late)> {
        match (self.link.activity.deadline(), self.leaving) {
            (Some((at, Late::Idle)), Some(until)) => Some((at.max(until), Late::Idle)),
            (due, _) => due,
        }
    }

    /// Judges what is late, or sets the timer to when something can next be.
    fn fired(&mut self, due: Option<(u64, Late)>) -> Option<Verdict> {
        let now = self.link.activity.now();
        match due {
            // The service works, and when it is done the connection has at least this long.
            None => self.arm(now + millis(self.link.limits.idle.max(SHORTEST))),
            Some((at, _)) if at > now => self.arm(at),
            // HTTP/2 says goodbye and waits for the client to have heard it. One that does not hear is left.
            Some((_, Late::Idle)) if self.leaving.is_none() => {
                let until = now + millis(self.link.limits.linger);
                self.leaving = Some(until);
                self.arm(until);
                return Some(Verdict::Finish);
            }
            Some((_, late)) => return Some(Verdict::End(late)),
        }
        None
    }
}
