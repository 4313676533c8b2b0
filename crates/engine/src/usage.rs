//! What a guest uses, counted while it runs.

use std::any::Any;
use std::cell::Cell;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::account::{Account, Share};
use crate::clock::thread_cpu;
use crate::turn;

/// What one guest has used so far. Many guests share a thread, so time counts only while the guest is polled.
#[derive(Debug, Default)]
pub struct Usage {
    /// Nanoseconds of CPU time, those of the poll that is going on left out.
    cpu: AtomicU64,
    /// Bytes of memory at most.
    memory: AtomicU64,
    /// Units of fuel, where they are counted.
    fuel: AtomicU64,
    /// Calls of the host's functions, where they are counted.
    host_calls: AtomicU64,
    /// Nanoseconds that the call took, where that is counted.
    wall: AtomicU64,
    /// Where its instances are counted.
    account: Option<Arc<Account>>,
    /// Kept for as long as an instance works on what counts here.
    held: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Usage {
    /// Of a guest whose instances count in `account`.
    pub fn of(account: &Arc<Account>) -> Self {
        Self { account: Some(Arc::clone(account)), ..Self::default() }
    }

    /// Of other work whose memory counts where this one's does, and whose time has limits of its own.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self { account: self.account.clone(), ..Self::default() }
    }

    /// Adds what `other` counted, which has come to its end.
    pub fn add(&self, other: &Usage) {
        self.add_cpu(other.cpu());
        self.has_memory(other.memory());
        self.add_fuel(other.fuel());
        self.host_calls.fetch_add(other.host_calls(), Relaxed);
    }

    /// Keeps `what` for as long as there is an instance that counts here, or until it is released.
    #[must_use]
    pub fn holding(self, what: impl Any + Send) -> Self {
        Self { held: Mutex::new(Some(Box::new(what))), ..self }
    }

    /// Lets go of what is held: the instance has done its work, and waits for other.
    pub fn release(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// A share of the account for a new instance, if there is an account.
    pub fn share(&self) -> Option<Share> {
        self.account.as_ref().map(Share::new)
    }

    /// CPU time, up to the last time it waited.
    pub fn cpu(&self) -> Duration {
        Duration::from_nanos(self.cpu.load(Relaxed))
    }

    /// CPU time up to now, for whoever runs on the guest's own thread while it is polled.
    pub(crate) fn cpu_now(&self) -> Duration {
        self.cpu() + POLL.get().map_or(Duration::ZERO, Span::used)
    }

    /// The most memory it had at once, in bytes.
    pub fn memory(&self) -> u64 {
        self.memory.load(Relaxed)
    }

    /// Units of fuel that it burnt: 0 where none is counted.
    pub fn fuel(&self) -> u64 {
        self.fuel.load(Relaxed)
    }

    /// How often it called the host, growth of its memory included: 0 where that is not counted.
    pub fn host_calls(&self) -> u64 {
        self.host_calls.load(Relaxed)
    }

    /// How long the call took, where that was counted.
    pub fn wall(&self) -> Duration {
        Duration::from_nanos(self.wall.load(Relaxed))
    }

    fn took(&self, wall: Duration) {
        self.wall.store(u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }

    /// It burnt `more` units of fuel.
    pub(crate) fn add_fuel(&self, more: u64) {
        self.fuel.fetch_add(more, Relaxed);
    }

    /// It called a function of the host. For ABIs that count those calls themselves.
    pub fn called_host(&self) {
        self.host_calls.fetch_add(1, Relaxed);
    }

    /// Adds CPU time used where no poll is counted, on a guest's own threads; returns the sum.
    pub fn add_cpu(&self, more: Duration) -> Duration {
        let more = u64::try_from(more.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.cpu.fetch_add(more, Relaxed).saturating_add(more))
    }

    /// Takes note that the guest has this many bytes of memory now.
    pub fn has_memory(&self, bytes: u64) {
        self.memory.fetch_max(bytes, Relaxed);
    }
}

/// What is shorter than this passes for CPU time all of it: asking for a thread's CPU time is a system call, which costs
/// as much as a small guest's work, and asking what time it is does not.
const SHORT: Duration = Duration::from_micros(500);

thread_local! {
    /// The poll that is going on.
    static POLL: Cell<Option<Span>> = const { Cell::new(None) };
    /// When this thread last asked for its CPU time, and how much it had.
    static ASKED: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
}

/// A stretch of work on this thread.
#[derive(Clone, Copy)]
struct Span {
    start: Instant,
    /// The thread's CPU time at some moment not long before.
    before: Duration,
}

impl Span {
    fn begin(start: Instant) -> Self {
        let before = match ASKED.get() {
            Some((at, cpu)) if start.duration_since(at) < SHORT => cpu,
            _ => ask(start),
        };
        Self { start, before }
    }

    /// CPU time since. Of a long one, what the thread had: it may have been kept waiting by others.
    fn used(self) -> Duration {
        self.used_at(Instant::now())
    }

    fn used_at(self, now: Instant) -> Duration {
        let passed = now.duration_since(self.start);
        if passed < SHORT { passed } else { passed.min(ask(now).saturating_sub(self.before)) }
    }
}

fn ask(now: Instant) -> Duration {
    let cpu = thread_cpu();
    ASKED.set(Some((now, cpu)));
    cpu
}

/// A guest's future, whose polls are counted.
pub struct Metered<F> {
    guest: F,
    usage: Arc<Usage>,
    /// When the call began whose first poll is still to come.
    begins: Option<Instant>,
    start: Option<Instant>,
}

impl<F> Metered<F> {
    /// Counts the polls of `guest` in `usage`.
    pub fn new(usage: Arc<Usage>, guest: F) -> Self {
        Self { guest, usage, begins: None, start: None }
    }

    /// Likewise of a call that began at `start`, a moment ago on this thread: what it took to get here is counted as well,
    /// and how long it takes in all.
    pub(crate) fn since(usage: Arc<Usage>, guest: F, start: Instant) -> Self {
        Self { guest, usage, begins: Some(start), start: Some(start) }
    }
}

/// A call that is not waited for has taken until now.
impl<F> Drop for Metered<F> {
    fn drop(&mut self) {
        if let Some(start) = self.start {
            self.usage.took(start.elapsed());
        }
    }
}

impl<F: Future + Unpin> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let span = Span::begin(self.begins.take().unwrap_or_else(Instant::now));
        let outer = POLL.replace(Some(span));
        let polled = Pin::new(&mut self.guest).poll(cx);
        POLL.set(outer);
        turn::end();
        let now = Instant::now();
        self.usage.add_cpu(span.used_at(now));
        if polled.is_ready()
            && let Some(start) = self.start.take()
        {
            self.usage.took(now.saturating_duration_since(start));
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use std::future::{poll_fn, ready};
    use std::task::Waker;

    use super::*;

    fn poll<F: Future + Unpin>(guest: &mut Metered<F>) {
        let _ = Pin::new(guest).poll(&mut Context::from_waker(Waker::noop()));
    }

    #[test]
    fn a_guest_that_keeps_its_thread_without_using_it_uses_little() {
        let usage = Arc::<Usage>::default();
        let waits = poll_fn(|_| {
            std::thread::sleep(Duration::from_millis(100));
            Poll::<()>::Pending
        });
        poll(&mut Metered::new(Arc::clone(&usage), waits));
        assert!(usage.cpu() < Duration::from_millis(50), "{:?}", usage.cpu());
    }

    #[test]
    fn a_guest_that_computes_uses_what_it_takes_while_it_does() {
        let usage = Arc::<Usage>::default();
        let seen = Arc::clone(&usage);
        let computes = poll_fn(move |_| {
            let start = thread_cpu();
            while thread_cpu() - start < Duration::from_millis(20) {}
            Poll::Ready(seen.cpu_now())
        });
        let mut guest = Metered::new(Arc::clone(&usage), computes);
        let Poll::Ready(within) = Pin::new(&mut guest).poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
        assert!(within >= Duration::from_millis(20), "{within:?}");
        assert!(usage.cpu() >= within, "{:?}", usage.cpu());
        poll(&mut Metered::new(Arc::clone(&usage), ready(())));
    }
}
