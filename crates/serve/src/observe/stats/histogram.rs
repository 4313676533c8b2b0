//! How long things took, in the buckets of Prometheus.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Upper bounds in microseconds, inclusive; what is above the last has a bucket of its own.
const BOUNDS: [u64; 18] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000, 30_000_000, 60_000_000,
];

#[derive(Debug, Default)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

/// A [`Histogram`] at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::observe) struct Distribution {
    /// Bounds in seconds, and how many values are not above each. The last bound is infinite.
    pub(in crate::observe) buckets: Vec<(f64, u64)>,
    /// All values together.
    pub(in crate::observe) sum: Duration,
    /// How many values, which is what the last bucket says.
    pub(in crate::observe) count: u64,
}

impl Histogram {
    pub(super) fn add(&self, took: Duration) {
        let nanoseconds = super::nanoseconds(took);
        let bucket = BOUNDS.partition_point(|bound| bound * 1_000 < nanoseconds);
        self.buckets[bucket].fetch_add(1, Relaxed);
        self.nanoseconds.fetch_add(nanoseconds, Relaxed);
    }

    pub(super) fn read(&self) -> Distribution {
        let sum = Duration::from_nanos(self.nanoseconds.load(Relaxed));
        let bounds = BOUNDS.iter().map(|bound| Duration::from_micros(*bound).as_secs_f64()).chain([f64::INFINITY]);
        let mut count = 0;
        let cumulative = |(bound, bucket): (f64, &AtomicU64)| {
            count += bucket.load(Relaxed);
            (bound, count)
        };
        let buckets = bounds.zip(&self.buckets).map(cumulative).collect();
        Distribution { buckets, sum, count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_at_a_bound_is_below_it() {
        let histogram = Histogram::default();
        let values =
            [Duration::ZERO, Duration::from_micros(100), Duration::from_nanos(100_001), Duration::from_secs(61)];
        values.iter().for_each(|value| histogram.add(*value));
        let read = histogram.read();
        assert_eq!(read.buckets[0], (0.0001, 2));
        assert_eq!(read.buckets[1], (0.00025, 3));
        assert_eq!(read.buckets[17], (60.0, 3));
        assert_eq!(read.buckets[18], (f64::INFINITY, 4));
        assert_eq!((read.count, read.sum), (4, values.iter().sum()));
    }
}
