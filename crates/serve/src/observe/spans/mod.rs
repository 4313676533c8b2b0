//! OpenTelemetry traces: spans of requests, sent to a collector in the background (OTLP over HTTP,
//! <https://opentelemetry.io/docs/specs/otlp/>).
//!
//! Whoever records never waits: a span is written into a bounded queue, from which a thread of its own sends batches. What
//! does not fit, and what the collector does not take, is dropped, counted and told of in the log.

mod event;
mod export;
mod http;
mod queue;
mod wire;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use holm_admin::AppName;
use holm_manifest::server::Telemetry;
use tokio::sync::watch;

pub(crate) use http::Client;

use super::trace::TraceId;
use super::{Access, Level, Log};
use queue::Queue;

/// Records spans and has them sent.
#[derive(Debug)]
pub struct Spans {
    queue: Arc<Queue>,
    /// Which of the traces that begin here are recorded, as a share of all.
    sample: f64,
    ending: watch::Sender<bool>,
    /// Closed by the thread that sends when it is done.
    done: Mutex<Receiver<()>>,
    log: Log,
}

/// What became of spans.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpanCounts {
    /// The collector took them.
    pub exported: u64,
    /// They were dropped: too many waited, or the collector did not take them.
    pub dropped: u64,
}

impl Spans {
    /// Starts the thread that sends to the collector `config` names. `log` is told of what is dropped.
    ///
    /// # Errors
    /// The URL is none, or the system has no thread to spare.
    pub fn start(config: &Telemetry, log: Log) -> io::Result<Self> {
        let queue = Arc::<Queue>::default();
        let (ending, ended) = watch::channel(false);
        let done = export::start(config, Arc::clone(&queue), ended, log.clone())?;
        Ok(Self { queue, sample: config.sample, ending, done: Mutex::new(done), log })
    }

    /// Records a request that is over, if it is part of a trace that is recorded.
    pub fn request(&self, app: Option<&AppName>, access: &Access<'_>) {
        if let Some(trace) = access.trace.filter(|trace| trace.is_sampled()) {
            let span = match access.occasion {
                Some(occasion) => event::consumer(app, access, occasion, &trace),
                None => http::server(app, access, &trace),
            };
            self.queue.push(&span.0);
        }
    }

    /// Records a request that a guest made and that is over.
    pub(crate) fn client(&self, client: &Client) {
        self.queue.push(&client.span().0);
    }

    /// Whether a trace that begins here is recorded. All who decide by the same share decide the same of one trace.
    pub(crate) fn samples(&self, trace: TraceId) -> bool {
        self.sample >= 1.0 || trace.fraction() < self.sample
    }

    /// How many were sent and dropped so far.
    #[must_use]
    pub fn counts(&self) -> SpanCounts {
        self.queue.counts()
    }

    /// Sends what waits, but not for longer than `patience`; what is left then is dropped. Blocks. To be called once no
    /// more is recorded.
    pub fn end(&self, patience: Duration) {
        self.ending.send_replace(true);
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if done.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            let left = self.queue.abandon();
            self.log.server(Level::Warn, &format!("{left} spans were not exported before the end"));
        }
    }
}
