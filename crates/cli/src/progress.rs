//! A sign of life during work that takes over a second, on a terminal only.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// How long work may take in silence.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows what is going on until it is dropped.
pub(crate) struct Progress {
    _alive: Sender<()>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Progress {
    /// Starts waiting; after a second, shows `message`.
    pub(crate) fn start(message: String) -> Option<Self> {
        if !std::io::IsTerminal::is_terminal(&std::io::stderr()) {
            return None;
        }
        let (alive, done) = channel();
        let thread = thread::Builder::new().spawn(move || show(&message, &done)).ok();
        Some(Self { _alive: alive, thread })
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        // The sender has to go before the thread can notice.
        let (replacement, _) = channel();
        self._alive = replacement;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(feature = "progress")]
fn show(message: &str, done: &Receiver<()>) {
    let over = |wait| done.recv_timeout(wait) != Err(RecvTimeoutError::Timeout);
    if over(PATIENCE) {
        return;
    }
    let bar = indicatif::ProgressBar::new_spinner();
    if let Ok(style) = indicatif::ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(message.to_owned());
    while !over(Duration::from_millis(100)) {
        bar.tick();
    }
    bar.finish_and_clear();
}

#[cfg(not(feature = "progress"))]
fn show(message: &str, done: &Receiver<()>) {
    if done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        crate::output::note(message);
    }
}
