//! WASI 0.1, for programs whose adapter to 0.2 is left out.

use wasmtime::{Caller, Linker, Result};
use wasmtime_wasi::p2::bindings::random::random::Host as _;
use wasmtime_wasi::random::WasiRandomView as _;

use crate::MODULES;
use crate::module_world::link_preview1;
use crate::state::State;

/// Results of functions: `success` and `fault` of `errno` (`typenames.witx` of WASI 0.1).
const SUCCESS: u32 = 0;
const FAULT: u32 = 21;

/// Links all functions there are.
pub(super) fn link(linker: &mut Linker<State>) -> Result<()> {
    link_preview1(linker, State::preview1)?;
    // Every program with a hash map calls this one, and many call nothing else. It needs no world of WASI 0.1's own.
    linker.func_wrap(MODULES[0], "random_get", random_get).map(drop)
}

fn random_get(mut caller: Caller<'_, State>, at: u32, length: u32) -> Result<u32> {
    let memory = caller.data().direct.memory()?;
    let place = at as usize..at as usize + length as usize;
    if memory.data(&caller).get(place.clone()).is_none() {
        return Ok(FAULT);
    }
    let bytes = caller.data_mut().random().get_random_bytes(length.into())?;
    match memory.data_mut(&mut caller).get_mut(place) {
        Some(place) if place.len() == bytes.len() => place.copy_from_slice(&bytes),
        _ => return Ok(FAULT),
    }
    Ok(SUCCESS)
}
