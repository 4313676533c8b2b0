//! What AssemblyScript's compiler takes for granted of every host: a way to abort, and a seed.
//!
//! Source: the AssemblyScript book, "Runtime" and "Special imports": `env.abort(message, file, line, column)`, the first
//! two of which point to strings (UTF-16, their size in bytes in the four bytes before them, null for none), and
//! `env.seed() -> f64`.

use holm_abi::{Error, Kind};
use holm_engine::shape::{ExternType, Import, Shape, ValType};
use wasmtime::{Caller, Extern, Linker};

use crate::State;

/// A guest's message is read up to this many bytes.
const MESSAGE: usize = 4096;

/// Whether this import is AssemblyScript's: the module `env` belongs to many, the signature does not.
pub(crate) fn provides(import: &Import) -> bool {
    let ExternType::Func(signature) = &import.ty else { return false };
    match (import.module.as_str(), import.name.as_str()) {
        ("env", "abort") => signature.params == [const { ValType::I32 }; 4] && signature.results.is_empty(),
        ("env", "seed") => signature.params.is_empty() && signature.results == [ValType::F64],
        _ => false,
    }
}

/// Whether the guest was made by AssemblyScript.
pub(crate) fn recognise(shape: &Shape) -> bool {
    !shape.imports.is_empty() && shape.imports.iter().all(provides)
}

/// Links both.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap("env", "abort", abort)?;
    // A guest of this ABI is granted no randomness.
    linker.func_wrap("env", "seed", || 0.0_f64)?;
    Ok(())
}

fn abort(mut caller: Caller<'_, State>, message: i32, file: i32, line: i32, column: i32) -> wasmtime::Result<()> {
    let message = text(&mut caller, message).unwrap_or_else(|| "no message".into());
    let place = text(&mut caller, file).map(|file| format!(" at {file}:{line}:{column}")).unwrap_or_default();
    Err(Error::new(Kind::Trap, format!("aborted: {message}{place}")).into())
}

fn text(caller: &mut Caller<'_, State>, pointer: i32) -> Option<String> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else { return None };
    let memory = memory.data(&caller);
    let start = usize::try_from(pointer as u32).ok().filter(|start| *start >= 4)?;
    let size = memory.get(start - 4..start)?.try_into().map(u32::from_le_bytes).ok()?;
    let size = usize::try_from(size).ok()?.min(MESSAGE);
    let units = memory.get(start..start.checked_add(size)?)?.chunks_exact(2);
    let units: Vec<u16> = units.map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    Some(String::from_utf16_lossy(&units))
}
