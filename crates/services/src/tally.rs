use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bytes that several hold together.
#[derive(Debug, Default)]
pub(crate) struct Tally(AtomicU64);

impl Tally {
    /// Adds `bytes`, unless that were more than `most`, of which `others` are taken elsewhere.
    pub(crate) fn grow(&self, bytes: u64, others: u64, most: u64) -> bool {
        let grown = |held: u64| held.checked_add(bytes).filter(|held| held.saturating_add(others) <= most);
        self.0.try_update(Relaxed, Relaxed, grown).is_ok()
    }

    /// Takes `bytes` away, which were added before.
    pub(crate) fn shrink(&self, bytes: u64) {
        self.0.fetch_sub(bytes, Relaxed);
    }

    /// How many there are.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
