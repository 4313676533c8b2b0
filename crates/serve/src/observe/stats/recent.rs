//! How long the last requests took.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

const KEPT: usize = 256;

/// The last [`KEPT`] durations.
#[derive(Debug)]
pub(super) struct Recent {
    /// In microseconds, and one more: 0 is a place where nothing is yet.
    durations: [AtomicU32; KEPT],
    next: AtomicUsize,
}

impl Default for Recent {
    fn default() -> Self {
        Self { durations: [const { AtomicU32::new(0) }; KEPT], next: AtomicUsize::new(0) }
    }
}

impl Recent {
    pub(super) fn add(&self, took: Duration) {
        let place = self.next.fetch_add(1, Relaxed) % KEPT;
        let microseconds = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        self.durations[place].store(microseconds.saturating_add(1), Relaxed);
    }

    /// The durations that this many of 100 do not exceed (nearest rank); zeros when there are none yet.
    pub(super) fn percentiles<const N: usize>(&self, percents: [usize; N]) -> [Duration; N] {
        let mut kept: Vec<u32> = self.durations.iter().filter_map(|place| place.load(Relaxed).checked_sub(1)).collect();
        kept.sort_unstable();
        percents.map(|percent| {
            let rank = (kept.len() * percent).div_ceil(100);
            let value = kept.get(rank.saturating_sub(1)).copied().unwrap_or(0);
            Duration::from_micros(value.into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_last_requests_alone() {
        let recent = Recent::default();
        assert_eq!(recent.percentiles([50]), [Duration::ZERO]);
        (0..1_000).for_each(|_| recent.add(Duration::from_secs(9)));
        (0..KEPT).for_each(|_| recent.add(Duration::from_millis(1)));
        assert_eq!(recent.percentiles([50, 99]), [Duration::from_millis(1); 2]);
        (0..10).for_each(|_| recent.add(Duration::from_millis(5)));
        assert_eq!(recent.percentiles([50, 99]), [Duration::from_millis(1), Duration::from_millis(5)]);
    }

    #[test]
    fn a_few_requests_have_percentiles_too() {
        let recent = Recent::default();
        (1..=3).for_each(|millis| recent.add(Duration::from_millis(millis)));
        assert_eq!(recent.percentiles([50, 99]), [Duration::from_millis(2), Duration::from_millis(3)]);
        recent.add(Duration::MAX);
        assert!(recent.percentiles([100])[0] > Duration::from_secs(4_000));
    }
}
