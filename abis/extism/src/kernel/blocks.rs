//! Which blocks there are.

use std::collections::BTreeSet;

/// What the host keeps for each block, in bytes: itself, and its place among those freed.
const COST: u64 = 64;

/// How much larger than what is wanted a block may be that is used again, beside twice as large.
const SLACK: u64 = 128;

/// All blocks, by offset.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    all: Vec<Block>,
    /// Those freed lately, which most plugins never want again.
    freed: Vec<usize>,
    /// Those freed before, by size.
    by_size: BTreeSet<(u64, usize)>,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    offset: u64,
    /// Bytes that it has room for.
    size: u64,
    /// Bytes that were asked for; 0 when it is free.
    length: u64,
}

impl Blocks {
    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.freed.clear();
        self.by_size.clear();
    }

    /// Adds a block behind all others.
    pub(super) fn add(&mut self, offset: u64, size: u64, length: u64) {
        self.all.push(Block { offset, size, length });
    }

    /// What all of them cost the host, and one more, beside their own bytes.
    pub(super) fn cost_of_one_more(&self) -> u64 {
        (self.all.len() as u64).saturating_add(1).saturating_mul(COST)
    }

    /// The length of the one that begins at `offset`; 0 where none does.
    pub(super) fn length(&self, offset: u64) -> u64 {
        self.find(offset).and_then(|index| self.all.get(index)).map_or(0, |block| block.length)
    }

    /// Frees the one that begins at `offset`. Says whether one did.
    pub(super) fn free(&mut self, offset: u64) -> bool {
        let Some(index) = self.find(offset) else { return false };
        match self.all.get_mut(index) {
            Some(block) if block.length > 0 => {
                block.length = 0;
                self.freed.push(index);
                true
            }
            _ => false,
        }
    }

    /// Uses one again that was freed: the smallest with room for `size` bytes, unless that is much too large.
    pub(super) fn again(&mut self, size: u64, length: u64) -> Option<u64> {
        for index in self.freed.drain(..) {
            if let Some(block) = self.all.get(index) {
                self.by_size.insert((block.size, index));
            }
        }
        let most = size.saturating_mul(2).saturating_add(SLACK);
        let found = *self.by_size.range((size, 0)..=(most, usize::MAX)).next()?;
        self.by_size.remove(&found);
        let block = self.all.get_mut(found.1)?;
        block.length = length;
        Some(block.offset)
    }

    /// The last is asked for most often.
    fn find(&self, offset: u64) -> Option<usize> {
        match self.all.last() {
            Some(last) if last.offset == offset => Some(self.all.len() - 1),
            _ => self.all.binary_search_by_key(&offset, |block| block.offset).ok(),
        }
    }
}
