//! One run of a guest with threads, from start to end.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Poll;
use std::time::Duration;
use std::{io, thread};

use holm_abi::{Error, Guest, Host, Kind, Result, Run};
use holm_core::initialize;
use holm_engine::{Deadline, Exhausted, Usage, explain};
use holm_grants::Limits;
use tokio::sync::watch;
use wasmtime::{AsContextMut, Caller, Engine, ExternType, InstancePre, Store};
use wasmtime_wasi::runtime::in_tokio;

use super::state::{Taken, ThreadState, store};
use super::world::World;
use super::{SharedImport, reserved};
use crate::context::{Given, context};
use crate::module::exit_code;
use crate::module_world::world;
use crate::network::Network;
use crate::stdio::Account;

/// Threads a program may have at a time, the first one included.
const MAX_THREADS: usize = 1024;

/// The largest thread identifier; the bits above it are the C library's.
const MAX_TID: i32 = 0x1FFF_FFFF;

/// What the guest exports for its threads to start in.
const THREAD_START: &str = "wasi_thread_start";

/// How long the end of a program waits for threads in host calls to come back.
const GRACE: Duration = Duration::from_millis(50);

/// What all threads of one run have in common.
pub(super) struct Program {
    guest: Guest,
    pub(super) host: Host,
    /// Set once everything is linked, which takes a store and so a program.
    pre: OnceLock<InstancePre<ThreadState>>,
    memories: Vec<SharedImport>,
    pub(super) world: World,
    pub(super) deadline: Deadline,
    pub(super) taken: Mutex<Taken>,
    /// What all threads have used.
    pub(super) usage: Arc<Usage>,
    /// Fuel that threads left over.
    fuel: AtomicU64,
    last_tid: AtomicI32,
    live: AtomicUsize,
    over: AtomicBool,
    phase: watch::Sender<Phase>,
    outcome: Mutex<Option<Result<i32>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// Threads are to stop.
    Ending,
    /// Nothing happens any more that could be seen from outside.
    Ended,
}

/// Where a thread begins.
#[derive(Clone, Copy)]
enum Start {
    Main,
    Spawned { tid: i32, argument: i32 },
}

impl Program {
    pub(super) fn new(guest: &Guest, host: &Host, run: &Run, memories: Vec<SharedImport>) -> Result<Arc<Self>> {
        let account = Account::new(host.limits.max_output);
        let wasi = context(host, &Given::of(run, &host.stdio), &Network::new(host), &account)?;
        let wasi = world(wasi, host);
        let memory = memories.iter().map(|import| reserved(&import.memory)).sum();
        let mut share = run.usage.share();
        if let Some(share) = &mut share {
            share.grow(memory).map_err(|full| Error::new(Kind::HostFull, full.to_string()).about(&guest.name))?;
        }
        Ok(Arc::new(Self {
            guest: guest.clone(),
            host: host.clone(),
            pre: OnceLock::new(),
            memories,
            world: World::new(wasi),
            // CPU time is counted over all threads, elsewhere.
            deadline: Deadline::start(&Limits { cpu: None, ..host.limits }),
            taken: Mutex::new(Taken { memory, table_elements: 0, share }),
            usage: Arc::clone(&run.usage),
            fuel: AtomicU64::new(0),
            last_tid: AtomicI32::new(0),
            live: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            phase: watch::Sender::new(Phase::Running),
            outcome: Mutex::new(None),
        }))
    }

    pub(super) fn link(&self, pre: InstancePre<ThreadState>) {
        let _ = self.pre.set(pre);
    }

    pub(super) fn memories(&self) -> &[SharedImport] {
        &self.memories
    }

    pub(super) fn engine(&self) -> Result<&Engine> {
        Ok(self.guest.code.module()?.engine())
    }

    /// Starts the thread that runs `_start`. The engine blocks it while it waits for others, so it cannot be the
    /// caller's.
    pub(super) fn start_main(self: &Arc<Self>) -> Result<()> {
        let fuel = self.host.limits.fuel.unwrap_or(u64::MAX);
        let seat = Seat::take(self).ok_or_else(|| Error::new(Kind::Internal, "the program has too many threads"))?;
        seat.start(Start::Main, fuel).map_err(|error| Error::io("start a thread", &error))
    }

    /// When the program is over.
    pub(super) async fn over(&self) -> wasmtime::Result<()> {
        // Fails only when the sender is gone, which lives as long as `self`.
        let _ = self.phase.subscribe().wait_for(|phase| *phase == Phase::Ended).await;
        Ok(())
    }

    pub(super) fn take_outcome(&self) -> Result<i32> {
        let outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
        outcome.unwrap_or_else(|| Err(Error::new(Kind::Internal, "the program was stopped")))
    }

    pub(super) fn check_running(&self) -> wasmtime::Result<()> {
        match self.over.load(Ordering::Relaxed) {
            true => Err(wasmtime::Error::msg("the program is over")),
            false => Ok(()),
        }
    }

    pub(super) fn spend_cpu(&self, more: Duration) -> Result<(), Exhausted> {
        let spent = self.usage.add_cpu(more);
        match self.host.limits.cpu {
            Some(limit) if spent >= limit => Err(Exhausted::Cpu(limit)),
            _ => Ok(()),
        }
    }

    /// Tells of the memory there is now. The engine asks nobody when a shared memory grows.
    fn count_memory(&self) {
        let shared: u64 = self.memories.iter().map(|import| import.memory.data_size() as u64).sum();
        let reserved: u64 = self.memories.iter().map(|import| reserved(&import.memory)).sum();
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner).memory;
        self.usage.has_memory(taken.saturating_sub(reserved).saturating_add(shared));
    }

    /// Ends the program for a reason from outside.
    pub(super) fn fail(self: &Arc<Self>, error: wasmtime::Error) {
        let explained = self.engine().map(|engine| {
            let mut store = Store::new(engine, ThreadState::new(self.clone()));
            explain(&mut store, error, self.guest.trap_context(&self.host))
        });
        self.end(Err(explained.unwrap_or_else(|error| error)), 0);
    }

    /// Ends the program, unless it is over already: the first to say so decides how. `leaving` threads need no help
    /// to end: the caller's own, if it is one.
    fn end(self: &Arc<Self>, outcome: Result<i32>, leaving: usize) {
        if self.over.swap(true, Ordering::Relaxed) {
            return;
        }
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.phase.send_replace(Phase::Ending);
        self.world.close(GRACE);
        self.phase.send_replace(Phase::Ended);
        if self.live.load(Ordering::Relaxed) > leaving {
            let program = self.clone();
            // If it does not start, some threads sleep on.
            let _ = thread::Builder::new().name("holm-reaper".into()).spawn(move || program.wake_sleepers());
        }
    }

    /// Wakes the threads that wait for others in `memory.atomic.wait`, which then notice that the program is over.
    ///
    /// Where they wait is known to the engine alone, so every address there is gets its notice.
    fn wake_sleepers(&self) {
        // Those that only had to be told are gone by now.
        thread::sleep(GRACE);
        for import in &self.memories {
            for address in (0..import.memory.data_size() as u64).step_by(4) {
                if self.live.load(Ordering::Relaxed) == 0 {
                    return;
                }
                let _ = import.memory.atomic_notify(address, u32::MAX);
            }
        }
    }

    /// What a thread does, until it returns or the program is over.
    async fn enter(&self, store: &mut Store<ThreadState>, start: Start) -> wasmtime::Result<()> {
        let unlinked = || Error::new(Kind::Internal, "the program was started before it was linked");
        let instance = self.pre.get().ok_or_else(unlinked)?.instantiate_async(&mut *store).await?;
        match start {
            Start::Main => {
                initialize(store, &instance).await?;
                instance.get_typed_func::<(), ()>(&mut *store, "_start")?.call_async(store, ()).await
            }
            Start::Spawned { tid, argument } => {
                let function = instance.get_typed_func::<(i32, i32), ()>(&mut *store, THREAD_START)?;
                function.call_async(store, (tid, argument)).await
            }
        }
    }

    /// Drops `call` when the program ends, and with it the host call it may be waiting for.
    async fn until_over(&self, call: impl Future<Output = wasmtime::Result<()>>) -> wasmtime::Result<()> {
        let mut phase = self.phase.subscribe();
        let mut over = pin!(phase.wait_for(|phase| *phase != Phase::Running));
        let mut call = pin!(call);
        poll_fn(|cx| match over.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(self.check_running()),
            Poll::Pending => call.as_mut().poll(cx),
        })
        .await
    }

    fn run_thread(self: &Arc<Self>, start: Start, fuel: u64) -> Result<()> {
        let mut store = store(self, fuel)?;
        let mut ended = in_tokio(self.until_over(self.enter(&mut store, start)));
        let charged = store.data_mut().charge();
        self.count_memory();
        if let Start::Spawned { .. } = start {
            // Threads may be too short for any tick to see, and many.
            ended = ended.and(charged.map_err(Into::into));
        }
        if let Ok(left) = store.get_fuel() {
            self.fuel.fetch_add(left, Ordering::Relaxed);
        }
        if ended.is_err() || matches!(start, Start::Main) {
            let context = self.guest.trap_context(&self.host);
            self.end(exit_code(&mut store, ended, context), 1);
        }
        Ok(())
    }

    /// An identifier that no thread of this program had before.
    fn next_tid(&self) -> Option<i32> {
        let next = |last: i32| (last < MAX_TID).then_some(last + 1);
        self.last_tid.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok().map(|last| last + 1)
    }

    fn can_spawn(&self) -> bool {
        let export = self.guest.code.module().ok().and_then(|module| module.get_export(THREAD_START));
        let Some(ExternType::Func(ty)) = export else { return false };
        let takes_two = ty.params().len() == 2 && ty.params().all(|ty| ty.is_i32());
        takes_two && ty.results().len() == 0
    }
}

/// Starts a thread for the guest; `None` where it may not have one.
pub(super) fn spawn(caller: &mut Caller<'_, ThreadState>, argument: i32) -> Option<i32> {
    let program = caller.data().program.clone();
    if !program.can_spawn() {
        return None;
    }
    let seat = Seat::take(&program)?;
    let tid = program.next_tid()?;
    let fuel = share_fuel(caller, &program);
    match seat.start(Start::Spawned { tid, argument }, fuel) {
        Ok(()) => Some(tid),
        Err(_) => {
            program.fuel.fetch_add(fuel, Ordering::Relaxed);
            None
        }
    }
}

/// A quarter of what the caller and the threads that ended have left: the limit on fuel is the program's, and stores
/// cannot draw on one account.
fn share_fuel(caller: &mut Caller<'_, ThreadState>, program: &Program) -> u64 {
    let mut context = caller.as_context_mut();
    let Ok(own) = context.get_fuel() else { return 0 };
    let left = own.saturating_add(program.fuel.swap(0, Ordering::Relaxed));
    let share = left / 4;
    let _ = context.set_fuel(left - share);
    share
}

/// One of the threads that a program may have.
struct Seat(Arc<Program>);

impl Seat {
    fn take(program: &Arc<Program>) -> Option<Self> {
        let next = |live: usize| (live < MAX_THREADS).then_some(live + 1);
        program.live.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        Some(Self(program.clone()))
    }

    fn start(self, start: Start, fuel: u64) -> io::Result<()> {
        let work = move || {
            let program = &self.0;
            let panicked = || Error::new(Kind::Internal, "a thread of the guest met a mistake in Holm");
            let ran = catch_unwind(AssertUnwindSafe(|| program.run_thread(start, fuel)));
            if let Err(error) = ran.unwrap_or_else(|_| Err(panicked())) {
                program.end(Err(error), 1);
            }
        };
        thread::Builder::new().name("holm-guest".into()).spawn(work).map(drop)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Ends a program that nobody waits for any more.
pub(super) struct EndOnDrop(pub(super) Arc<Program>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end(Err(Error::new(Kind::Internal, "the program was stopped")), 0);
    }
}
