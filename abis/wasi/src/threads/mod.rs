//! wasi-threads: core modules that share one memory between several instances of themselves, one on each thread.
//!
//! A guest asks for a thread with `wasi.thread-spawn`; its `wasi_thread_start` is then called on a fresh instance
//! with the same memory and the same file descriptors. A trap or an exit anywhere, or the return of `_start`, ends
//! the whole program.
//!
//! What is still running then is stopped: a thread that waits in a host call or for another thread at once, one
//! that computes at its next tick, if its code was compiled to be interruptible. Two kinds remain until they stop by
//! themselves or the process ends: endless loops in code that was not, and operations of the host's own file system
//! that block. Their threads and their share of the guest's memory stay until then.

mod calls;
mod program;
mod state;
mod world;

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Command, Entry, Error, Guest, Host, Kind, Result, Run};
use holm_engine::shape::{self, Import, Shape};
use holm_engine::{Limiter, within_wall};
use holm_grants::{Limits, format_size};
use wasmtime::{Engine, ExternType, Linker, MemoryType, MemoryTypeBuilder, Module, SharedMemory, Store};

use self::program::{EndOnDrop, Program};
use self::state::ThreadState;
use crate::missing;

/// The module that threads are imported from.
pub(crate) const MODULE: &str = "wasi";

/// The function that makes one.
pub(crate) const SPAWN: &str = "thread-spawn";

/// Whether a module is a command of this kind.
pub(crate) fn recognise(shape: &Shape) -> bool {
    let shared_memory = |import: &Import| matches!(import.ty, shape::ExternType::Memory { shared: true, .. });
    let threaded = shape.import(MODULE, SPAWN).is_some() || shape.imports.iter().any(shared_memory);
    threaded && shape.export("_start").is_some()
}

/// The only entry of such a module: a command.
pub(crate) fn load(guest: &Guest, host: &Host) -> Result<Vec<Entry>> {
    let module = guest.code.module()?;
    let internal = |error: wasmtime::Error| Error::new(Kind::Internal, format!("WASI does not link: {error:#}"));
    let linker = calls::linker(module.engine()).map_err(internal)?;
    let threaded = Threaded { guest: guest.clone(), host: host.clone(), linker };
    // Finds what is missing now instead of at the first run.
    threaded.program(&Run::default())?;
    Ok(vec![Entry::Command(Arc::new(threaded))])
}

/// A module with `_start` and threads.
struct Threaded {
    guest: Guest,
    host: Host,
    linker: Linker<ThreadState>,
}

impl Threaded {
    /// A run of its own, with a memory of its own.
    fn program(&self, run: &Run) -> Result<Arc<Program>> {
        let module = self.guest.code.module()?;
        let memories = shared_memories(module, &self.host.limits).map_err(|error| error.about(&self.guest.name))?;
        let program = Program::new(&self.guest, &self.host, run, memories)?;

        let internal = |error: wasmtime::Error| Error::new(Kind::Internal, format!("no shared memory: {error:#}"));
        let mut store = Store::new(module.engine(), ThreadState::new(program.clone()));
        let mut linker = self.linker.clone();
        for SharedImport { module, name, memory } in program.memories() {
            linker.define(&store, module, name, memory.clone()).map_err(internal)?;
        }
        match linker.instantiate_pre(module) {
            Ok(pre) => program.link(pre),
            Err(error) => return Err(missing::module(&self.guest, module, &linker, &mut store, &error)),
        }
        Ok(program)
    }
}

#[async_trait]
impl Command for Threaded {
    async fn run(&self, run: &Run) -> Result<i32> {
        let program = self.program(run)?;
        let _end = EndOnDrop(program.clone());
        program.start_main()?;
        if let Err(error) = within_wall(&self.host.limits, pin!(program.over())).await {
            // No thread noticed, so all of them wait for something.
            program.fail(error);
        }
        program.take_outcome()
    }
}

/// A memory that all instances of one run import.
struct SharedImport {
    module: String,
    name: String,
    memory: SharedMemory,
}

fn shared_memories(module: &Module, limits: &Limits) -> Result<Vec<SharedImport>> {
    let mut left = Limiter::new(limits).memory_max();
    let mut memories = Vec::new();
    for import in module.imports() {
        let ExternType::Memory(ty) = import.ty() else { continue };
        if ty.is_shared() {
            let memory = shared_memory(module.engine(), &ty, left)?;
            left -= reserved(&memory);
            memories.push(SharedImport { module: import.module().into(), name: import.name().into(), memory });
        }
    }
    Ok(memories)
}

/// A memory of this type, or one that may grow less far: the engine asks nobody when a shared memory grows, so the
/// limit becomes part of its type.
fn shared_memory(engine: &Engine, ty: &MemoryType, limit: u64) -> Result<SharedMemory> {
    let pages = (limit / ty.page_size()).min(ty.maximum().unwrap_or(u64::MAX));
    if ty.minimum() > pages {
        return Err(beyond(limit, ty));
    }
    let capped = MemoryTypeBuilder::default()
        .shared(true)
        .memory64(ty.is_64())
        .page_size_log2(ty.page_size_log2())
        .min(ty.minimum())
        .max(Some(pages))
        .build();
    capped
        .and_then(|ty| SharedMemory::new(engine, ty))
        .map_err(|error| Error::new(Kind::OutOfMemory, format!("no shared memory: {error:#}")))
}

fn beyond(limit: u64, ty: &MemoryType) -> Error {
    let wanted = format_size(ty.minimum().saturating_mul(ty.page_size()));
    let message = format!("out of memory: it starts with {wanted}, beyond the limit of {}", format_size(limit));
    Error::new(Kind::OutOfMemory, message).note("--memory sets the limit")
}

/// The bytes a shared memory may come to hold, all of which count against the limit from the start.
fn reserved(memory: &SharedMemory) -> u64 {
    let ty = memory.ty();
    ty.maximum().unwrap_or(u64::MAX).saturating_mul(ty.page_size())
}
