//! The host functions of threads: WASI 0.1 with one world for all, and the calls that do without it.

use std::thread;
use std::time::Duration;

use wasmtime::{AsContextMut, Caller, Engine, Extern, Linker, SharedMemory};
use wasmtime_wasi::clocks::WasiClocksView as _;
use wasmtime_wasi::p1::types::{Clockid, Errno, Event, EventFdReadwrite, Eventrwflags, Eventtype};
use wasmtime_wasi::p1::types::{Subclockflags, Subscription, SubscriptionClock, SubscriptionU};
use wasmtime_wasi::p1::wasi_snapshot_preview1::{self as preview1, WasiSnapshotPreview1 as _};
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi::{I32Exit, p1};
use wiggle::{GuestMemory, GuestPtr};

use super::program::spawn;
use super::state::ThreadState;
use super::{MODULE, SPAWN};

const PREVIEW1: &str = "wasi_snapshot_preview1";

/// Sleeps shorter than this are left to the system: the timers of the async runtime count whole milliseconds.
const SHORT: Duration = Duration::from_millis(10);

/// Everything a guest with threads can import, except its memory.
///
/// A thread that reads from a standard input with nothing in it keeps the world until something comes, and with it
/// every other thread that makes a host call, unless that is one of those replaced here. The world is one object;
/// only its maker could take it apart.
pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<ThreadState>> {
    let mut linker = Linker::new(engine);
    p1::add_to_linker_async(&mut linker, ThreadState::wasi)?;
    linker.func_wrap(MODULE, SPAWN, |mut caller: Caller<'_, ThreadState>, argument: i32| {
        // To the C library, any negative answer is EAGAIN.
        spawn(&mut caller, argument).unwrap_or(-1)
    })?;

    linker.allow_shadowing(true);
    linker.func_wrap(PREVIEW1, "proc_exit", |code: i32| -> wasmtime::Result<()> { Err(I32Exit(code).into()) })?;
    linker.func_wrap(PREVIEW1, "sched_yield", || -> i32 {
        thread::yield_now();
        0
    })?;
    linker.func_wrap_async(PREVIEW1, "poll_oneoff", |caller, (subscriptions, events, count, occurred)| {
        Box::new(poll_oneoff(caller, subscriptions, events, count, occurred))
    })?;
    Ok(linker)
}

/// A thread that only sleeps lets the others use the world meanwhile. Everything else is as ever.
async fn poll_oneoff(
    mut caller: Caller<'_, ThreadState>,
    subscriptions: i32,
    events: i32,
    count: i32,
    occurred: i32,
) -> wasmtime::Result<i32> {
    let Some(Extern::SharedMemory(memory)) = caller.get_export("memory") else {
        return Err(wasmtime::Error::msg("it exports no shared memory called `memory`"));
    };
    if let Some((userdata, clock)) = only_sleeps(&memory, subscriptions, count) {
        let delay = delay(caller.data_mut(), &clock);
        sleep(delay).await;
        return Ok(woken(&memory, userdata, events, occurred));
    }
    let fuel = caller.as_context_mut().hostcall_fuel();
    let wasi = caller.data_mut().wasi();
    wasi.set_hostcall_fuel(fuel);
    let mut memory = GuestMemory::Shared(memory.data());
    preview1::poll_oneoff(wasi, &mut memory, subscriptions, events, count, occurred).await
}

/// The one clock that the guest waits for, if that is all it waits for.
fn only_sleeps(memory: &SharedMemory, subscriptions: i32, count: i32) -> Option<(u64, SubscriptionClock)> {
    if count != 1 {
        return None;
    }
    let at = GuestPtr::<Subscription>::new(subscriptions.cast_unsigned());
    let subscription = GuestMemory::Shared(memory.data()).read(at).ok()?;
    match subscription.u {
        SubscriptionU::Clock(clock) if matches!(clock.id, Clockid::Monotonic | Clockid::Realtime) => {
            Some((subscription.userdata, clock))
        }
        _ => None,
    }
}

fn delay(state: &mut ThreadState, clock: &SubscriptionClock) -> Duration {
    if !clock.flags.contains(Subclockflags::SUBSCRIPTION_CLOCK_ABSTIME) {
        return Duration::from_nanos(clock.timeout);
    }
    let now = now(state, clock.id);
    state.leave_world();
    Duration::from_nanos(clock.timeout).saturating_sub(now)
}

/// The time by the guest's own clock. One that cannot be read is at the beginning of time.
fn now(state: &mut ThreadState, clock: Clockid) -> Duration {
    let mut clocks = state.wasi().clocks();
    if clock == Clockid::Monotonic {
        return Duration::from_nanos(monotonic_clock::Host::now(&mut clocks).unwrap_or_default());
    }
    let now = wall_clock::Host::now(&mut clocks);
    now.map_or(Duration::ZERO, |now| Duration::new(now.seconds, now.nanoseconds))
}

async fn sleep(delay: Duration) {
    match delay < SHORT {
        true => thread::sleep(delay),
        false => tokio::time::sleep(delay).await,
    }
}

/// Tells the guest that its time has come.
fn woken(memory: &SharedMemory, userdata: u64, events: i32, occurred: i32) -> i32 {
    let mut memory = GuestMemory::Shared(memory.data());
    let event = Event {
        userdata,
        error: Errno::Success,
        type_: Eventtype::Clock,
        fd_readwrite: EventFdReadwrite { nbytes: 0, flags: Eventrwflags::empty() },
    };
    let written = memory
        .write(GuestPtr::new(events.cast_unsigned()), event)
        .and_then(|()| memory.write(GuestPtr::new(occurred.cast_unsigned()), 1u32));
    let errno = if written.is_ok() { Errno::Success } else { Errno::Fault };
    i32::from(errno as u16)
}
