//! How values cross between a core module's memory and the host.
//!
//! Format: the component model's `design/mvp/CanonicalABI.md`, "Flattening", "Loading" and "Storing", for strings in
//! UTF-8 and 32-bit memories.

mod guest;
mod handles;
mod lists;
mod scalars;
pub(super) mod variants;

pub(super) use guest::{Guest, Out};
pub(super) use handles::handle;
pub(super) use lists::Element;
pub(super) use variants::{record, variant};

use wasmtime::{Result, bail};

/// A type of core values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Core {
    I32,
    I64,
}

/// A type of the component model.
pub(super) trait Value: Sized {
    /// Bytes it takes in memory.
    const SIZE: u32;
    /// What its address is a multiple of.
    const ALIGN: u32;
    /// How many core values it is outside of memory.
    const FLAT: usize;

    /// Adds the types of those.
    fn flatten(into: &mut Vec<Core>);
}

/// A value that guests give.
pub(super) trait Lift: Value {
    /// Takes it from core values.
    fn lift(flat: &mut Flat<'_>, guest: &Guest<'_>) -> Result<Self>;

    /// Reads it from memory. `at` is a multiple of [`Value::ALIGN`].
    fn load(guest: &Guest<'_>, at: u32) -> Result<Self>;
}

/// A value that the host gives.
pub(super) trait Lower: Value {
    /// As the one core value that it is. Of types that are one at most.
    fn lower(self) -> u64 {
        0
    }

    /// The memory that it needs beside its own place: bytes, and what the address is a multiple of. Of what functions that
    /// may wait return, which is one list at most.
    fn heap(&self) -> Option<(u32, u32)> {
        None
    }

    /// Writes it to memory. `at` is a multiple of [`Value::ALIGN`].
    fn store(self, out: &mut Out<'_>, at: u32) -> Result<()>;
}

/// The core values that a function is called with, the shorter ones in the low bits.
pub(super) struct Flat<'a> {
    values: &'a [u64],
    at: usize,
}

impl<'a> Flat<'a> {
    pub(super) fn new(values: &'a [u64]) -> Self {
        Self { values, at: 0 }
    }

    fn next(&mut self) -> Result<u64> {
        let Some(value) = self.values.get(self.at) else { bail!("too few values") };
        self.at += 1;
        Ok(*value)
    }

    /// The next value, of which only the low half counts.
    #[expect(clippy::cast_possible_truncation, reason = "that is what it is for")]
    fn next_u32(&mut self) -> Result<u32> {
        Ok(self.next()? as u32)
    }
}

const fn align_to(offset: u32, align: u32) -> u32 {
    offset.next_multiple_of(align)
}

const fn larger(a: u32, b: u32) -> u32 {
    if a > b { a } else { b }
}
