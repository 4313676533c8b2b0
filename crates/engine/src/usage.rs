//! What a guest uses, counted while it runs.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock::thread_cpu;

/// What one guest has used so far. Many guests share a thread, so time counts only while the guest is polled.
#[derive(Debug, Default)]
pub struct Usage {
    /// Nanoseconds of CPU time, those of the poll that is going on left out.
    cpu: AtomicU64,
    /// The thread's CPU clock in nanoseconds when the poll that is going on began.
    since: AtomicU64,
    /// Bytes of memory at most.
    memory: AtomicU64,
}

impl Usage {
    /// CPU time, up to the last time it waited.
    pub fn cpu(&self) -> Duration {
        Duration::from_nanos(self.cpu.load(Relaxed))
    }

    /// CPU time up to now, for whoever runs on the guest's own thread while it is polled.
    pub(crate) fn cpu_now(&self) -> Duration {
        let since = self.since.load(Relaxed);
        Duration::from_nanos(self.cpu.load(Relaxed) + now().saturating_sub(since))
    }

    /// The most memory it had at once, in bytes.
    pub fn memory(&self) -> u64 {
        self.memory.load(Relaxed)
    }

    /// Adds CPU time used where no poll is counted, on a guest's own threads; returns the sum.
    pub fn add_cpu(&self, more: Duration) -> Duration {
        let more = u64::try_from(more.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.cpu.fetch_add(more, Relaxed).saturating_add(more))
    }

    /// Takes note that the guest has this many bytes of memory now.
    pub fn has_memory(&self, bytes: u64) {
        self.memory.fetch_max(bytes, Relaxed);
    }
}

fn now() -> u64 {
    u64::try_from(thread_cpu().as_nanos()).unwrap_or(u64::MAX)
}

/// A guest's future, whose polls are counted.
pub struct Metered<F> {
    guest: F,
    usage: Arc<Usage>,
}

impl<F> Metered<F> {
    /// Counts the polls of `guest` in `usage`.
    pub fn new(usage: Arc<Usage>, guest: F) -> Self {
        Self { guest, usage }
    }
}

impl<F: Future + Unpin> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let start = now();
        self.usage.since.store(start, Relaxed);
        let polled = Pin::new(&mut self.guest).poll(cx);
        self.usage.cpu.fetch_add(now().saturating_sub(start), Relaxed);
        polled
    }
}
