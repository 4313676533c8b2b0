//! How many requests a guest works on at once, and how many wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lets so many in at once, and so many wait.
pub(crate) struct Gate {
    inside: Arc<Semaphore>,
    waiting: AtomicU64,
    queue: u64,
}

/// Why a request was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turned {
    /// As many wait as may.
    QueueFull,
    /// It was not its turn in time.
    TooLate,
}

impl Gate {
    pub(crate) fn new(concurrency: u64, queue: u64) -> Self {
        let most = usize::try_from(concurrency).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
        Self { inside: Arc::new(Semaphore::new(most)), waiting: AtomicU64::new(0), queue }
    }

    /// Waits for a place until `deadline`. The place is free again when the permit is dropped.
    pub(crate) async fn enter(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Turned> {
        if let Some(permit) = self.try_enter() {
            return Ok(permit);
        }
        if self.waiting.fetch_add(1, Relaxed) >= self.queue {
            self.waiting.fetch_sub(1, Relaxed);
            return Err(Turned::QueueFull);
        }
        // Also counts down for a request that its client gave up.
        let _waiting = Waiting(&self.waiting);
        let turn = tokio::time::timeout_at(deadline.into(), Arc::clone(&self.inside).acquire_owned());
        turn.await.ok().and_then(Result::ok).ok_or(Turned::TooLate)
    }

    /// Waits for a place for as long as it takes, and counts with nobody who waits: whoever comes like this leaves what
    /// comes after it where it is meanwhile.
    pub(crate) async fn enter_in_turn(&self) -> OwnedSemaphorePermit {
        match Arc::clone(&self.inside).acquire_owned().await {
            Ok(permit) => permit,
            // It is never closed.
            Err(_) => std::future::pending().await,
        }
    }

    /// A place, if there is one now.
    pub(crate) fn try_enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.inside).try_acquire_owned().ok()
    }

    /// Whether whoever comes now has to wait.
    pub(crate) fn is_full(&self) -> bool {
        self.inside.available_permits() == 0
    }

    /// Requests that wait.
    #[cfg(test)]
    fn waiting(&self) -> u64 {
        self.waiting.load(Relaxed)
    }
}

struct Waiting<'a>(&'a AtomicU64);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    #[tokio::test]
    async fn beyond_those_inside_and_those_waiting_nobody_is_let_in() {
        let gate = Arc::new(Gate::new(1, 1));
        let inside = gate.enter(soon()).await.unwrap();
        let waiter = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter(Instant::now() + Duration::from_secs(60)).await }
        });
        while gate.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(gate.enter(soon()).await.unwrap_err(), Turned::QueueFull);
        drop(inside);
        assert!(waiter.await.unwrap().is_ok());
        assert_eq!(gate.waiting(), 0);
    }

    #[tokio::test]
    async fn who_waits_too_long_is_turned_away() {
        let gate = Gate::new(1, 1);
        let _inside = gate.enter(soon()).await.unwrap();
        assert_eq!(gate.enter(soon()).await.unwrap_err(), Turned::TooLate);
        assert_eq!(gate.waiting(), 0);
    }
}
