//! From whoever logs to the thread that writes.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many bytes of lines may wait.
const BYTES: usize = 8 << 20;

/// What waits to be written.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Whole lines.
    pub(super) text: Vec<u8>,
    /// How many.
    pub(super) lines: u64,
    /// Told when all that came before is written.
    pub(super) flushed: Vec<SyncSender<()>>,
    /// The file is to be opened again.
    pub(super) reopen: bool,
    /// Nobody logs any more.
    pub(super) ended: bool,
    /// Lines that were dropped so far, at either end.
    pub(super) dropped: u64,
    /// The thread waits to be woken.
    asleep: bool,
}

/// The end of those who log. The lines of all of them are put together as they come: a line that crossed threads by
/// itself would cost more than to write it.
#[derive(Debug)]
pub(super) struct Queue(Arc<Shared>);

/// The end of the thread that writes.
#[derive(Debug)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    wake: Condvar,
}

pub(super) fn queue() -> (Queue, Lines) {
    let shared = Arc::<Shared>::default();
    (Queue(Arc::clone(&shared)), Lines(shared))
}

impl Queue {
    /// Hands a line over, or counts it as dropped when too much waits.
    pub(super) fn send(&self, line: &str) {
        self.0.change(|waiting| {
            if waiting.text.len() > BYTES {
                waiting.dropped += 1;
            } else {
                waiting.text.extend_from_slice(line.as_bytes());
                waiting.lines += 1;
            }
        });
    }

    /// Asks the thread to open its file again.
    pub(super) fn reopen(&self) {
        self.0.change(|waiting| waiting.reopen = true);
    }

    pub(super) fn flush(&self, patience: Duration) -> bool {
        let (done, is_done) = sync_channel(1);
        self.0.change(|waiting| waiting.flushed.push(done));
        is_done.recv_timeout(patience).is_ok()
    }

    pub(super) fn dropped(&self) -> u64 {
        self.0.lock().dropped
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.0.change(|waiting| waiting.ended = true);
    }
}

impl Lines {
    /// All that waits, as soon as there is something. `emptied` is used for what comes next.
    pub(super) fn take(&self, emptied: Vec<u8>) -> Waiting {
        let mut waiting = self.0.lock();
        while waiting.is_idle() {
            waiting.asleep = true;
            waiting = self.0.wake.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let next = Waiting { text: emptied, dropped: waiting.dropped, ..Waiting::default() };
        std::mem::replace(&mut waiting, next)
    }

    pub(super) fn drop_lines(&self, lines: u64) {
        self.0.lock().dropped += lines;
    }
}

impl Waiting {
    fn is_idle(&self) -> bool {
        self.text.is_empty() && self.flushed.is_empty() && !self.reopen && !self.ended
    }
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.lock();
        change(&mut waiting);
        let asleep = std::mem::take(&mut waiting.asleep);
        drop(waiting);
        if asleep {
            self.wake.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
