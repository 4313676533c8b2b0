//! What time it is.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// 2000-01-01T00:00:00Z in nanoseconds, where deterministic guests begin.
const EPOCH: u64 = 946_684_800_000_000_000;

/// How far each look moves a deterministic clock. Go's guests wait until time has passed.
const STEP: u64 = 1_000_000;

/// The clocks of one machine.
pub(crate) enum Clock {
    Real(Instant),
    /// Moves when it is looked at, and not otherwise.
    Steady(u64),
}

impl Clock {
    pub(crate) fn new(deterministic: bool) -> Self {
        if deterministic { Self::Steady(0) } else { Self::Real(Instant::now()) }
    }

    /// Nanoseconds since 1970.
    pub(crate) fn real(&mut self) -> u64 {
        match self {
            Self::Real(_) => nanos(SystemTime::now()),
            Self::Steady(looks) => {
                *looks += STEP;
                EPOCH + *looks
            }
        }
    }

    /// Nanoseconds since some moment.
    pub(crate) fn monotonic(&mut self) -> u64 {
        match self {
            // Not 0, which some guests take for no time at all.
            Self::Real(start) => u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX).saturating_add(1),
            Self::Steady(looks) => {
                *looks += STEP;
                *looks
            }
        }
    }
}

/// Nanoseconds since 1970.
pub(crate) fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
