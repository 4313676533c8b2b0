//! The guest's memory, as its pointers and lengths claim it to be: nothing of them is believed.

use wasmtime::{Caller, Extern, Memory, Result, bail};

use crate::state::State;

/// Bytes of a name, a method, a URI or a header's value.
pub(crate) const LONGEST: u32 = 64 << 10;

/// The memory that the guest exports.
pub(crate) fn memory(caller: &mut Caller<'_, State>) -> Result<Memory> {
    match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => Ok(memory),
        _ => bail!("it has no memory"),
    }
}

/// The bytes at `at`, `len` of them.
pub(crate) fn slice(memory: &[u8], at: u32, len: u32) -> Result<&[u8]> {
    let (start, len) = (at as usize, len as usize);
    let bytes = start.checked_add(len).and_then(|end| memory.get(start..end));
    bytes.ok_or_else(|| outside(at, len))
}

/// Likewise, to write to.
pub(crate) fn slice_mut(memory: &mut [u8], at: u32, len: u32) -> Result<&mut [u8]> {
    let (start, len) = (at as usize, len as usize);
    let bytes = start.checked_add(len).and_then(|end| memory.get_mut(start..end));
    bytes.ok_or_else(|| outside(at, len))
}

fn outside(at: u32, len: usize) -> wasmtime::Error {
    wasmtime::format_err!("it passed {len} bytes at {at:#x}, which are not all in its memory")
}

/// A copy of a short text that the guest passed; `what` it is, for errors.
pub(crate) fn text(caller: &mut Caller<'_, State>, what: &str, at: u32, len: u32) -> Result<Vec<u8>> {
    if len > LONGEST {
        bail!("it passed {len} bytes as {what}, which has at most {LONGEST}");
    }
    if len == 0 {
        // Whatever the pointer is, nothing is there.
        return Ok(Vec::new());
    }
    let memory = memory(caller)?;
    slice(memory.data(&*caller), at, len).map(<[u8]>::to_vec)
}

/// Writes `bytes` if the guest has room for them, and returns their length, with which it can ask again.
pub(crate) fn answer(caller: &mut Caller<'_, State>, at: u32, limit: u32, bytes: &[u8]) -> Result<u32> {
    // What is handed out is bounded far below this.
    let len = u32::try_from(bytes.len())?;
    if len > 0 && len <= limit {
        let memory = memory(caller)?;
        slice_mut(memory.data_mut(&mut *caller), at, len)?.copy_from_slice(bytes);
    }
    Ok(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pointer_reaches_beyond_the_memory() {
        let mut memory = [0; 8];
        for (at, len) in [(0, 9), (9, 0), (8, 1), (u32::MAX, 1), (1, u32::MAX), (u32::MAX, u32::MAX)] {
            assert!(slice(&memory, at, len).is_err() && slice_mut(&mut memory, at, len).is_err(), "{at} {len}");
        }
        assert_eq!(slice(&memory, 8, 0).unwrap(), [0; 0]);
        assert_eq!(slice(&memory, 6, 2).unwrap(), [0; 2]);
    }
}
