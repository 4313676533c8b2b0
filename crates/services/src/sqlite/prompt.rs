//! When short work is done by whoever asks for it, and when it is handed to a thread that may wait for a disk.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The most bytes of a value that are read or written at once.
// Handing work over and back takes 14 us, and copying this much about as long; a page that is in memory takes 2 us.
pub(crate) const SMALL: usize = 64 << 10;

/// A disk that kept somebody waiting this long is slow.
const SLOW: Duration = Duration::from_millis(5);
/// How long a slow disk is left to threads that may wait.
const REST: Duration = Duration::from_millis(500);

/// Pages that are written ahead before they are put into the file, as SQLite has it.
const AHEAD: u64 = 1000;
const PAGE: u64 = 4096;
/// Pages that a write changes beside those that its value fills: of the table, of its index, of the totals.
const BESIDE: u64 = 3;

/// What is known of the disk, and of the log that is written ahead.
#[derive(Debug)]
pub(super) struct Prompt {
    /// Milliseconds since [`start`] until which the disk is slow.
    slow_until: AtomicU64,
    /// Pages in the log, or more.
    ahead: AtomicU64,
    /// The log begins anew with the next write, for which SQLite waits for the disk.
    anew: AtomicBool,
}

impl Default for Prompt {
    fn default() -> Self {
        Self { slow_until: AtomicU64::new(0), ahead: AtomicU64::new(0), anew: AtomicBool::new(true) }
    }
}

impl Prompt {
    /// Whether something can be read now.
    pub(super) fn may_read(&self) -> bool {
        self.slow_until.load(Relaxed) <= now()
    }

    /// Whether something can be written now: nothing of it waits for the disk.
    pub(super) fn may_write(&self) -> bool {
        self.may_read() && !self.anew.load(Relaxed) && self.ahead.load(Relaxed) < AHEAD
    }

    /// Does work, and sees how long it takes.
    pub(super) fn watch<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        if began.elapsed() > SLOW {
            self.slow_until.store(now() + REST.as_millis() as u64, Relaxed);
        }
        done
    }

    /// So many bytes were written.
    pub(super) fn wrote(&self, bytes: u64) {
        self.ahead.fetch_add(BESIDE + bytes / PAGE, Relaxed);
    }

    /// A write that may wait is done. Says whether the log is to be put into the file now.
    pub(super) fn waited(&self) -> bool {
        self.anew.store(false, Relaxed);
        self.wrote(0);
        self.ahead.load(Relaxed) >= AHEAD
    }

    /// The log was put into the file.
    pub(super) fn caught_up(&self) {
        self.ahead.store(0, Relaxed);
        self.anew.store(true, Relaxed);
    }
}

/// Milliseconds since the first time that anybody asked.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_kept_somebody_waiting_is_left_alone_for_a_while() {
        let prompt = Prompt::default();
        prompt.watch(|| ());
        assert!(prompt.may_read());
        prompt.watch(|| std::thread::sleep(SLOW * 2));
        assert!(!prompt.may_read());
    }

    #[test]
    fn what_waits_for_the_disk_is_not_written_at_once() {
        let prompt = Prompt::default();
        assert!(!prompt.may_write(), "the log begins");
        assert!(!prompt.waited());
        assert!(prompt.may_write());
        prompt.wrote(AHEAD * PAGE);
        assert!(!prompt.may_write() && prompt.may_read(), "the log is full");
        assert!(prompt.waited());
        prompt.caught_up();
        assert!(!prompt.may_write(), "the log begins anew");
    }
}
