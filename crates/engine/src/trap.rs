//! What the engine says when a guest fails, in words for the person who must act.

use std::path::Path;

use holm_grants::{Limits, format_size};
use wasmtime::component::ResourceTableError;
use wasmtime::{FrameInfo, Store, ThrownException, Trap, WasmBacktrace};

use crate::account::Full;
use crate::clock::Exhausted;
use crate::config::DEFAULT_STACK;
use crate::error::{Error, Frame, Kind};
use crate::limits::{DEFAULT_HANDLES, Limiter, TooMuchKept};
use crate::shape::{Shape, demangle};
use crate::store::Limited;

/// What is known of a guest when it fails.
#[derive(Clone, Copy)]
pub struct TrapContext<'a> {
    /// What the user called it.
    pub name: &'a str,
    /// What its bytes said.
    pub shape: &'a Shape,
    /// The limits it ran under.
    pub limits: &'a Limits,
    /// Where to leave a core dump, if anywhere.
    pub coredump: Option<&'a Path>,
}

/// Turns the engine's error into ours: which limit or instruction ended the guest, and where.
pub fn explain<T: Limited>(store: &mut Store<T>, error: wasmtime::Error, context: TrapContext<'_>) -> Error {
    let error = match error.downcast::<Error>() {
        Ok(ours) => return ours.about(context.name),
        Err(error) => error,
    };
    let frames = frames(&error, context.shape);
    // Whatever stopped a guest for which too much is kept, it was stopped for that.
    let kept = store.data_mut().limiter().check().err();
    let cause = kept.as_ref().unwrap_or(&error);
    let explained = if let Some(exhausted) = error.downcast_ref::<Exhausted>() {
        out_of_time(*exhausted)
    } else if let Some(full) = host_full(cause) {
        full
    } else if let Some(TooMuchKept(wanted)) = cause.downcast_ref() {
        out_of_memory(*wanted, store.data_mut().limiter())
    } else if is_out_of_handles(&error) {
        out_of_handles(context.limits)
    } else if let Some(trap) = error.downcast_ref::<Trap>() {
        trapped(*trap, context.limits, store.data_mut().limiter())
    } else if error.is::<ThrownException>() {
        Error::new(Kind::Trap, "trapped: it threw an exception that nothing caught")
    } else if let Some(wanted) = store.data_mut().limiter().refused() {
        // Its first memory was too large already, which the engine says in words of its own.
        out_of_memory(wanted, store.data_mut().limiter())
    } else {
        // A host function refused to go on; its words come first, the engine's context is not for users.
        Error::new(Kind::Trap, format!("stopped: {}", error.root_cause()))
    };
    let explained = explained.about(context.name).with_frames(frames);
    #[cfg(feature = "diagnostics")]
    if let Some(path) = context.coredump {
        return explained.note(dump(store, &error, context.name, path));
    }
    explained
}

/// Writes the core dump and says where, or why not.
#[cfg(feature = "diagnostics")]
fn dump<T>(store: &mut Store<T>, error: &wasmtime::Error, name: &str, path: &Path) -> String {
    let Some(dump) = error.downcast_ref::<wasmtime::WasmCoreDump>() else {
        return "there is no core dump of this error".into();
    };
    match std::fs::write(path, dump.serialize(&mut *store, name)) {
        Ok(()) => format!("core dumped to {}", path.display()),
        Err(error) => {
            format!("the core dump could not be written to {}: {}", path.display(), crate::error::plain_io(&error))
        }
    }
}

fn out_of_time(exhausted: Exhausted) -> Error {
    let (kind, what, limit, flag) = match exhausted {
        Exhausted::Cpu(limit) => (Kind::OutOfCpu, "CPU time", limit, "--cpu"),
        Exhausted::Wall(limit) => (Kind::OutOfTime, "time", limit, "--wall"),
    };
    Error::new(kind, format!("out of {what}: stopped at the limit of {limit:?}")).note(format!("{flag} sets the limit"))
}

/// The error of a guest for which there was no room, whatever its own limits.
fn host_full(error: &wasmtime::Error) -> Option<Error> {
    let full = error.downcast_ref::<Full>().map(ToString::to_string);
    #[cfg(feature = "pool")]
    let full = full.or_else(|| {
        let slots = error.downcast_ref::<wasmtime::PoolConcurrencyLimitError>()?;
        Some(format!("there is no room for another instance: {slots}"))
    });
    full.map(|why| Error::new(Kind::HostFull, why))
}

/// Of the tables that the host keeps things in, one says so by a type, the other in words.
fn is_out_of_handles(error: &wasmtime::Error) -> bool {
    matches!(error.downcast_ref(), Some(ResourceTableError::Full))
        || error.root_cause().to_string().contains("store handle limit exceeded")
}

fn out_of_handles(limits: &Limits) -> Error {
    let limit = limits.handles.unwrap_or(DEFAULT_HANDLES);
    let message = format!("out of handles: it has the host keep as many things for it as the limit of {limit} allows");
    Error::new(Kind::OutOfHandles, message).note("--handles sets the limit")
}

fn trapped(trap: Trap, limits: &Limits, limiter: &Limiter) -> Error {
    match trap {
        Trap::OutOfFuel => {
            let limit = limits.fuel.unwrap_or_default();
            Error::new(Kind::OutOfFuel, format!("out of fuel: stopped at the limit of {limit} instructions"))
                .note("--fuel sets the limit")
        }
        Trap::StackOverflow => {
            let limit = format_size(limits.stack.unwrap_or(DEFAULT_STACK));
            Error::new(Kind::StackOverflow, format!("stack overflow: its calls went deeper than the limit of {limit}"))
                .note("--stack sets the limit")
        }
        trap => match limiter.refused() {
            Some(wanted) => out_of_memory(wanted, limiter),
            None => Error::new(Kind::Trap, format!("trapped: {}", describe(trap))),
        },
    }
}

/// The error of a guest that failed after it had been refused memory.
fn out_of_memory(wanted: u64, limiter: &Limiter) -> Error {
    let (wanted, limit) = (format_size(wanted), format_size(limiter.memory_max()));
    Error::new(
        Kind::OutOfMemory,
        format!("out of memory: it asked for {wanted}, beyond the limit of {limit}, and gave up"),
    )
    .note("--memory sets the limit")
}

fn describe(trap: Trap) -> String {
    match trap {
        Trap::UnreachableCodeReached => "it ran into `unreachable`, as a program does that panics or aborts".into(),
        Trap::MemoryOutOfBounds => "it touched memory beyond the end of its own".into(),
        Trap::IndirectCallToNull => "it called through an empty table entry (a null function pointer)".into(),
        Trap::BadSignature => "it called a function pointer of another type".into(),
        trap => trap.to_string().trim_start_matches("wasm trap: ").to_owned(),
    }
}

/// The guest's stack, calls of a function by itself counted instead of listed.
fn frames(error: &wasmtime::Error, shape: &Shape) -> Vec<Frame> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    let mut frames: Vec<(Frame, usize)> = Vec::new();
    for frame in backtrace.frames().iter().flat_map(|info| frame(info, shape)) {
        match frames.last_mut() {
            Some((last, times)) if *last == frame => *times += 1,
            _ => frames.push((frame, 1)),
        }
    }
    let counted = frames.into_iter().map(|(frame, times)| match times {
        1 => frame,
        // The engine stops counting before the stack ends.
        _ => Frame { function: format!("{} ({times} times or more)", frame.function), ..frame },
    });
    counted.collect()
}

/// One frame of the machine can be several of the source, where the guest's compiler inlined calls.
fn frame(info: &FrameInfo, shape: &Shape) -> Vec<Frame> {
    let of_the_function = || function_name(info, shape);
    if info.symbols().is_empty() {
        return vec![Frame { function: of_the_function(), location: None }];
    }
    let symbols = info.symbols().iter();
    symbols
        .map(|symbol| {
            let function = symbol.name().map_or_else(of_the_function, demangle);
            let location = symbol.file().map(|file| match (symbol.line(), symbol.column()) {
                (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
                (Some(line), None) => format!("{file}:{line}"),
                _ => file.to_owned(),
            });
            Frame { function, location }
        })
        .collect()
}

fn function_name(info: &FrameInfo, shape: &Shape) -> String {
    let index = info.func_index();
    if let Some(name) = info.func_name() {
        return demangle(name);
    }
    match shape.function_named(index) {
        Some(name) => name.to_owned(),
        None => format!("function {index}"),
    }
}
