//! Holding a guest to its limits on memory and tables.

use std::sync::Arc;

use holm_grants::Limits;
use wasmtime::ResourceLimiter;

use crate::account::Share;
use crate::usage::Usage;

/// Bytes of memory a guest may have when no limit says otherwise: all that a 32-bit memory can hold,
/// so that only guests with several or 64-bit memories notice.
const DEFAULT_MEMORY: u64 = 4 << 30;

/// Elements that all tables of a guest may hold together when no limit says otherwise.
const DEFAULT_TABLE_ELEMENTS: u64 = 10_000_000;

/// Counts what a store's memories and tables take and refuses more than the limits allow.
///
/// A refusal is not yet an error: `memory.grow` answers -1 and the guest may cope. What was refused is
/// remembered, so that a guest that fails afterwards can be told why.
#[derive(Debug)]
pub struct Limiter {
    memory_max: u64,
    tables_max: u64,
    memory: u64,
    tables: u64,
    refused: Option<u64>,
    /// The last growth that was allowed.
    growth: u64,
    usage: Option<Arc<Usage>>,
    share: Option<Share>,
}

impl Limiter {
    /// A limiter with nothing counted yet.
    pub fn new(limits: &Limits) -> Self {
        Self {
            memory_max: limits.memory.unwrap_or(DEFAULT_MEMORY),
            tables_max: limits.table_elements.unwrap_or(DEFAULT_TABLE_ELEMENTS),
            memory: 0,
            tables: 0,
            refused: None,
            growth: 0,
            usage: None,
            share: None,
        }
    }

    /// Tells `usage` of the memory the guest has, from now on. It belongs to the account of the first usage.
    pub(crate) fn count_in(&mut self, usage: &Arc<Usage>) {
        self.share = self.share.take().or_else(|| usage.share());
        usage.has_memory(self.memory);
        self.usage = Some(Arc::clone(usage));
    }

    /// The limit on memory, in bytes.
    pub fn memory_max(&self) -> u64 {
        self.memory_max
    }

    /// The limit on tables, in elements.
    pub fn table_elements_max(&self) -> u64 {
        self.tables_max
    }

    /// Elements of tables that the guest has now.
    pub fn table_elements(&self) -> u64 {
        self.tables
    }

    /// How many bytes the guest would have had, if it was ever refused memory.
    pub fn refused(&self) -> Option<u64> {
        self.refused
    }

    /// Bytes of memory that the guest has now.
    pub fn memory(&self) -> u64 {
        self.memory
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let growth = desired.saturating_sub(current) as u64;
        let total = self.memory.saturating_add(growth);
        if total > self.memory_max {
            self.refused = Some(total);
            return Ok(false);
        }
        // An error, which ends the guest: it cannot know that there may be room again for the next request.
        if let Some(share) = &mut self.share {
            share.grow(growth)?;
        }
        (self.memory, self.growth) = (total, growth);
        if let Some(usage) = &self.usage {
            usage.has_memory(total);
        }
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        let growth = std::mem::take(&mut self.growth);
        self.memory -= growth;
        if let Some(share) = &mut self.share {
            share.shrink(growth);
        }
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.tables.saturating_add(desired.saturating_sub(current) as u64);
        if total > self.tables_max {
            return Ok(false);
        }
        self.tables = total;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Account, Full};

    fn limiter(memory: u64) -> Limiter {
        Limiter::new(&Limits { memory: Some(memory), ..Limits::default() })
    }

    #[test]
    fn all_memories_of_a_guest_count_together() {
        let mut limiter = limiter(100);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(!limiter.memory_growing(0, 60, None).unwrap());
        assert_eq!(limiter.refused(), Some(120));
        assert!(limiter.memory_growing(60, 100, None).unwrap());
        assert_eq!(limiter.memory(), 100);
    }

    #[test]
    fn growth_that_fails_does_not_count() {
        let mut limiter = limiter(100);
        assert!(limiter.memory_growing(0, 40, None).unwrap());
        assert!(limiter.memory_growing(40, 100, None).unwrap());
        limiter.memory_grow_failed(wasmtime::Error::msg("no pages")).unwrap();
        assert_eq!(limiter.memory(), 40);
    }

    #[test]
    fn where_all_guests_have_what_they_may_none_gets_more() {
        let all = Arc::new(Account::new(100));
        let one = || {
            let mut limiter = limiter(80);
            limiter.count_in(&Arc::new(Usage::of(&all)));
            limiter
        };
        let (mut first, mut second) = (one(), one());
        assert!(first.memory_growing(0, 60, None).unwrap());
        let error = second.memory_growing(0, 60, None).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Full { most: 100 }));
        assert_eq!((second.memory(), all.instances()), (0, 2));
        drop(first);
        assert!(second.memory_growing(0, 60, None).unwrap());
        assert_eq!((all.memory(), all.instances()), (60, 1));
    }
}
