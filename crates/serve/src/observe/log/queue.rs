//! From whoever logs to the thread that writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How many lines may wait.
const LINES: usize = 8 << 10;
/// How many bytes of lines may wait.
const BYTES: usize = 8 << 20;

pub(super) enum Message {
    Line(String),
    /// Told when all that came before is written.
    Flush(SyncSender<()>),
    /// There is something in [`Shared`] to look at.
    Look,
}

#[derive(Debug)]
pub(super) struct Queue {
    lines: SyncSender<Message>,
    shared: Arc<Shared>,
}

/// What both ends see.
#[derive(Debug, Default)]
pub(super) struct Shared {
    waiting_bytes: AtomicUsize,
    dropped: AtomicU64,
    reopen: AtomicBool,
}

#[derive(Debug)]
pub(super) struct Lines {
    pub(super) messages: Receiver<Message>,
    pub(super) shared: Arc<Shared>,
}

pub(super) fn queue() -> (Queue, Lines) {
    let (sender, messages) = sync_channel(LINES);
    let shared = Arc::<Shared>::default();
    (Queue { lines: sender, shared: Arc::clone(&shared) }, Lines { messages, shared })
}

impl Queue {
    /// Hands a line over, or counts it as dropped when too much waits.
    pub(super) fn send(&self, line: String) {
        let bytes = line.len();
        let waiting = self.shared.waiting_bytes.fetch_add(bytes, Relaxed);
        if waiting > BYTES || self.lines.try_send(Message::Line(line)).is_err() {
            self.shared.waiting_bytes.fetch_sub(bytes, Relaxed);
            self.shared.drop_lines(1);
        }
    }

    /// Asks the thread to open its file again.
    pub(super) fn reopen(&self) {
        self.shared.reopen.store(true, Relaxed);
        // When the queue is full the thread is awake and looks anyway.
        let _ = self.lines.try_send(Message::Look);
    }

    pub(super) fn flush(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let (done, is_done) = sync_channel(1);
        // The channel has no sending with a timeout.
        while self.lines.try_send(Message::Flush(done.clone())).is_err() {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        is_done.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_ok()
    }

    pub(super) fn dropped(&self) -> u64 {
        self.shared.dropped()
    }
}

impl Shared {
    pub(super) fn taken(&self, bytes: usize) {
        self.waiting_bytes.fetch_sub(bytes, Relaxed);
    }

    pub(super) fn drop_lines(&self, lines: u64) {
        self.dropped.fetch_add(lines, Relaxed);
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    pub(super) fn take_reopen(&self) -> bool {
        self.reopen.swap(false, Relaxed)
    }
}
