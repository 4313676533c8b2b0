//! A sign of life during work that takes over a second, on a terminal only.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long work may take in silence.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows what is going on until it is dropped.
pub(crate) struct Progress {
    news: Sender<String>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Progress {
    /// Starts waiting; after a second, shows `message`.
    pub(crate) fn start(message: String) -> Option<Self> {
        if !std::io::IsTerminal::is_terminal(&std::io::stderr()) {
            return None;
        }
        let (news, heard) = channel();
        let thread = thread::Builder::new().spawn(move || show(message, &heard)).ok();
        Some(Self { news, thread })
    }

    /// Shows another message from now on.
    #[cfg(any(feature = "registry", feature = "serve"))]
    pub(crate) fn say(&self, message: String) {
        // A thread that could not be started shows nothing.
        let _ = self.news.send(message);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        // The sender has to go before the thread can notice.
        let (replacement, _) = channel();
        self.news = replacement;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(feature = "progress")]
fn show(message: String, heard: &Receiver<String>) {
    let Some(message) = wait(message, heard) else { return };
    let bar = indicatif::ProgressBar::new_spinner();
    if let Ok(style) = indicatif::ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(message);
    loop {
        match heard.recv_timeout(Duration::from_millis(100)) {
            Ok(message) => bar.set_message(message),
            Err(RecvTimeoutError::Timeout) => bar.tick(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    bar.finish_and_clear();
}

#[cfg(not(feature = "progress"))]
fn show(message: String, heard: &Receiver<String>) {
    if let Some(message) = wait(message, heard) {
        crate::output::note(&message);
    }
}

/// The message to show once patience has ended; `None` when the work ended before.
fn wait(mut message: String, heard: &Receiver<String>) -> Option<String> {
    let end = Instant::now() + PATIENCE;
    loop {
        match heard.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(newer) => message = newer,
            Err(RecvTimeoutError::Timeout) => return Some(message),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}
