//! How fast an app may fill its log.

use std::time::Instant;

/// For how many seconds an app may save up what it does not write.
const BURST: f64 = 5.0;
/// What a line costs beside its text, so that empty lines are not free.
pub(super) const LINE: usize = 32;

/// Bytes that may be written, which grow with time. A line may be written when there are any, and may leave a debt.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: f64,
    at: Instant,
    dropped: Dropped,
}

/// What did not fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Dropped {
    pub(super) lines: u64,
    pub(super) bytes: u64,
}

impl Budget {
    /// With all of the burst there.
    pub(super) fn new(rate: u64, now: Instant) -> Self {
        Self { bytes: rate as f64 * BURST, at: now, dropped: Dropped::default() }
    }

    /// What came since last time.
    pub(super) fn fill(&mut self, rate: u64, now: Instant) {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.bytes = (self.bytes + elapsed * rate as f64).min(rate as f64 * BURST);
    }

    /// Whether a line of `bytes` may be written. After a drop nothing may until a second's worth is there, or each
    /// line of a flood would come with the news of those dropped before it.
    pub(super) fn take(&mut self, rate: u64, bytes: usize) -> bool {
        let enough = if self.dropped.lines > 0 { rate as f64 } else { 0.0 };
        if rate > 0 && self.bytes > 0.0 && self.bytes >= enough {
            self.bytes -= (bytes + LINE) as f64;
            return true;
        }
        self.dropped.lines += 1;
        self.dropped.bytes += bytes as u64;
        false
    }

    /// What was dropped since the last time it was asked.
    pub(super) fn dropped(&mut self) -> Option<Dropped> {
        let dropped = std::mem::take(&mut self.dropped);
        (dropped.lines > 0).then_some(dropped)
    }

    /// Whether the flood is over, so that it can be told of.
    pub(super) fn is_over(&self, rate: u64) -> bool {
        self.dropped.lines > 0 && rate > 0 && self.bytes >= rate as f64
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const RATE: u64 = 1_000;

    fn taken(budget: &mut Budget, lines: usize) -> usize {
        (0..lines).filter(|_| budget.take(RATE, 100 - LINE)).count()
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let start = Instant::now();
        let mut budget = Budget::new(RATE, start);
        assert_eq!(taken(&mut budget, 1_000), 50);
        assert_eq!(budget.dropped(), Some(Dropped { lines: 950, bytes: 950 * 68 }));
        assert_eq!(budget.dropped(), None);
        budget.fill(RATE, start + Duration::from_secs(2));
        assert_eq!(taken(&mut budget, 1_000), 20);
        assert_eq!(budget.dropped().map(|dropped| dropped.lines), Some(980));
        budget.fill(RATE, start + Duration::from_secs(1_000));
        assert_eq!(taken(&mut budget, 1_000), 50);
    }

    #[test]
    fn after_a_drop_a_second_must_be_saved() {
        let start = Instant::now();
        let mut budget = Budget::new(RATE, start);
        taken(&mut budget, 51);
        budget.fill(RATE, start + Duration::from_millis(900));
        assert!(!budget.is_over(RATE) && !budget.take(RATE, 1));
        budget.fill(RATE, start + Duration::from_millis(1_100));
        assert!(budget.is_over(RATE) && budget.take(RATE, 1));
    }

    #[test]
    fn a_line_longer_than_the_burst_passes_once_and_is_paid_off() {
        let start = Instant::now();
        let mut budget = Budget::new(RATE, start);
        assert!(budget.take(RATE, 8_000) && !budget.take(RATE, 1));
        budget.fill(RATE, start + Duration::from_secs(3));
        assert!(!budget.take(RATE, 1));
        budget.fill(RATE, start + Duration::from_secs(5));
        assert!(budget.take(RATE, 1));
    }

    #[test]
    fn a_rate_of_nothing_lets_nothing_pass() {
        let mut budget = Budget::new(0, Instant::now());
        assert!(!budget.take(0, 0) && !budget.is_over(0));
    }
}
