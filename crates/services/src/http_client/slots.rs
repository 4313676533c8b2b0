//! The right to have a connection open, so many in all and so many for each identity.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::connections::{Connections, Open};

pub(super) struct Slots {
    max: usize,
    max_each: usize,
    taken: Mutex<Taken>,
    freed: Arc<Notify>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    each: HashMap<u64, usize>,
}

/// One open connection; dropping it makes room for another.
pub(super) struct Slot {
    slots: Arc<Slots>,
    identity: u64,
    _own: Option<Open>,
}

/// Why there is no slot to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// The identity has as many as one may have.
    Identity,
    /// All are taken.
    Everywhere,
}

impl Slots {
    /// Slots that notify `freed` when one is given back.
    pub(super) fn new(max: usize, max_each: usize, freed: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self { max, max_each, taken: Mutex::default(), freed })
    }

    /// A slot for `identity`, which counts in `own` if it has connections of other kinds as well.
    pub(super) fn take(self: &Arc<Self>, identity: u64, own: Option<&Arc<Connections>>) -> Result<Slot, Full> {
        let mut taken = self.lock();
        let each = taken.each.get(&identity).copied().unwrap_or(0);
        if own.is_none() && each >= self.max_each {
            return Err(Full::Identity);
        }
        if taken.all >= self.max {
            return Err(Full::Everywhere);
        }
        let own = own.map(|own| own.open().ok_or(Full::Identity)).transpose()?;
        taken.all += 1;
        taken.each.insert(identity, each + 1);
        Ok(Slot { slots: Arc::clone(self), identity, _own: own })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.lock();
        taken.all -= 1;
        if let Some(each) = taken.each.get_mut(&self.identity) {
            *each -= 1;
            if *each == 0 {
                taken.each.remove(&self.identity);
            }
        }
        drop(taken);
        // All of them: the first in line may be of an identity that still has too many.
        self.slots.freed.notify_waiters();
    }
}
