//! Someone who reads a log as it is written.

use std::time::SystemTime;

use holm_admin::wire::{LogLine, LogSource};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::entry::{About, Entry};

/// How many lines a reader may be behind.
const BEHIND: usize = 512;

#[derive(Debug)]
pub(super) struct Follower {
    lines: Sender<LogLine>,
    /// It was told that it misses lines, and does so until there is room again.
    misses: bool,
}

impl Follower {
    /// A reader that gets `backlog` first.
    pub(super) fn new(backlog: Vec<LogLine>) -> (Self, Receiver<LogLine>) {
        // One place more, for the news that lines are missing.
        let (lines, reader) = channel(backlog.len() + BEHIND + 1);
        for line in backlog {
            // There is room for all of it.
            let _ = lines.try_send(line);
        }
        (Self { lines, misses: false }, reader)
    }

    /// Hands a line over if there is room; the last place is for saying that there was none. Whether it still reads.
    pub(super) fn offer(&mut self, line: &LogLine) -> bool {
        // Only the reader changes this meanwhile, and it makes more room.
        let room = self.lines.capacity();
        let sent = match (room, self.misses) {
            (2.., _) => {
                self.misses = false;
                self.lines.try_send(line.clone())
            }
            (1, false) => {
                self.misses = true;
                self.lines.try_send(missing())
            }
            _ => return !self.lines.is_closed(),
        };
        !matches!(sent, Err(TrySendError::Closed(_)))
    }

    pub(super) fn is_gone(&self) -> bool {
        self.lines.is_closed()
    }
}

fn missing() -> LogLine {
    let about = About { version: None, request: None, source: LogSource::Server };
    Entry::new(SystemTime::now(), about, "lines are missing here: this reader was too slow".to_owned()).line()
}
