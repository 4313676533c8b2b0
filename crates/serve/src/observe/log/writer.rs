//! The thread that writes the log.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use holm_manifest::server::LogFormat;

use super::event::{Event, Level};
use super::queue::{Lines, Waiting};

/// Bytes of room that are kept for the next lines.
const KEPT: usize = 1 << 20;
/// How long lines are left to gather while there are some. Whoever logs then never has to wake this thread, which
/// would cost more than all the rest.
const GATHER: Duration = Duration::from_millis(5);

/// Where lines go.
pub(super) enum Target {
    File(File, PathBuf),
    Other(Box<dyn Write + Send>),
}

pub(super) struct Writer {
    lines: Lines,
    target: Target,
    format: LogFormat,
    /// How many dropped lines the log has told of.
    told: u64,
}

impl Writer {
    pub(super) fn new(lines: Lines, target: Target, format: LogFormat) -> Self {
        Self { lines, target, format, told: 0 }
    }

    /// Writes until nobody logs any more.
    pub(super) fn run(mut self) {
        let mut emptied = Vec::new();
        loop {
            let mut waiting = self.lines.take(std::mem::take(&mut emptied));
            if waiting.reopen {
                self.reopen(&mut waiting.text);
            }
            self.write(&mut waiting);
            if waiting.ended {
                return;
            }
            emptied = waiting.text;
            emptied.clear();
            emptied.shrink_to(KEPT);
            std::thread::sleep(GATHER);
        }
    }

    fn write(&mut self, waiting: &mut Waiting) {
        let told = self.told;
        self.tell_dropped(waiting);
        if !waiting.text.is_empty() && self.target.write(&waiting.text).is_err() {
            // There is nobody to tell but the log itself, which does when it can be written again.
            self.lines.drop_lines(waiting.lines);
            self.told = told;
        }
        for done in waiting.flushed.drain(..) {
            let _ = done.try_send(());
        }
    }

    fn tell_dropped(&mut self, waiting: &mut Waiting) {
        if waiting.dropped > self.told {
            let lines = waiting.dropped - self.told;
            let text = format!("{lines} lines of this log were dropped: they could not be written, or not fast enough");
            self.say(Level::Warn, &text, &mut waiting.text);
            self.told = waiting.dropped;
        }
    }

    fn reopen(&mut self, log: &mut Vec<u8>) {
        let Target::File(file, path) = &mut self.target else { return };
        match super::open(path) {
            Ok(new) => *file = new,
            Err(error) => {
                let text = format!("the log {} is not opened again: {error}; the old file goes on", path.display());
                self.say(Level::Error, &text, log);
            }
        }
    }

    fn say(&self, level: Level, text: &str, log: &mut Vec<u8>) {
        let line = Event { level, ..Event::now(text) }.line(self.format);
        log.extend_from_slice(line.as_bytes());
    }
}

impl Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let to: &mut dyn Write = match self {
            Target::File(file, _) => file,
            Target::Other(other) => other,
        };
        to.write_all(bytes)?;
        to.flush()
    }
}
