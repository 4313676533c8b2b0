//! Time and chance for guests that must do the same thing twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

/// What all randomness of a deterministic guest grows from.
pub(crate) const SEED: u64 = 0x686f_6c6d;

/// 2000-01-01T00:00:00Z: late enough for programs that take 1970 for "no time at all".
const EPOCH: Duration = Duration::from_secs(946_684_800);

/// How far each look at a clock moves it. Some guests, Go's among them, wait until time has passed.
const STEP: u64 = 1_000_000;

/// A clock that moves by a millisecond whenever it is looked at, and not otherwise.
#[derive(Clone, Default)]
pub(crate) struct SteadyClock(Arc<AtomicU64>);

impl SteadyClock {
    fn advance(&self) -> u64 {
        self.0.fetch_add(STEP, Ordering::Relaxed) + STEP
    }
}

impl HostWallClock for SteadyClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(STEP)
    }

    fn now(&self) -> Duration {
        EPOCH + Duration::from_nanos(self.advance())
    }
}

impl HostMonotonicClock for SteadyClock {
    fn resolution(&self) -> u64 {
        STEP
    }

    fn now(&self) -> u64 {
        self.advance()
    }
}

/// The same random numbers, every time.
pub(crate) fn seeded() -> StdRng {
    StdRng::seed_from_u64(SEED)
}
