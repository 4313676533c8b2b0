//! What the store of one thread carries, and how the thread is held to the limits of its program.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use holm_abi::Result;
use holm_engine::{Exhausted, Limited, Limiter, Share, limited_store, thread_cpu};
use wasmtime::{CallHook, ResourceLimiter, Store, UpdateDeadline};
use wasmtime_wasi::p1::WasiP1Ctx;

use super::program::Program;

/// The state of one thread.
pub(super) struct ThreadState {
    pub(super) program: Arc<Program>,
    /// What this thread alone has taken.
    limiter: Limiter,
    /// The program's world, during a host call that needs it.
    wasi: Option<Box<WasiP1Ctx>>,
    /// How much of this thread's CPU time was charged to the program.
    charged: Duration,
}

impl ThreadState {
    pub(super) fn new(program: Arc<Program>) -> Self {
        let limiter = Limiter::new(&program.host.limits);
        Self { program, limiter, wasi: None, charged: Duration::ZERO }
    }

    /// The program's world, for as long as this host call lasts.
    ///
    /// Taken here and not when the call hook reports a call: to the hook, waiting in `memory.atomic.wait` looks
    /// like a host call as well, and who waits for another thread must not keep the world from it.
    pub(super) fn wasi(&mut self) -> &mut WasiP1Ctx {
        let program = &self.program;
        self.wasi.get_or_insert_with(|| program.world.take())
    }

    /// Leaves the world to the next thread.
    pub(super) fn leave_world(&mut self) {
        if let Some(world) = self.wasi.take() {
            self.program.world.give_back(world);
        }
    }

    /// Charges the CPU time used since the last time to the program.
    pub(super) fn charge(&mut self) -> Result<(), Exhausted> {
        let used = thread_cpu();
        let more = used.saturating_sub(self.charged);
        self.charged = used;
        self.program.spend_cpu(more)
    }

    fn tick(&mut self) -> wasmtime::Result<()> {
        self.program.check_running()?;
        self.program.deadline.check()?;
        Ok(self.charge()?)
    }
}

impl Drop for ThreadState {
    fn drop(&mut self) {
        // A host call that was abandoned does not return.
        self.leave_world();
        let mut taken = self.program.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.memory = taken.memory.saturating_sub(self.limiter.memory());
        taken.table_elements = taken.table_elements.saturating_sub(self.limiter.table_elements());
        if let Some(share) = &mut taken.share {
            share.shrink(self.limiter.memory());
        }
    }
}

impl Limited for ThreadState {
    fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }
}

/// What all threads of a program have now: bytes of memory, and elements of tables.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) memory: u64,
    pub(super) table_elements: u64,
    /// The memory's place in the host's account.
    pub(super) share: Option<Share>,
}

/// The limits are the program's, so what the other threads have counts as well.
impl ResourceLimiter for ThreadState {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let mut taken = self.program.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let more = desired.saturating_sub(current) as u64;
        let others = taken.memory.saturating_sub(self.limiter.memory());
        if taken.memory.saturating_add(more) > self.limiter.memory_max() {
            // Refused, and remembered for the error message with the size of the whole.
            let whole = usize::try_from(others.saturating_add(more)).unwrap_or(usize::MAX);
            return self.limiter.memory_growing(0, whole, None);
        }
        if let Some(share) = &mut taken.share {
            share.grow(more)?;
        }
        taken.memory += more;
        self.limiter.memory_growing(current, desired, maximum)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        let mut taken = self.program.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.limiter.memory();
        self.limiter.memory_grow_failed(error)?;
        let less = before - self.limiter.memory();
        taken.memory = taken.memory.saturating_sub(less);
        if let Some(share) = &mut taken.share {
            share.shrink(less);
        }
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let mut taken = self.program.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let more = desired.saturating_sub(current) as u64;
        if taken.table_elements.saturating_add(more) > self.limiter.table_elements_max() {
            return Ok(false);
        }
        taken.table_elements += more;
        self.limiter.table_growing(current, desired, maximum)
    }
}

/// A store for a thread that may use this much fuel.
pub(super) fn store(program: &Arc<Program>, fuel: u64) -> Result<Store<ThreadState>> {
    let engine = program.engine()?;
    let mut store = limited_store(engine, ThreadState::new(program.clone()), &program.host.limits)?;
    store.limiter(|state| state);
    if engine.get_consume_fuel() {
        // Fails only where fuel is not counted.
        let _ = store.set_fuel(fuel);
    }
    if engine.get_epoch_interruption() {
        store.epoch_deadline_callback(|mut context| {
            context.data_mut().tick()?;
            // Yielding is what lets the thread see that the program is over while it computes.
            Ok(UpdateDeadline::Yield(1))
        });
    }
    store.call_hook(|mut context, event| {
        let state = context.data_mut();
        match event {
            CallHook::CallingHost => state.program.check_running(),
            CallHook::ReturningFromHost => {
                state.leave_world();
                state.program.check_running()
            }
            CallHook::CallingWasm | CallHook::ReturningFromWasm => Ok(()),
        }
    });
    Ok(store)
}
