//! Stops handing requests to a guest that only fails.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Failures in a row after which a guest is left alone for a while.
const FAILURES: u32 = 20;
/// How long at first; twice as long each time it fails again at once.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Counts failures in a row. After too many it is open for a while; then one request decides.
pub(crate) struct Breaker {
    start: Instant,
    failures: AtomicU32,
    /// Milliseconds after `start`.
    open_until: AtomicU64,
}

impl Breaker {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), failures: AtomicU32::new(0), open_until: AtomicU64::new(0) }
    }

    /// How long the guest will be left alone, if it is.
    pub(crate) fn open_for(&self) -> Option<Duration> {
        // Nearly always there is no failure, and then no clock to read.
        if self.failures.load(Relaxed) < FAILURES {
            return None;
        }
        let until = Duration::from_millis(self.open_until.load(Relaxed));
        until.checked_sub(self.start.elapsed()).filter(|left| !left.is_zero())
    }

    /// A request was answered.
    pub(crate) fn succeeded(&self) {
        if self.failures.load(Relaxed) > 0 {
            self.failures.store(0, Relaxed);
        }
    }

    /// The guest failed. Says whether this opened the breaker.
    pub(crate) fn failed(&self) -> bool {
        let failures = self.failures.fetch_add(1, Relaxed).saturating_add(1);
        if failures < FAILURES || self.open_for().is_some() {
            return false;
        }
        let again = failures - FAILURES;
        let pause = FIRST_PAUSE.saturating_mul(1 << again.min(5)).min(LONGEST_PAUSE);
        let until = self.start.elapsed() + pause;
        self.open_until.store(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), Relaxed);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_in_a_row_open_it_and_a_success_closes_it() {
        let breaker = Breaker::new();
        for _ in 1..FAILURES {
            assert!(!breaker.failed());
            assert_eq!(breaker.open_for(), None);
        }
        assert!(breaker.failed(), "the last one opens it");
        assert!(breaker.open_for().is_some_and(|left| left <= FIRST_PAUSE));
        assert!(!breaker.failed(), "requests that were under way do not open it again");
        breaker.succeeded();
        assert_eq!(breaker.open_for(), None);
    }

    #[test]
    fn failures_between_successes_do_not_count_together() {
        let breaker = Breaker::new();
        for _ in 0..10 * FAILURES {
            breaker.failed();
            breaker.succeeded();
        }
        assert_eq!(breaker.open_for(), None);
    }
}
