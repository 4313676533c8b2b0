//! Time limits: a thread that ticks, and the deadline a guest looks at when it does.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use holm_grants::Limits;
use rustix::time::{ClockId, clock_gettime};
use wasmtime::Engine;

/// How often a running guest looks at its deadline.
const TICK: Duration = Duration::from_millis(1);

/// Starts the thread that makes `engine`'s guests look at their deadlines, once every millisecond.
///
/// One per engine, never per guest. It ends when the engine is dropped.
///
/// # Errors
/// The operating system could not start a thread.
pub(crate) fn start_ticking(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    thread::Builder::new().name("holm-tick".into()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    })?;
    Ok(())
}

/// Which limit on time was reached, and how long it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// CPU time.
    Cpu(Duration),
    /// Wall time.
    Wall(Duration),
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exhausted::Cpu(limit) => write!(f, "out of CPU time after {limit:?}"),
            Exhausted::Wall(limit) => write!(f, "out of time after {limit:?}"),
        }
    }
}

impl std::error::Error for Exhausted {}

/// The moment at which a guest has used up its time, on the thread that runs it.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    cpu: Option<(Duration, Duration)>,
    wall: Option<(Instant, Duration)>,
}

impl Deadline {
    /// Starts counting now, on this thread.
    pub fn start(limits: &Limits) -> Self {
        Self {
            cpu: limits.cpu.map(|limit| (thread_cpu().saturating_add(limit), limit)),
            wall: limits.wall.and_then(|limit| Some((Instant::now().checked_add(limit)?, limit))),
        }
    }

    /// When the limit on wall time is reached, for whoever waits outside the guest.
    pub fn wall(&self) -> Option<Instant> {
        self.wall.map(|(at, _)| at)
    }

    /// Whether the guest may go on.
    ///
    /// # Errors
    /// The limit that was reached.
    pub fn check(&self) -> Result<(), Exhausted> {
        if let Some((at, limit)) = self.wall
            && Instant::now() >= at
        {
            return Err(Exhausted::Wall(limit));
        }
        if let Some((at, limit)) = self.cpu
            && thread_cpu() >= at
        {
            return Err(Exhausted::Cpu(limit));
        }
        Ok(())
    }
}

/// The CPU time that this thread has used.
pub fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeping_guest_uses_wall_time_and_no_cpu_time() {
        let limits =
            Limits { cpu: Some(Duration::from_secs(5)), wall: Some(Duration::from_millis(5)), ..Limits::default() };
        let deadline = Deadline::start(&limits);
        assert_eq!(deadline.check(), Ok(()));
        thread::sleep(Duration::from_millis(10));
        assert_eq!(deadline.check(), Err(Exhausted::Wall(Duration::from_millis(5))));
    }
}
