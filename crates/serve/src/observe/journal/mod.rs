//! The log of one app.

mod app_log;
mod budget;
mod entry;
mod follower;
mod ring;
mod sink;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use holm_admin::api::LogQuery;
use holm_admin::wire::{LogLine, LogSource};
use tokio::sync::mpsc::Receiver;

pub use app_log::AppLog;
pub use sink::LineSink;

use super::printable::printable;
use budget::{Budget, Dropped};
use entry::{About, Entry};
use ring::Ring;

/// The most bytes of a line of an app's log.
const MAX_LINE: usize = 8 << 10;

/// How much of an app's log is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalLimits {
    /// Lines in memory.
    pub lines: usize,
    /// Bytes of memory for them, about.
    pub bytes: usize,
    /// Bytes a second that the guests may write, and as much again for what the server says about the app. More than
    /// that is dropped, in memory and in the process's log, once five seconds' worth was written at a time.
    pub rate: u64,
}

impl Default for JournalLimits {
    /// 500 lines, 64 KiB, 64 KiB a second.
    fn default() -> Self {
        Self { lines: 500, bytes: 64 << 10, rate: 64 << 10 }
    }
}

/// The last lines of an app's log, and those who follow it. Nothing is allocated before the first line.
#[derive(Debug)]
struct Journal {
    /// For whoever would make a line only if someone reads it.
    followed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limits: JournalLimits,
    open: Option<Box<Open>>,
}

/// What there is from the first line on.
#[derive(Debug)]
struct Open {
    ring: Ring,
    /// By [`Account`].
    budgets: [Budget; 2],
}

/// What a line is charged to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Account {
    Guest,
    Server,
}

/// A line as it was written, without its end, and how many bytes of it were not kept.
#[derive(Debug, Clone, Copy)]
struct Raw<'a> {
    bytes: &'a [u8],
    left_out: usize,
}

impl Journal {
    fn new(limits: JournalLimits) -> Self {
        Self { followed: AtomicBool::new(false), state: Mutex::new(State { limits, open: None }) }
    }

    fn set_limits(&self, limits: JournalLimits) {
        self.lock().limits = limits;
    }

    /// Whether someone reads lines as they are written, or did a moment ago.
    fn is_followed(&self) -> bool {
        self.followed.load(Relaxed)
    }

    /// Takes these lines as far as they are within the rate, and calls `each` with those it took and what it has to
    /// say itself. How many it did not take.
    fn write<'a>(
        &self,
        about: About,
        lines: impl Iterator<Item = Raw<'a>>,
        each: &mut dyn FnMut(SystemTime, About, &str),
    ) -> u64 {
        // Once for all the lines, of which there can be many in what a guest writes at once.
        let (now, time) = (Instant::now(), SystemTime::now());
        let account = Account::of(about.source);
        let mut state = self.lock();
        let limits = state.limits;
        let open = state.open(now);
        open.budgets[account as usize].fill(limits.rate, now);
        let mut dropped = 0;
        for line in lines {
            if !open.budgets[account as usize].take(limits.rate, line.bytes.len()) {
                dropped += 1;
                continue;
            }
            open.tell_dropped(account, time, &limits, each);
            let text = printable(line.bytes, MAX_LINE, line.left_out);
            each(time, about, &text);
            open.ring.push(Entry::new(time, about, text), &limits);
        }
        self.followed.store(open.ring.is_followed(), Relaxed);
        dropped
    }

    /// Shows a line to those who follow, and keeps it if that is wanted and within the rate of the server.
    fn show(&self, entry: Entry, keep: bool) {
        let now = Instant::now();
        let mut state = self.lock();
        let limits = state.limits;
        let open = state.open(now);
        let budget = &mut open.budgets[Account::Server as usize];
        budget.fill(limits.rate, now);
        if keep && budget.take(limits.rate, entry.text.len()) {
            open.ring.push(entry, &limits);
        } else {
            open.ring.show(&entry);
        }
        self.followed.store(open.ring.is_followed(), Relaxed);
    }

    /// Says what was dropped where that is over and nothing came after it.
    fn settle(&self, each: &mut dyn FnMut(SystemTime, About, &str)) {
        let mut state = self.lock();
        let limits = state.limits;
        let Some(open) = &mut state.open else { return };
        let now = Instant::now();
        for account in [Account::Guest, Account::Server] {
            let budget = &mut open.budgets[account as usize];
            budget.fill(limits.rate, now);
            if budget.is_over(limits.rate) {
                open.tell_dropped(account, SystemTime::now(), &limits, each);
            }
        }
    }

    /// The lines that `query` asks for. With `follow` the channel stays open until the journal is dropped.
    fn read(&self, query: LogQuery) -> Receiver<LogLine> {
        let mut state = self.lock();
        let open = state.open(Instant::now());
        let reader = open.ring.read(query);
        self.followed.store(open.ring.is_followed(), Relaxed);
        reader.unwrap_or_else(|| {
            let text = "too many follow this log; end another `holm logs -f`, or read it without following";
            ring::closed(vec![Entry::new(SystemTime::now(), About::server(), text.to_owned()).line()])
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every line is either in or not, so a panic in between has broken nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn open(&mut self, now: Instant) -> &mut Open {
        let rate = self.limits.rate;
        self.open.get_or_insert_with(|| {
            Box::new(Open { ring: Ring::default(), budgets: [Budget::new(rate, now), Budget::new(rate, now)] })
        })
    }
}

impl Open {
    fn tell_dropped(
        &mut self,
        account: Account,
        time: SystemTime,
        limits: &JournalLimits,
        each: &mut dyn FnMut(SystemTime, About, &str),
    ) {
        if let Some(dropped) = self.budgets[account as usize].dropped() {
            let text = dropped.tell(account, limits.rate);
            each(time, About::server(), &text);
            self.ring.push(Entry::new(time, About::server(), text), limits);
        }
    }
}

impl Account {
    fn of(source: LogSource) -> Self {
        match source {
            LogSource::Stdout | LogSource::Stderr => Account::Guest,
            LogSource::Access | LogSource::Server => Account::Server,
        }
    }
}

impl About {
    fn server() -> Self {
        Self { version: None, request: None, source: LogSource::Server }
    }
}

impl<'a> Raw<'a> {
    /// A line that was written in one piece.
    fn of(line: &'a [u8]) -> Self {
        let bytes = &line[..line.len().min(MAX_LINE)];
        Self { bytes, left_out: line.len() - bytes.len() }
    }
}

impl Dropped {
    /// How the log tells of it.
    fn tell(self, account: Account, rate: u64) -> String {
        let what = match account {
            Account::Guest => "of the app",
            Account::Server => "about the app",
        };
        let Dropped { lines, bytes } = self;
        format!("{lines} lines {what} were dropped here ({bytes} bytes): its limit `log` is {rate} bytes a second")
    }
}

#[cfg(test)]
mod tests;
