//! The module that tools put beside a program built for WASI 0.1, to make one for 0.2 of it: whether what stands there does
//! for the program what a host of WASI 0.1 would.
//!
//! Functions of WASI 0.1: `wasi_snapshot_preview1.witx` of <https://github.com/WebAssembly/WASI>. The adapter is the one of
//! <https://github.com/bytecodealliance/wasmtime>, `crates/wasi-preview1-component-adapter`. Its bytes differ from program to
//! program, as what a program does not call is left out of it.

use std::collections::HashSet;

use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

use super::Target;
use super::resolve::Wiring;
use super::space::{CoreFunction, Function, Type};

/// The module that programs import WASI 0.1 from.
const PREVIEW1: &str = "wasi_snapshot_preview1";

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
fn passes_on(function: &str, reached: &HashSet<&str>) -> bool {
    done_through(function).is_some_and(|through| through.is_none_or(|interface| reached.contains(interface)))
}

/// What stands between a program built for WASI 0.1 and 0.2.
pub(super) struct Adapter<'a> {
    instance: u32,
    /// The interfaces that it imports, without versions.
    reached: HashSet<&'a str>,
}

impl<'a> Wiring<'_, 'a> {
    /// What an adapter is, if it imports nothing but the program's memory and functions, and interfaces of WASI.
    pub(super) fn adapter(&self, instance: u32) -> Option<Adapter<'a>> {
        let (_, given) = self.space.instantiated(instance)?;
        let mut reached = HashSet::new();
        for payload in Parser::new(0).parse_all(self.bytes_of(instance)?) {
            let Payload::ImportSection(section) = payload.ok()? else { continue };
            for import in section.into_imports() {
                let import = import.ok()?;
                let from = *given.get(import.module)?;
                match import.ty {
                    TypeRef::Memory(_) => {
                        let memory = self.space.listed(from, import.name, ExternalKind::Memory)?;
                        self.of_main(self.space.core_memories.get(memory as usize)?)?;
                    }
                    TypeRef::Func(_) => reached.extend(self.reached(self.import(from, import.name)?)?),
                    _ => return None,
                }
            }
            break;
        }
        Some(Adapter { instance, reached })
    }

    /// The interface that a core function is of, `Some(None)` for one of the program's own.
    fn reached(&self, function: u32) -> Option<Option<&'a str>> {
        let instance = match self.space.core_functions.get(function as usize)? {
            CoreFunction::Export(of) => return self.of_main(of).map(|_| None),
            CoreFunction::Lower { function, .. } => match self.space.functions.get(*function as usize)? {
                Function::Export(of) => of.instance,
                Function::Lift { .. } => return None,
            },
            CoreFunction::Drop { resource } => match self.space.types.get(*resource as usize)? {
                Type::Export(of) => of.instance,
                Type::Other => return None,
            },
        };
        let (interface, _) = self.space.imported(instance)?.split_once('@')?;
        interface.starts_with("wasi:").then_some(Some(interface))
    }

    /// Whether a function that the program imports is one of WASI 0.1 that its adapter passes on.
    pub(super) fn adapted(&self, function: u32, module: &str, name: &str) -> Option<Target> {
        let (of, adapter) = (self.space.core_export(function)?, self.adapter.as_ref()?);
        let same = of.instance == adapter.instance && of.name == name && module == PREVIEW1;
        (same && passes_on(name, &adapter.reached)).then_some(Target::Preview1)
    }
}
