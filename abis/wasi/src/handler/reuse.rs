//! Instances that answer more than one request, where their app chose that.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use holm_abi::Reuse;
use wasmtime::Store;

use crate::state::State;

/// Instances that may wait for requests, of all guests together: each has a place among the engine's, of which there are
/// so many more than instances at work.
const MOST: usize = 1000;

static WAITING: AtomicUsize = AtomicUsize::new(0);

/// An instance that can take a request: fresh, or one that has answered others.
pub(super) struct Ready<I> {
    pub(super) store: Store<State>,
    /// `None` before the first request.
    pub(super) instance: Option<I>,
    /// Requests that it may still take.
    left: u64,
}

impl<I> Ready<I> {
    pub(super) fn fresh(store: Store<State>, reuse: Option<&Reuse>) -> Self {
        Self { store, instance: None, left: reuse.map_or(1, |reuse| reuse.requests) }
    }
}

/// The instances of a guest that wait for requests.
pub(super) struct Idle<I> {
    waiting: Mutex<Waiting<I>>,
    longest: Duration,
}

struct Waiting<I> {
    /// Those that have waited longest come first.
    instances: Vec<(Instant, Ready<I>)>,
    /// A task ends those that wait too long.
    watched: bool,
}

impl<I: Send + 'static> Idle<I> {
    pub(super) fn new(reuse: &Reuse) -> Arc<Self> {
        let waiting = Waiting { instances: Vec::new(), watched: false };
        Arc::new(Self { waiting: Mutex::new(waiting), longest: reuse.idle })
    }

    /// The instance that answered last, whose memory is still in the processor's caches.
    pub(super) fn take(&self) -> Option<Ready<I>> {
        let (since, ready) = self.lock().instances.pop()?;
        WAITING.fetch_sub(1, Relaxed);
        (since.elapsed() <= self.longest).then_some(ready)
    }

    /// Keeps an instance whose request is answered, if it may take another.
    pub(super) fn put(self: &Arc<Self>, mut ready: Ready<I>) {
        ready.left -= 1;
        // It must not hold on to the app and its guests, this one included.
        ready.store.data_mut().lend(None);
        if ready.left == 0 || ready.instance.is_none() || !ready.store.data_mut().world.rest() {
            return;
        }
        if WAITING.fetch_add(1, Relaxed) >= MOST {
            WAITING.fetch_sub(1, Relaxed);
            return;
        }
        ready.store.data_mut().limiter.rest();
        let mut waiting = self.lock();
        waiting.instances.push((Instant::now(), ready));
        if !std::mem::replace(&mut waiting.watched, true) {
            tokio::spawn(watch(Arc::downgrade(self), self.longest));
        }
    }

    /// Ends those that have waited too long. Says whether any are left.
    fn sweep(&self) -> bool {
        let mut waiting = self.lock();
        let late = waiting.instances.partition_point(|(since, _)| since.elapsed() > self.longest);
        let ended: Vec<_> = waiting.instances.drain(..late).collect();
        waiting.watched = !waiting.instances.is_empty();
        let left = waiting.watched;
        drop(waiting);
        WAITING.fetch_sub(ended.len(), Relaxed);
        left
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<I>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I> Drop for Idle<I> {
    fn drop(&mut self) {
        let waiting = self.waiting.get_mut().unwrap_or_else(PoisonError::into_inner);
        WAITING.fetch_sub(waiting.instances.len(), Relaxed);
    }
}

/// Looks after instances until there are none.
async fn watch<I: Send + 'static>(idle: std::sync::Weak<Idle<I>>, longest: Duration) {
    loop {
        tokio::time::sleep(longest.max(Duration::from_millis(10))).await;
        let Some(idle) = idle.upgrade() else { return };
        if !idle.sweep() {
            return;
        }
    }
}
