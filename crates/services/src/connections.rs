//! How many connections to elsewhere a guest has open.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::sync::Notify;

/// The connections that all instances of a guest may have open at once, of whatever kind.
#[derive(Debug)]
pub struct Connections {
    most: u64,
    open: AtomicU64,
    freed: Notify,
}

/// One that is open, until this is dropped.
#[derive(Debug)]
pub struct Open(Arc<Connections>);

impl Connections {
    /// How many a guest may have where nobody says otherwise.
    pub const USUAL: u64 = 128;

    /// Room for so many at once.
    pub fn new(most: u64) -> Self {
        Self { most, open: AtomicU64::new(0), freed: Notify::new() }
    }

    /// Opens one, unless as many are open as may be.
    pub fn open(self: &Arc<Self>) -> Option<Open> {
        let more = |open: u64| open.checked_add(1).filter(|open| *open <= self.most);
        self.open.try_update(Relaxed, Relaxed, more).ok()?;
        Some(Open(Arc::clone(self)))
    }

    /// Told whenever one is closed.
    #[cfg(feature = "http")]
    pub(crate) fn freed(&self) -> &Notify {
        &self.freed
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
        self.0.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_closed_makes_room_for_another() {
        let connections = Arc::new(Connections::new(2));
        let (first, _second) = (connections.open().unwrap(), connections.open().unwrap());
        assert!(connections.open().is_none());
        drop(first);
        assert!(connections.open().is_some());
        assert!(Arc::new(Connections::new(0)).open().is_none());
    }
}
