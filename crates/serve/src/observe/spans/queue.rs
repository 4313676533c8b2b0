//! Spans that wait to be sent.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::SpanCounts;
use super::wire::Message;

/// Bytes of spans that are sent together, about: more than a thousand of them.
const BATCH: usize = 512 << 10;
/// Whole batches that wait at most, the one being sent left out.
const BATCHES: usize = 15;
/// The number of `ScopeSpans.spans`.
const SPANS: u32 = 2;

/// Spans that wait, as the bytes they are sent as.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    /// Told when there is a whole batch.
    pub(super) full: Notify,
    exported: AtomicU64,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    full: VecDeque<Batch>,
    open: Batch,
    /// Spans that were taken and whose fate is open.
    taken: u64,
    /// Nobody will take any more.
    closed: bool,
}

/// Spans that are sent together, as fields of a `ScopeSpans`.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) spans: Vec<u8>,
    pub(super) count: u64,
}

impl Queue {
    /// Adds a span, or counts it as dropped when too much waits.
    pub(super) fn push(&self, span: &[u8]) {
        let mut waiting = self.lock();
        if waiting.open.spans.len() >= BATCH {
            if waiting.full.len() == BATCHES {
                drop(waiting);
                self.dropped.fetch_add(1, Relaxed);
                return;
            }
            let full = std::mem::take(&mut waiting.open);
            waiting.full.push_back(full);
            self.full.notify_one();
        }
        waiting.open.add(span);
    }

    /// The batch that waits longest: a whole one, or if `partial` what there is.
    pub(super) fn take(&self, partial: bool) -> Option<Batch> {
        let mut waiting = self.lock();
        let next = waiting.full.pop_front();
        let next = next.or_else(|| partial.then(|| std::mem::take(&mut waiting.open)))?;
        waiting.taken += next.count;
        (next.count > 0).then_some(next)
    }

    /// Of a batch that was taken, all but `dropped` spans arrived.
    pub(super) fn settle(&self, batch: u64, dropped: u64) {
        let mut waiting = self.lock();
        if waiting.closed {
            return;
        }
        waiting.taken = waiting.taken.saturating_sub(batch);
        drop(waiting);
        self.dropped.fetch_add(dropped, Relaxed);
        self.exported.fetch_add(batch.saturating_sub(dropped), Relaxed);
    }

    /// Counts all that did not arrive as dropped, and says how many those are.
    pub(super) fn abandon(&self) -> u64 {
        let mut waiting = self.lock();
        waiting.closed = true;
        let left = waiting.taken + waiting.open.count + waiting.full.iter().map(|batch| batch.count).sum::<u64>();
        waiting.full.clear();
        waiting.open = Batch::default();
        drop(waiting);
        self.dropped.fetch_add(left, Relaxed);
        left
    }

    pub(super) fn counts(&self) -> SpanCounts {
        SpanCounts { exported: self.exported.load(Relaxed), dropped: self.dropped.load(Relaxed) }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A span is in whole or not at all, so a panic in between has broken nothing.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batch {
    fn add(&mut self, span: &[u8]) {
        let mut spans = Message(std::mem::take(&mut self.spans));
        spans.bytes(SPANS, span);
        self.spans = spans.0;
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_its_bound_spans_are_dropped_and_counted() {
        let queue = Queue::default();
        let span = [7; 64 << 10];
        for _ in 0..200 {
            queue.push(&span);
        }
        let mut waited = 0;
        while let Some(batch) = queue.take(true) {
            assert!(batch.spans.len() <= BATCH + (65 << 10));
            waited += batch.count;
            queue.settle(batch.count, 1);
        }
        let dropped = 200 - waited;
        assert!(dropped > 0 && waited >= 15 * 8, "{waited}");
        assert_eq!(queue.counts(), SpanCounts { exported: waited - 16, dropped: dropped + 16 });
        queue.push(&span);
        assert_eq!(queue.take(true).map(|batch| batch.count), Some(1), "there is room again");
    }

    #[test]
    fn a_batch_that_is_not_whole_waits() {
        let queue = Queue::default();
        queue.push(b"span");
        assert!(queue.take(false).is_none());
        assert_eq!(queue.take(true).unwrap().spans, b"\x12\x04span");
        assert!(queue.take(true).is_none());
    }

    #[test]
    fn what_is_left_at_the_end_is_dropped_with_what_is_under_way() {
        let queue = Queue::default();
        queue.push(b"one");
        let sent = queue.take(true).unwrap();
        queue.push(b"two");
        assert_eq!(queue.abandon(), 2);
        queue.settle(sent.count, 0);
        assert_eq!(queue.counts(), SpanCounts { exported: 0, dropped: 2 }, "none is counted twice");
    }
}
