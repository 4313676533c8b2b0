//! What a connection is doing, so that one timer per connection is enough.
//!
//! A request costs no timer: it leaves marks here, and the connection's timer, armed for the earliest time at which
//! anything could be late, looks at them when it fires.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::Limits;

/// What too long a wait was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    Header,
    Idle,
    Write,
    Linger,
}

const IDLE: u8 = 0;
const HEAD: u8 = 1;
const LINGER: u8 = 2;

/// So that no sum of times overflows.
pub(super) const LONGEST: Duration = Duration::from_hours(24 * 365);

/// A beginning whose time is looked up when someone asks: most requests' heads come whole and nobody does.
const JUST_NOW: u64 = u64::MAX;

/// Marks left by the socket (reads, writes) and by requests (start, end). The marks of one connection are written by
/// one task on HTTP/1 and by few on HTTP/2, and each stands for itself, so no ordering is needed.
#[derive(Debug)]
pub(super) struct Activity {
    began: Instant,
    patience: Patience,
    /// Requests whose response is not complete.
    requests: AtomicU32,
    /// What goes on while there is no request: `IDLE`, `HEAD`, `LINGER`.
    state: AtomicU8,
    /// Since when, in milliseconds from `began`.
    since: AtomicU64,
    /// Since when the client takes no bytes, plus one; 0 when it does.
    stalled: AtomicU64,
    /// HTTP/2, where a read says nothing about the start of a request.
    multiplexed: AtomicBool,
    /// A request was left in the middle.
    unfinished: AtomicBool,
}

/// The limits that concern a connection's timer, in milliseconds.
#[derive(Debug)]
struct Patience {
    header_read: u64,
    idle: u64,
    write_stall: u64,
    linger: u64,
}

/// In milliseconds, which all times here are in: they are compared after every event.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.min(LONGEST).as_millis()).unwrap_or(u64::MAX)
}

impl Activity {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            began: Instant::now(),
            patience: Patience {
                header_read: millis(limits.header_read),
                idle: millis(limits.idle),
                write_stall: millis(limits.write_stall),
                linger: millis(limits.linger),
            },
            requests: AtomicU32::new(0),
            state: AtomicU8::new(HEAD),
            since: AtomicU64::new(0),
            stalled: AtomicU64::new(0),
            multiplexed: AtomicBool::new(false),
            unfinished: AtomicBool::new(false),
        }
    }

    /// Milliseconds since the connection began.
    pub(super) fn now(&self) -> u64 {
        millis(self.began.elapsed())
    }

    /// The instant that is so many milliseconds after the connection began.
    pub(super) fn instant(&self, at: u64) -> Instant {
        self.began + Duration::from_millis(at).min(LONGEST * 2)
    }

    fn enter(&self, state: u8) {
        self.since.store(self.now(), Relaxed);
        self.state.store(state, Relaxed);
    }

    /// HTTP begins, after PROXY header and handshake.
    pub(super) fn begin(&self, multiplexed: bool) {
        self.multiplexed.store(multiplexed, Relaxed);
        self.enter(if multiplexed { IDLE } else { HEAD });
    }

    /// Bytes came.
    pub(super) fn read(&self) {
        let between = self.requests.load(Relaxed) == 0 && self.state.load(Relaxed) == IDLE;
        if between && !self.multiplexed.load(Relaxed) {
            self.since.store(JUST_NOW, Relaxed);
            self.state.store(HEAD, Relaxed);
        }
    }

    /// The client took bytes.
    pub(super) fn wrote(&self) {
        let stalled = self.stalled.load(Relaxed) != 0;
        if stalled {
            self.stalled.store(0, Relaxed);
        }
        // What is written between requests is the rest of a response: the connection is idle only after it.
        let rest = stalled || self.multiplexed.load(Relaxed);
        if rest && self.requests.load(Relaxed) == 0 && self.state.load(Relaxed) == IDLE {
            self.since.store(self.now(), Relaxed);
        }
    }

    /// The client should have taken bytes and did not.
    pub(super) fn stuck(&self) {
        if self.stalled.load(Relaxed) == 0 {
            self.stalled.store(self.now() + 1, Relaxed);
        }
    }

    /// A request's headers are there.
    pub(super) fn request(&self) {
        self.requests.fetch_add(1, Relaxed);
        self.state.store(IDLE, Relaxed);
    }

    /// A request's response is complete or given up.
    pub(super) fn done(&self) {
        // The time first: whoever sees no requests must see since when.
        self.since.store(self.now(), Relaxed);
        self.requests.fetch_sub(1, Relaxed);
    }

    /// The connection must not be closed without reading what is still on its way.
    pub(super) fn leave_unfinished(&self) {
        self.unfinished.store(true, Relaxed);
    }

    /// Whether the client may be in the middle of sending.
    pub(super) fn is_unfinished(&self) -> bool {
        self.unfinished.load(Relaxed) || self.state.load(Relaxed) == HEAD
    }

    /// The connection is closed for writing and only read to its end.
    pub(super) fn linger(&self) {
        if self.state.load(Relaxed) != LINGER {
            self.enter(LINGER);
        }
    }

    /// When the connection is late, unless something happens before, and what for. None while the service works.
    /// To be asked after everything that came was dealt with.
    pub(super) fn deadline(&self) -> Option<(u64, Late)> {
        let patience = &self.patience;
        let stalled = self.stalled.load(Relaxed);
        let stalled = (stalled != 0).then(|| (stalled - 1 + patience.write_stall, Late::Write));
        if self.requests.load(Relaxed) != 0 {
            return stalled;
        }
        let (limit, late) = match self.state.load(Relaxed) {
            HEAD => (patience.header_read, Late::Header),
            LINGER => (patience.linger, Late::Linger),
            // While the end of a response does not get out, that is what counts.
            _ if stalled.is_some() => return stalled,
            _ => (patience.idle, Late::Idle),
        };
        let waiting = (self.since() + limit, late);
        Some(stalled.filter(|stalled| stalled.0 < waiting.0).unwrap_or(waiting))
    }

    fn since(&self) -> u64 {
        let since = self.since.load(Relaxed);
        if since != JUST_NOW {
            return since;
        }
        let now = self.now();
        self.since.store(now, Relaxed);
        now
    }
}
