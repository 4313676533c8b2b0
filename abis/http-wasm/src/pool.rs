//! Instances that wait for requests: starting one can take a guest longer than all its requests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::instance::Instance;

/// Instances of one filter that wait.
const MOST: usize = 64;
/// How long they do.
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(crate) struct Pool(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// Those that have waited longest come first.
    instances: Vec<(Instant, Instance)>,
    /// A task ends those that wait too long.
    watched: bool,
}

impl Pool {
    /// The instance that worked last, whose memory is still in the processor's caches.
    pub(crate) fn take(&self) -> Option<Instance> {
        self.lock().instances.pop().map(|(_, instance)| instance)
    }

    /// Keeps an instance that has done its work well.
    pub(crate) fn put(self: &Arc<Self>, mut instance: Instance) {
        let state = instance.store.data_mut();
        state.traffic = None;
        if state.weigh().is_err() {
            return;
        }
        state.limiter.rest();
        let mut waiting = self.lock();
        if waiting.instances.len() >= MOST {
            return;
        }
        waiting.instances.push((Instant::now(), instance));
        if !std::mem::replace(&mut waiting.watched, true) {
            tokio::spawn(watch(Arc::downgrade(self)));
        }
    }

    /// Ends those that have waited too long. Says whether any are left.
    fn sweep(&self) -> bool {
        let mut waiting = self.lock();
        let late = waiting.instances.partition_point(|(since, _)| since.elapsed() > LONGEST);
        let ended: Vec<_> = waiting.instances.drain(..late).collect();
        waiting.watched = !waiting.instances.is_empty();
        let left = waiting.watched;
        drop(waiting);
        drop(ended);
        left
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks after instances until there are none.
async fn watch(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(LONGEST / 2).await;
        let Some(pool) = pool.upgrade() else { return };
        if !pool.sweep() {
            return;
        }
    }
}
