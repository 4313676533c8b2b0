//! The log of the process: one line per event, written by a thread of its own.

mod event;
mod queue;
mod writer;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use holm_admin::AppName;
use holm_admin::wire::LogSource;
use holm_manifest::server::{self, LogFormat};

pub(super) use event::Event;
pub use event::Level;

use super::Access;
use queue::Queue;
use writer::{Target, Writer};

/// The log of the process. Cloning is cheap and gives the same log.
///
/// Lines go to a thread through a bounded queue. When that is full lines are dropped, counted, and the log says so
/// later: whoever logs never waits, not even for a disk that is full or a terminal that was stopped.
#[derive(Debug, Clone)]
pub struct Log(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    format: LogFormat,
    access: bool,
    queue: Queue,
}

/// A log that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the log {} cannot be opened: {error}; set `log.file` to a file in a folder that exists and may be written to", path.display())]
pub struct OpenError {
    path: PathBuf,
    #[source]
    error: io::Error,
}

impl Log {
    /// Opens the log that `config` says and starts the thread that writes it.
    ///
    /// # Errors
    /// The file cannot be opened or created, or the system has no thread to spare.
    pub fn open(config: &server::Log) -> Result<Self, OpenError> {
        let failed = |error| OpenError { path: config.file.clone().unwrap_or_else(|| "stderr".into()), error };
        let target = match &config.file {
            Some(path) => Target::File(open(path).map_err(failed)?, path.clone()),
            None => Target::Other(Box::new(io::stderr())),
        };
        Self::start(config.format, config.access, target).map_err(failed)
    }

    /// A log written to `to`, from a thread that may wait for it.
    ///
    /// # Errors
    /// The system has no thread to spare.
    pub fn to(format: LogFormat, access: bool, to: impl Write + Send + 'static) -> io::Result<Self> {
        Self::start(format, access, Target::Other(Box::new(to)))
    }

    fn start(format: LogFormat, access: bool, target: Target) -> io::Result<Self> {
        let (queue, lines) = queue::queue();
        let writer = Writer::new(lines, target, format);
        std::thread::Builder::new().name("holm-log".to_owned()).spawn(move || writer.run())?;
        Ok(Self(Arc::new(Inner { format, access, queue })))
    }

    /// Logs something about the server as a whole.
    pub fn server(&self, level: Level, text: &str) {
        self.event(&Event { level, ..Event::now(text) });
    }

    /// Logs a request that came to no app; [`AppLog::access`](super::AppLog::access) logs those that did.
    pub fn access(&self, access: &Access<'_>) {
        self.access_of(None, access);
    }

    /// Opens the file again under its name, after another program renamed it. Nothing to do for standard error.
    /// If it cannot be opened the old one is written on, and says why.
    pub fn reopen(&self) {
        self.0.queue.reopen();
    }

    /// Waits until what was logged so far is written, but not longer than `patience`. Blocks. Says whether it is
    /// written. To be called before the process ends.
    pub fn flush(&self, patience: Duration) -> bool {
        self.0.queue.flush(patience)
    }

    /// Lines dropped because they came faster than they could be written, or because they could not be written.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.queue.dropped()
    }

    pub(super) fn access_of(&self, app: Option<&AppName>, access: &Access<'_>) {
        if self.0.access {
            self.send(&event::access(self.0.format, SystemTime::now(), app, access));
        }
    }

    pub(super) fn event(&self, event: &Event<'_>) {
        self.send(&event.line(self.0.format));
    }

    fn send(&self, line: &str) {
        self.0.queue.send(line);
    }
}

impl<'a> Event<'a> {
    fn now(text: &'a str) -> Self {
        Event {
            time: SystemTime::now(),
            level: Level::Info,
            source: LogSource::Server,
            app: None,
            version: None,
            request: None,
            text,
        }
    }
}

/// Adds to the file at `path`, which the server's own user and group may read when it is new.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options.open(path)
}

#[cfg(test)]
pub(super) mod tests;
