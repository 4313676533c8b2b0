//! The thread that writes the log.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, TryRecvError};
use std::time::Duration;

use holm_manifest::server::LogFormat;

use super::event::{Event, Level};
use super::queue::{Lines, Message};

/// Bytes after which lines are written without looking for more.
const BATCH: usize = 64 << 10;
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
    /// What is to be written next.
    batch: Vec<u8>,
    batch_lines: u64,
    flushed: Vec<SyncSender<()>>,
    /// How many dropped lines the log has told of.
    told: u64,
}

/// What there was to take.
enum Taken {
    /// A whole batch, and perhaps there is more.
    Batch,
    Something,
    Nothing,
    /// Nobody logs any more.
    End,
}

impl Writer {
    pub(super) fn new(lines: Lines, target: Target, format: LogFormat) -> Self {
        Self { lines, target, format, batch: Vec::new(), batch_lines: 0, flushed: Vec::new(), told: 0 }
    }

    /// Writes until nobody logs any more.
    pub(super) fn run(mut self) {
        loop {
            let taken = self.take();
            self.reopen();
            self.write();
            match taken {
                Taken::Batch => {}
                Taken::Something => std::thread::sleep(GATHER),
                Taken::Nothing => self.wait(),
                Taken::End => return,
            }
        }
    }

    /// Takes what waits, up to a batch.
    fn take(&mut self) -> Taken {
        let mut taken = Taken::Nothing;
        while self.batch.len() < BATCH {
            match self.lines.messages.try_recv() {
                Ok(message) => self.put(message),
                Err(TryRecvError::Empty) => return taken,
                Err(TryRecvError::Disconnected) => return Taken::End,
            }
            taken = Taken::Something;
        }
        Taken::Batch
    }

    /// Waits until there is something to do.
    fn wait(&mut self) {
        // A queue that nobody sends to is seen by the next look.
        if let Ok(message) = self.lines.messages.recv() {
            self.put(message);
        }
    }

    fn put(&mut self, message: Message) {
        match message {
            Message::Line(line) => {
                self.lines.shared.taken(line.len());
                self.batch.extend_from_slice(line.as_bytes());
                self.batch_lines += 1;
            }
            Message::Flush(done) => self.flushed.push(done),
            Message::Look => {}
        }
    }

    fn write(&mut self) {
        let told = self.told;
        self.tell_dropped();
        if !self.batch.is_empty() && self.target.write(&self.batch).is_err() {
            // There is nobody to tell but the log itself, which does when it can be written again.
            self.lines.shared.drop_lines(self.batch_lines);
            self.told = told;
        }
        self.batch.clear();
        self.batch_lines = 0;
        for done in self.flushed.drain(..) {
            let _ = done.try_send(());
        }
    }

    fn tell_dropped(&mut self) {
        let dropped = self.lines.shared.dropped();
        if dropped > self.told {
            let lines = dropped - self.told;
            let text = format!("{lines} lines of this log were dropped: they could not be written, or not fast enough");
            self.say(Level::Warn, &text);
            self.told = dropped;
        }
    }

    fn reopen(&mut self) {
        if !self.lines.shared.take_reopen() {
            return;
        }
        let Target::File(file, path) = &mut self.target else { return };
        match super::open(path) {
            Ok(new) => *file = new,
            Err(error) => {
                let text = format!("the log {} is not opened again: {error}; the old file goes on", path.display());
                self.say(Level::Error, &text);
            }
        }
    }

    fn say(&mut self, level: Level, text: &str) {
        let line = Event { level, ..Event::now(text) }.line(self.format);
        self.batch.extend_from_slice(line.as_bytes());
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
