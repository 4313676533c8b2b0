//! JavaScript values that a guest holds.
//!
//! A guest names them by handle. Guests without references use the handle as it is; in others a reference of
//! the engine carries it.

use std::sync::Arc;

use holm_engine::{Error, Kind, Limiter, Result};
use wasmtime::ResourceLimiter as _;

/// A value of JavaScript's, as far as Holm knows any.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Js {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(Arc<str>),
    /// An `Error` with this message.
    Error(Arc<str>),
    /// Something that can only be passed on.
    Opaque(&'static str),
}

impl Js {
    /// The value in words, as JavaScript would convert it to a string.
    pub(crate) fn words(&self) -> String {
        match self {
            Js::Undefined => "undefined".into(),
            Js::Null => "null".into(),
            Js::Bool(value) => value.to_string(),
            Js::Number(value) => value.to_string(),
            Js::Text(text) | Js::Error(text) => text.to_string(),
            Js::Opaque(name) => format!("[object {name}]"),
        }
    }

    /// Bytes that it takes of the host's memory, about.
    fn size(&self) -> usize {
        let text = if let Js::Text(text) | Js::Error(text) = self { text.len() } else { 0 };
        text.saturating_add(size_of::<Option<Js>>())
    }
}

/// The constants' first handle since 0.2.12x.
pub(crate) const OFFSET: u32 = 1024;

/// Their first handle before. Values start behind the newer ones, so both are right at once.
const OLD_OFFSET: u32 = 128;

/// The first handle that is no constant.
pub(crate) const RESERVED: u32 = OFFSET + 4;

/// The constants, in the order of their handles.
pub(crate) const CONSTANTS: [Js; 4] = [Js::Undefined, Js::Null, Js::Bool(true), Js::Bool(false)];

/// The values a guest holds. They count as its memory.
#[derive(Default)]
pub(crate) struct Heap {
    values: Vec<Option<Js>>,
    free: Vec<u32>,
    bytes: usize,
    peak: usize,
}

impl Heap {
    /// Keeps a value; returns its handle.
    ///
    /// # Errors
    /// [`Kind::OutOfMemory`] beyond what the guest may have.
    pub(crate) fn insert(&mut self, value: Js, limiter: &mut Limiter) -> Result<u32> {
        if let Some(at) = CONSTANTS.iter().position(|constant| *constant == value) {
            return Ok(OFFSET + at as u32);
        }
        self.charge(value.size(), limiter)?;
        if let Some(at) = self.free.pop()
            && let Some(slot) = self.values.get_mut(at as usize)
        {
            *slot = Some(value);
            return Ok(RESERVED + at);
        }
        let at = u32::try_from(self.values.len()).map_err(|_| full())?;
        self.values.push(Some(value));
        RESERVED.checked_add(at).ok_or_else(full)
    }

    /// The value of a handle; `None` for one that was never given or is dropped.
    pub(crate) fn get(&self, handle: u32) -> Option<Js> {
        for offset in [OFFSET, OLD_OFFSET] {
            let constant = handle.checked_sub(offset).and_then(|at| CONSTANTS.get(at as usize));
            if constant.is_some() {
                return constant.cloned();
            }
        }
        let at = handle.checked_sub(RESERVED)?;
        self.values.get(at as usize)?.clone()
    }

    /// Forgets a value. Dropping what is not there does nothing.
    pub(crate) fn remove(&mut self, handle: u32) {
        let Some(at) = handle.checked_sub(RESERVED) else { return };
        if let Some(value) = self.values.get_mut(at as usize).and_then(Option::take) {
            self.bytes = self.bytes.saturating_sub(value.size());
            self.free.push(at);
        }
    }

    /// Counts what is kept as the guest's memory: the most there ever was, because a limiter does not take back.
    fn charge(&mut self, size: usize, limiter: &mut Limiter) -> Result<()> {
        let bytes = self.bytes.saturating_add(size);
        if bytes > self.peak {
            match limiter.memory_growing(self.peak, bytes, None) {
                Ok(true) => self.peak = bytes,
                _ => return Err(full()),
            }
        }
        self.bytes = bytes;
        Ok(())
    }
}

fn full() -> Error {
    Error::new(Kind::OutOfMemory, "out of memory: it holds more JavaScript values than its limit has room for")
        .note("--memory sets the limit")
}

#[cfg(test)]
mod tests {
    use holm_grants::Limits;

    use super::*;

    fn limiter(memory: u64) -> Limiter {
        Limiter::new(&Limits { memory: Some(memory), ..Limits::default() })
    }

    #[test]
    fn handles_are_given_again_once_dropped() {
        let (mut heap, mut limiter) = (Heap::default(), limiter(1 << 20));
        let first = heap.insert(Js::Number(1.0), &mut limiter).unwrap();
        heap.remove(first);
        heap.remove(first);
        assert_eq!(heap.get(first), None);
        assert_eq!(heap.insert(Js::Number(2.0), &mut limiter).unwrap(), first);
        assert_ne!(heap.insert(Js::Number(3.0), &mut limiter).unwrap(), first);
    }

    #[test]
    fn values_count_as_memory() {
        let (mut heap, mut limiter) = (Heap::default(), limiter(1000));
        let text = || Js::Text("x".repeat(600).into());
        let first = heap.insert(text(), &mut limiter).unwrap();
        assert_eq!(heap.insert(text(), &mut limiter).unwrap_err().kind(), Kind::OutOfMemory);
        heap.remove(first);
        heap.insert(text(), &mut limiter).unwrap();
    }

    #[test]
    fn constants_have_the_handles_of_every_version() {
        let heap = Heap::default();
        for offset in [128, 1024] {
            assert_eq!(heap.get(offset), Some(Js::Undefined));
            assert_eq!(heap.get(offset + 3), Some(Js::Bool(false)));
        }
        assert_eq!(heap.get(0), None);
        assert_eq!(heap.get(u32::MAX), None);
    }
}
