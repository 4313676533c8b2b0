//! What became of an app's requests.

mod codes;
mod histogram;
mod outcome;
mod recent;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::StatusCode;

pub(super) use histogram::Distribution;
pub use outcome::{Failure, Outcome, Refusal};

use codes::Codes;
use histogram::Histogram;
use recent::Recent;

/// Counts an app's requests, from its deployment or the server's start on; each version goes on with the counts of the
/// one before.
///
/// An app that was never asked costs a few words; the first request makes room of about 2 KiB. All counters are
/// atomics without order between them: what is read while requests end is right to within those requests.
#[derive(Debug, Default)]
pub struct Stats {
    in_flight: AtomicU32,
    queued: AtomicU32,
    dropped_lines: AtomicU64,
    record: OnceLock<Box<Record>>,
}

/// A request that is over.
#[derive(Debug, Clone, Copy)]
pub struct Finished {
    /// What the client was told; `None` when it left before.
    pub status: Option<StatusCode>,
    /// From the end of the request's head to the end of the response.
    pub latency: Duration,
    /// CPU time of the guest.
    pub cpu: Duration,
    /// The most memory the guest had at once, in bytes.
    pub memory: u64,
    /// Bytes of the request's body that were read.
    pub bytes_in: u64,
    /// Bytes of the response's body that were sent.
    pub bytes_out: u64,
    /// How long it took until the guest's code was there, where it was not loaded before.
    pub cold_start: Option<Duration>,
    /// What became of it.
    pub outcome: Outcome,
}

/// A request that counts as in flight, or as waiting, until this is dropped.
#[derive(Debug)]
#[must_use = "it counts for as long as it is kept"]
pub struct Held {
    stats: Arc<Stats>,
    gauge: fn(&Stats) -> &AtomicU32,
}

#[derive(Debug, Default)]
pub(super) struct Record {
    codes: Codes,
    latency: Histogram,
    recent: Recent,
    cpu_nanoseconds: AtomicU64,
    memory_peak: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    cold_starts: AtomicU64,
    cold_nanoseconds: AtomicU64,
    client_gone: AtomicU64,
    failures: [AtomicU64; Failure::COUNT],
    refusals: [AtomicU64; Refusal::COUNT],
}

impl Stats {
    /// A request of which the guest has begun.
    pub fn begin(self: &Arc<Self>) -> Held {
        Held::new(self, |stats| &stats.in_flight)
    }

    /// A request that waits for its turn.
    pub fn queue(self: &Arc<Self>) -> Held {
        Held::new(self, |stats| &stats.queued)
    }

    /// Counts a request that is over.
    pub fn finished(&self, request: &Finished) {
        self.record.get_or_init(Box::default).add(request);
    }

    pub(super) fn lines_dropped(&self, lines: u64) {
        add(&self.dropped_lines, lines);
    }

    /// Requests that are over.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.record().map_or(0, |record| record.codes.total())
    }

    /// Of these, how many with a status from 500 to 599.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.record().map_or(0, |record| record.codes.class(5))
    }

    /// Requests of which the guest has begun and that are not over.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Relaxed)
    }

    /// Requests that wait for their turn.
    #[must_use]
    pub fn queued(&self) -> u32 {
        self.queued.load(Relaxed)
    }

    /// CPU time of the guests.
    #[must_use]
    pub fn cpu(&self) -> Duration {
        self.record().map_or(Duration::ZERO, Record::cpu)
    }

    /// Within which time half and 99 of 100 of the last requests were over.
    #[must_use]
    pub fn p50_p99(&self) -> [Duration; 2] {
        self.record().map_or([Duration::ZERO; 2], |record| record.recent.percentiles([50, 99]))
    }

    /// Lines of its log that were dropped for being too many.
    #[must_use]
    pub fn dropped_lines(&self) -> u64 {
        self.dropped_lines.load(Relaxed)
    }

    /// `None` when no request was ever over.
    pub(super) fn record(&self) -> Option<&Record> {
        self.record.get().map(|record| &**record)
    }
}

impl Record {
    fn add(&self, request: &Finished) {
        self.codes.add(request.status);
        self.latency.add(request.latency);
        self.recent.add(request.latency);
        add(&self.cpu_nanoseconds, nanoseconds(request.cpu));
        add(&self.bytes_in, request.bytes_in);
        add(&self.bytes_out, request.bytes_out);
        // Looked at first: a peak is seldom passed, and reading does not take the cache line from other cores.
        if request.memory > self.memory_peak.load(Relaxed) {
            self.memory_peak.fetch_max(request.memory, Relaxed);
        }
        if let Some(took) = request.cold_start {
            add(&self.cold_starts, 1);
            add(&self.cold_nanoseconds, nanoseconds(took));
        }
        match request.outcome {
            Outcome::Answered => {}
            Outcome::Failed(failure) => add(&self.failures[failure as usize], 1),
            Outcome::Refused(refusal) => add(&self.refusals[refusal as usize], 1),
            Outcome::ClientGone => add(&self.client_gone, 1),
        }
    }

    pub(super) fn codes(&self) -> impl Iterator<Item = (String, u64)> {
        self.codes.read()
    }

    pub(super) fn latency(&self) -> Distribution {
        self.latency.read()
    }

    pub(super) fn cpu(&self) -> Duration {
        Duration::from_nanos(self.cpu_nanoseconds.load(Relaxed))
    }

    pub(super) fn memory_peak(&self) -> u64 {
        self.memory_peak.load(Relaxed)
    }

    pub(super) fn bytes_in(&self) -> u64 {
        self.bytes_in.load(Relaxed)
    }

    pub(super) fn bytes_out(&self) -> u64 {
        self.bytes_out.load(Relaxed)
    }

    /// How many, and how long they took together.
    pub(super) fn cold_starts(&self) -> (u64, Duration) {
        (self.cold_starts.load(Relaxed), Duration::from_nanos(self.cold_nanoseconds.load(Relaxed)))
    }

    pub(super) fn client_gone(&self) -> u64 {
        self.client_gone.load(Relaxed)
    }

    /// Kinds of failures, and how many there were.
    pub(super) fn failures(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Failure::ALL.iter().map(|failure| failure.name()).zip(self.failures.iter().map(|count| count.load(Relaxed)))
    }

    /// Reasons for refusals, and how many there were.
    pub(super) fn refusals(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Refusal::ALL.iter().map(|refusal| refusal.name()).zip(self.refusals.iter().map(|count| count.load(Relaxed)))
    }
}

impl Held {
    fn new(stats: &Arc<Stats>, gauge: fn(&Stats) -> &AtomicU32) -> Self {
        gauge(stats).fetch_add(1, Relaxed);
        Self { stats: Arc::clone(stats), gauge }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        (self.gauge)(&self.stats).fetch_sub(1, Relaxed);
    }
}

/// Adding nothing would still take the cache line from other cores.
fn add(counter: &AtomicU64, more: u64) {
    if more > 0 {
        counter.fetch_add(more, Relaxed);
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(super) use tests::answered;

#[cfg(test)]
mod tests;
