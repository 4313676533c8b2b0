//! What belongs to one instance.

use std::sync::Arc;

use holm_engine::{Error, Kind, Limited, Limiter, Result};
use holm_grants::Limits;

use crate::exports::Plumbing;
use crate::heap::{Heap, Js};

/// The state of one instance.
pub(crate) struct State {
    limiter: Limiter,
    pub(crate) plumbing: Arc<Plumbing>,
    heap: Heap,
    /// The guest asked for its table to be prepared, from where its exports could not be seen: an import that it
    /// exports again is called without an instance.
    pub(crate) table_unprepared: bool,
    /// What the guest has described of a type so far.
    described: Vec<u32>,
}

/// Words of a description; those of real functions have a few dozen.
const MAX_DESCRIPTION: usize = 4096;

impl State {
    pub(crate) fn new(plumbing: Arc<Plumbing>, limits: &Limits) -> Self {
        Self {
            limiter: Limiter::new(limits),
            plumbing,
            heap: Heap::default(),
            table_unprepared: false,
            described: Vec::new(),
        }
    }

    /// Keeps a value for the guest; returns its handle.
    ///
    /// # Errors
    /// [`Kind::OutOfMemory`].
    pub(crate) fn keep(&mut self, value: Js) -> Result<u32> {
        self.heap.insert(value, &mut self.limiter)
    }

    /// The value of a handle.
    ///
    /// # Errors
    /// [`Kind::Trap`] for one that the guest does not have.
    pub(crate) fn value(&self, handle: u32) -> Result<Js> {
        self.heap.get(handle).ok_or_else(|| broken(format!("it has no JavaScript value with the handle {handle}")))
    }

    pub(crate) fn drop_value(&mut self, handle: u32) {
        self.heap.remove(handle);
    }

    /// Adds a word to the description of a type.
    ///
    /// # Errors
    /// [`Kind::Trap`] when there are too many.
    pub(crate) fn describe(&mut self, word: u32) -> Result<()> {
        if self.described.len() >= MAX_DESCRIPTION {
            return Err(broken("its description of a type has no end"));
        }
        self.described.push(word);
        Ok(())
    }

    /// The description so far; the next one begins empty.
    pub(crate) fn take_description(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.described)
    }
}

/// The error of a guest that does not keep to wasm-bindgen's rules.
pub(crate) fn broken(what: impl std::fmt::Display) -> Error {
    Error::new(Kind::Trap, format!("broke wasm-bindgen's rules: {what}"))
}

impl Limited for State {
    fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }
}
