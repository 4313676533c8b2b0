//! Connections that are used one after the other, and kept for a while between.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};

/// How many are lent at once to all guests of an app.
const LENT: usize = 64;
/// How many that nobody uses stay open, wherever they lead.
const IDLE: usize = 16;
/// For how long.
const KEPT: Duration = Duration::from_secs(60);
/// How long a guest waits for one when as many are lent as may be.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections by what they were opened with, passwords included.
pub(crate) struct Pool<C> {
    idle: Mutex<Vec<Idle<C>>>,
    lent: Arc<Semaphore>,
    kept: Duration,
    patience: Duration,
}

struct Idle<C> {
    key: Arc<str>,
    connection: C,
    since: Instant,
}

/// The right to a connection, and with it perhaps the connection itself.
pub(crate) struct Lease<C: Send + 'static> {
    pub(crate) connection: Option<C>,
    key: Arc<str>,
    pool: Weak<Pool<C>>,
    _permit: OwnedSemaphorePermit,
}

impl<C> Default for Pool<C> {
    fn default() -> Self {
        let lent = Arc::new(Semaphore::new(LENT));
        Self { idle: Mutex::default(), lent, kept: KEPT, patience: PATIENCE }
    }
}

impl<C: Send + 'static> Pool<C> {
    /// The right to a connection opened with `key`; `None` if as many are lent as may be. It comes with the idle one that
    /// was used last, if there is one that is `fit`.
    pub(crate) async fn lease(self: &Arc<Self>, key: &str, fit: impl Fn(&C) -> bool) -> Option<Lease<C>> {
        let permit = timeout(self.patience, Arc::clone(&self.lent).acquire_owned()).await.ok()?.ok()?;
        let mut lease = Lease { connection: None, key: key.into(), pool: Arc::downgrade(self), _permit: permit };
        self.another(&mut lease, fit);
        Some(lease)
    }

    /// Puts another idle connection in the place of the one of the lease, which is closed.
    pub(crate) fn another(&self, lease: &mut Lease<C>, fit: impl Fn(&C) -> bool) {
        lease.connection = None;
        let mut idle = self.lock();
        let found = idle.iter().rposition(|idle| idle.key == lease.key && fit(&idle.connection));
        lease.connection = found.map(|at| idle.remove(at).connection);
    }

    fn give_back(self: &Arc<Self>, key: Arc<str>, connection: C) {
        let mut idle = self.lock();
        if idle.is_empty() {
            tokio::spawn(Self::tidy(Arc::downgrade(self), self.kept));
        }
        if idle.len() >= IDLE {
            // The one that waits for longest.
            idle.remove(0);
        }
        idle.push(Idle { key, connection, since: Instant::now() });
    }

    /// Closes what nobody used for a while, until there is nothing left.
    async fn tidy(pool: Weak<Self>, kept: Duration) {
        loop {
            sleep(kept / 4).await;
            let Some(pool) = pool.upgrade() else { return };
            let mut idle = pool.lock();
            idle.retain(|idle| idle.since.elapsed() < kept);
            if idle.is_empty() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Idle<C>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Send + 'static> Drop for Lease<C> {
    fn drop(&mut self) {
        let inside = tokio::runtime::Handle::try_current().is_ok();
        if let (Some(connection), Some(pool), true) = (self.connection.take(), self.pool.upgrade(), inside) {
            pool.give_back(Arc::clone(&self.key), connection);
        }
    }
}

impl<C> std::fmt::Debug for Pool<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_is_lent_again_to_whoever_opens_the_same() {
        let pool = Arc::<Pool<u32>>::default();
        let mut lease = pool.lease("a", |_| true).await.unwrap();
        assert!(lease.connection.is_none());
        lease.connection = Some(1);
        drop(lease);
        assert_eq!(pool.lease("b", |_| true).await.unwrap().connection, None);
        assert_eq!(pool.lease("a", |number| *number > 1).await.unwrap().connection, None);
        assert_eq!(pool.lease("a", |_| true).await.unwrap().connection, Some(1));
    }

    #[tokio::test]
    async fn what_nobody_uses_is_closed_after_a_while() {
        let pool = Arc::new(Pool { kept: Duration::from_millis(20), ..Pool::default() });
        let (mut lease, token) = (pool.lease("a", |_| true).await.unwrap(), Arc::new(()));
        lease.connection = Some(Arc::clone(&token));
        drop(lease);
        assert_eq!(Arc::strong_count(&token), 2);
        while Arc::strong_count(&token) > 1 {
            sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn there_are_only_so_many() {
        let pool = Arc::new(Pool::<u32> { patience: Duration::from_millis(20), ..Pool::default() });
        let mut lent = Vec::new();
        for _ in 0..LENT {
            lent.push(pool.lease("a", |_| true).await.unwrap());
        }
        assert!(pool.lease("a", |_| true).await.is_none());
        lent.pop();
        assert!(pool.lease("a", |_| true).await.is_some());
    }
}
