//! `wasi:cli`, and `wasi:filesystem` for guests that were granted no directory.

use wasmtime::component::Resource;
use wasmtime_wasi::cli::WasiCliView as _;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::DynInputStream;
use wasmtime_wasi::p2::bindings::cli::environment::Host as _;
use wasmtime_wasi::p2::bindings::cli::exit::Host as _;
use wasmtime_wasi::p2::bindings::cli::stderr::Host as _;
use wasmtime_wasi::p2::bindings::cli::stdin::Host as _;
use wasmtime_wasi::p2::bindings::cli::stdout::Host as _;
use wasmtime_wasi::p2::bindings::cli::terminal_input::{HostTerminalInput, TerminalInput};
use wasmtime_wasi::p2::bindings::cli::terminal_output::{HostTerminalOutput, TerminalOutput};
use wasmtime_wasi::p2::bindings::cli::terminal_stderr::Host as _;
use wasmtime_wasi::p2::bindings::cli::terminal_stdin::Host as _;
use wasmtime_wasi::p2::bindings::cli::terminal_stdout::Host as _;

use crate::direct::functions::Functions;

pub(super) fn define(functions: &mut Functions) {
    functions
        .interface("wasi:cli/environment")
        .now("get-environment", |s, ()| s.cli().get_environment())
        .now("get-arguments", |s, ()| s.cli().get_arguments())
        .now("initial-cwd", |s, ()| s.cli().initial_cwd());
    functions
        .interface("wasi:cli/exit")
        .acts("exit", |s, (status,): (Result<(), ()>,)| s.cli().exit(status))
        .acts("exit-with-code", |s, (code,): (u8,)| s.cli().exit_with_code(code));
    functions
        .interface("wasi:cli/stdin")
        .now("get-stdin", |s, ()| -> wasmtime::Result<Resource<DynInputStream>> { s.cli().get_stdin() });
    functions.interface("wasi:cli/stdout").now("get-stdout", |s, ()| s.cli().get_stdout());
    functions.interface("wasi:cli/stderr").now("get-stderr", |s, ()| s.cli().get_stderr());
    terminals(functions);
    functions
        .interface("wasi:filesystem/preopens")
        .now("get-directories", |_, ()| Ok(Vec::<(Resource<Descriptor>, String)>::new()));
    functions.interface("wasi:filesystem/types").out_of_reach();
}

fn terminals(functions: &mut Functions) {
    functions
        .interface("wasi:cli/terminal-input")
        .drops("terminal-input", |s, it: Resource<TerminalInput>| HostTerminalInput::drop(&mut s.cli(), it));
    functions
        .interface("wasi:cli/terminal-output")
        .drops("terminal-output", |s, it: Resource<TerminalOutput>| HostTerminalOutput::drop(&mut s.cli(), it));
    functions.interface("wasi:cli/terminal-stdin").now("get-terminal-stdin", |s, ()| s.cli().get_terminal_stdin());
    functions.interface("wasi:cli/terminal-stdout").now("get-terminal-stdout", |s, ()| s.cli().get_terminal_stdout());
    functions.interface("wasi:cli/terminal-stderr").now("get-terminal-stderr", |s, ()| s.cli().get_terminal_stderr());
}
