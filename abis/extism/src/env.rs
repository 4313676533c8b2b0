//! `extism:host/env`: Extism's own functions, as the plugin imports them.
//!
//! Those of the kernel are called for every eight bytes that cross, so they are as plain as can be.

use wasmtime::{Caller, Linker};

use crate::state::State;
use crate::{ENV, lend};

/// All functions of the module.
pub(crate) const NAMES: [&str; 32] = [
    "alloc",
    "config_get",
    "error_get",
    "error_set",
    "free",
    "get_log_level",
    "http_headers",
    "http_request",
    "http_status_code",
    "input_length",
    "input_load_u64",
    "input_load_u8",
    "input_offset",
    "input_set",
    "length",
    "length_unsafe",
    "load_u64",
    "load_u8",
    "log_debug",
    "log_error",
    "log_info",
    "log_trace",
    "log_warn",
    "memory_bytes",
    "output_length",
    "output_offset",
    "output_set",
    "reset",
    "store_u64",
    "store_u8",
    "var_get",
    "var_set",
];

type Of<'a> = Caller<'a, State>;

/// Links all of them.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    memory(linker)?;
    input_and_output(linker)?;
    lend::link(linker)?;
    #[cfg(feature = "http")]
    crate::http::link(linker)?;
    #[cfg(not(feature = "http"))]
    lend::link_without_http(linker)?;
    Ok(())
}

fn memory(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(ENV, "load_u8", |of: Of<'_>, at: u64| u32::from(of.data().kernel.load_u8(at)))?;
    linker.func_wrap(ENV, "load_u64", |of: Of<'_>, at: u64| of.data().kernel.load_u64(at))?;
    // Of a byte in an i32, the rest is ignored.
    linker.func_wrap(ENV, "store_u8", |mut of: Of<'_>, at: u64, byte: u32| {
        of.data_mut().kernel.store_u8(at, byte as u8);
    })?;
    linker.func_wrap(ENV, "store_u64", |mut of: Of<'_>, at: u64, word: u64| {
        of.data_mut().kernel.store_u64(at, word);
    })?;
    linker.func_wrap(ENV, "alloc", |mut of: Of<'_>, length: u64| of.data_mut().alloc(length))?;
    linker.func_wrap(ENV, "free", |mut of: Of<'_>, at: u64| of.data_mut().kernel.free(at))?;
    for name in ["length", "length_unsafe"] {
        linker.func_wrap(ENV, name, |of: Of<'_>, at: u64| of.data().kernel.length(at))?;
    }
    linker.func_wrap(ENV, "memory_bytes", |of: Of<'_>| of.data().kernel.memory_bytes())?;
    linker.func_wrap(ENV, "reset", |mut of: Of<'_>| of.data_mut().kernel.reset())?;
    Ok(())
}

fn input_and_output(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(ENV, "input_load_u8", |of: Of<'_>, at: u64| u32::from(of.data().kernel.input_load_u8(at)))?;
    linker.func_wrap(ENV, "input_load_u64", |of: Of<'_>, at: u64| of.data().kernel.input_load_u64(at))?;
    linker.func_wrap(ENV, "input_length", |of: Of<'_>| of.data().kernel.input_length())?;
    linker.func_wrap(ENV, "input_offset", |of: Of<'_>| of.data().kernel.input_offset())?;
    linker.func_wrap(ENV, "input_set", |mut of: Of<'_>, at: u64, length: u64| {
        of.data_mut().kernel.input_set(at, length);
    })?;
    linker.func_wrap(ENV, "output_set", |mut of: Of<'_>, at: u64, length: u64| {
        of.data_mut().kernel.output_set(at, length);
    })?;
    linker.func_wrap(ENV, "output_offset", |of: Of<'_>| of.data().kernel.output_offset())?;
    linker.func_wrap(ENV, "output_length", |of: Of<'_>| of.data().kernel.output_length())?;
    linker.func_wrap(ENV, "error_set", |mut of: Of<'_>, at: u64| of.data_mut().kernel.error_set(at))?;
    linker.func_wrap(ENV, "error_get", |of: Of<'_>| of.data().kernel.error_get())?;
    Ok(())
}
