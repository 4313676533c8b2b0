//! The module that tools put beside a program built for WASI 0.1, to make one for 0.2 of it: whether what stands there does
//! for the program what a host of WASI 0.1 would.
//!
//! Functions of WASI 0.1: `wasi_snapshot_preview1.witx` of <https://github.com/WebAssembly/WASI>. The adapter is the one of
//! <https://github.com/bytecodealliance/wasmtime>, `crates/wasi-preview1-component-adapter`. Its bytes differ from program to
//! program, as what a program does not call is left out of it.

use std::collections::HashSet;

/// The module that programs import WASI 0.1 from.
pub(super) const PREVIEW1: &str = "wasi_snapshot_preview1";

/// Through which interface of WASI 0.2 an adapter does what a function of WASI 0.1 does, if that is more than to answer.
/// `None` for functions that no adapter has.
fn done_through(function: &str) -> Option<Option<&'static str>> {
    Some(match function {
        "sched_yield" => None,
        "args_get" | "args_sizes_get" | "environ_get" | "environ_sizes_get" => Some("wasi:cli/environment"),
        "clock_res_get" | "clock_time_get" => Some("wasi:clocks/wall-clock"),
        "poll_oneoff" => Some("wasi:io/poll"),
        "proc_exit" => Some("wasi:cli/exit"),
        "random_get" => Some("wasi:random/random"),
        "fd_read" | "fd_write" => Some("wasi:io/streams"),
        function if function.starts_with("fd_") || function.starts_with("path_") => Some("wasi:filesystem/types"),
        _ => return None,
    })
}

/// Whether an adapter that reaches these interfaces, versions left out, passes `function` on. One that reaches nothing has an
/// answer of its own.
pub(super) fn passes_on(function: &str, reached: &HashSet<&str>) -> bool {
    done_through(function).is_some_and(|through| through.is_none_or(|interface| reached.contains(interface)))
}
