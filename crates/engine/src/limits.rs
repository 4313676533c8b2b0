//! Holding a guest to its limits on memory and tables.

use std::sync::Arc;
use std::time::{Duration, Instant};

use holm_grants::Limits;
use wasmtime::{ResourceLimiter, UpdateDeadline};

use crate::account::{Full, Share};
use crate::clock::Exhausted;
use crate::turn::Ticks;
use crate::usage::Usage;

/// Bytes of memory a guest may have when no limit says otherwise: all that a 32-bit memory can hold,
/// so that only guests with several or 64-bit memories notice.
const DEFAULT_MEMORY: u64 = 4 << 30;

/// Elements that all tables of a guest may hold together when no limit says otherwise.
const DEFAULT_TABLE_ELEMENTS: u64 = 10_000_000;

/// Things that the host keeps for a guest when no limit says otherwise.
pub const DEFAULT_HANDLES: u64 = 10_000;

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
    /// Bytes that the host keeps for the guest.
    kept: u64,
    /// They are more than there may be.
    beyond: Option<Beyond>,
    usage: Option<Arc<Usage>>,
    share: Option<Share>,
    /// When the limit on wall time is reached, and how long it was.
    wall: Option<(Instant, Duration)>,
    cpu: Option<Duration>,
    ticks: Ticks,
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
            kept: 0,
            beyond: None,
            usage: None,
            share: None,
            wall: None,
            cpu: None,
            ticks: Ticks::default(),
        }
    }

    /// The guest's time counts from `start` on, and all that it uses in `usage`.
    pub(crate) fn begin(&mut self, limits: &Limits, usage: &Arc<Usage>, start: Instant) {
        self.count_in(usage);
        self.wall = limits.wall.and_then(|limit| Some((start.checked_add(limit)?, limit)));
        self.cpu = limits.cpu;
        self.ticks = Ticks::default();
    }

    /// A tick of the clock: whether the guest may go on, and when.
    ///
    /// # Errors
    /// It has no time left, or the host keeps too much for it.
    pub(crate) fn tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        self.check()?;
        if let Some((at, limit)) = self.wall
            && Instant::now() >= at
        {
            return Err(Exhausted::Wall(limit).into());
        }
        if let (Some(limit), Some(usage)) = (self.cpu, &self.usage)
            && usage.cpu_now() >= limit
        {
            return Err(Exhausted::Cpu(limit).into());
        }
        Ok(self.ticks.next())
    }

    /// Tells `usage` of the memory the guest has, from now on. It belongs to the account of the first usage.
    pub(crate) fn count_in(&mut self, usage: &Arc<Usage>) {
        self.share = self.share.take().or_else(|| usage.share());
        usage.has_memory(self.memory);
        self.usage = Some(Arc::clone(usage));
    }

    /// The guest calls a function of the host.
    pub(crate) fn called_host(&self) {
        if let Some(usage) = &self.usage {
            usage.called_host();
        }
    }

    /// The guest waits for its next work, and gives back its place among those that work.
    pub fn rest(&self) {
        if let Some(usage) = &self.usage {
            usage.release();
        }
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

    /// The host keeps so many bytes for the guest now, which count as its memory. Where they are too many, the guest ends
    /// at the next tick. Says whether they are not.
    pub fn keeps(&mut self, bytes: u64) -> bool {
        let total = self.memory.saturating_add(bytes);
        if total > self.memory_max {
            self.beyond = Some(Beyond::Limit(total));
        } else if let Some(share) = &mut self.share
            && let Err(full) = share.grow(bytes.saturating_sub(self.kept))
        {
            self.beyond = Some(Beyond::Host(full));
        } else {
            if let Some(share) = &mut self.share {
                share.shrink(self.kept.saturating_sub(bytes));
            }
            self.kept = bytes;
        }
        self.beyond.is_none()
    }

    /// Whether the guest may go on.
    ///
    /// # Errors
    /// The host keeps too much for it.
    pub(crate) fn check(&self) -> wasmtime::Result<()> {
        match self.beyond {
            None => Ok(()),
            Some(Beyond::Host(full)) => Err(full.into()),
            Some(Beyond::Limit(wanted)) => Err(TooMuchKept(wanted).into()),
        }
    }

    /// Bytes of memory that the guest has now.
    pub fn memory(&self) -> u64 {
        self.memory
    }
}

/// Why the host keeps no more for a guest.
#[derive(Clone, Copy, Debug)]
enum Beyond {
    /// With it, the guest would have so many bytes.
    Limit(u64),
    Host(Full),
}

/// A guest and what the host keeps for it have so many bytes, which is beyond its limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooMuchKept(pub(crate) u64);

impl std::fmt::Display for TooMuchKept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the host keeps too much for it: {} bytes with its memory", self.0)
    }
}

impl std::error::Error for TooMuchKept {}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let growth = desired.saturating_sub(current) as u64;
        let total = self.memory.saturating_add(growth);
        if total.saturating_add(self.kept) > self.memory_max {
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
    use crate::account::Account;

    fn limiter(memory: u64) -> Limiter {
        Limiter::new(&Limits { memory: Some(memory), ..Limits::default() })
    }

    fn counted(memory: u64, all: &Arc<Account>) -> Limiter {
        let mut limiter = limiter(memory);
        limiter.count_in(&Arc::new(Usage::of(all)));
        limiter
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
    fn what_the_host_keeps_counts_as_memory() {
        let all = Arc::new(Account::new(150));
        let mut limiter = counted(100, &all);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(limiter.keeps(30));
        assert!(!limiter.memory_growing(60, 80, None).unwrap());
        assert_eq!(all.memory(), 90);
        assert!(limiter.keeps(10));
        assert!(limiter.memory_growing(60, 80, None).unwrap());
        assert_eq!(all.memory(), 90);
        limiter.check().unwrap();
        assert!(!limiter.keeps(21));
        assert!(limiter.check().unwrap_err().is::<TooMuchKept>());
        drop(limiter);
        assert_eq!(all.memory(), 0);
    }

    #[test]
    fn where_all_guests_have_what_they_may_none_gets_more() {
        let all = Arc::new(Account::new(100));
        let one = || counted(80, &all);
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
