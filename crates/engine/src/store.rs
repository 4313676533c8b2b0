//! Stores whose guests are held to their limits.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use holm_grants::Limits;
use wasmtime::{CallHook, Engine, Store, UpdateDeadline};

use crate::clock::{Deadline, Exhausted};
use crate::error::{Error, Kind, Result};
use crate::limits::{DEFAULT_HANDLES, Limiter};
use crate::patience::until;
use crate::turn::Ticks;
use crate::usage::{Metered, Usage};

/// What every ABI's store carries: the account of the guest's memory.
pub trait Limited: Send + 'static {
    /// The account.
    fn limiter(&mut self) -> &mut Limiter;
}

/// A store whose guest is held to `limits` from now on, and lets others use this thread at each tick.
///
/// Time is looked at only in code that was compiled to be interruptible, fuel only where it is counted.
///
/// # Errors
/// [`Kind::Internal`] when there is no memory for a store.
pub fn limited_store<T: Limited>(engine: &Engine, state: T, limits: &Limits) -> Result<Store<T>> {
    store(engine, state, limits, || UpdateDeadline::Yield(1))
}

/// Likewise for a guest that is called without `async`, and has the thread to itself.
///
/// # Errors
/// As [`limited_store`].
pub fn blocking_store<T: Limited>(engine: &Engine, state: T, limits: &Limits) -> Result<Store<T>> {
    store(engine, state, limits, || UpdateDeadline::Continue(1))
}

/// Likewise for one guest of many on shared threads: its CPU time is what `usage` counts while it is polled, so it
/// must be polled through [`crate::Metered`].
///
/// # Errors
/// As [`limited_store`].
pub fn metered_store<T: Limited>(engine: &Engine, state: T, limits: &Limits, usage: &Arc<Usage>) -> Result<Store<T>> {
    let mut store = new_store(engine, state)?;
    meter(&mut store, limits, usage)?;
    Ok(store)
}

/// Likewise for an instance that is kept, and whose calls of the host are counted too. Each call of it begins with
/// [`meter`] and ends with [`settle`].
///
/// # Errors
/// As [`limited_store`].
pub fn kept_store<T: Limited>(engine: &Engine, state: T, limits: &Limits, usage: &Arc<Usage>) -> Result<Store<T>> {
    let mut store = metered_store(engine, state, limits, usage)?;
    store.call_hook(|mut store, hook| {
        if matches!(hook, CallHook::CallingHost) {
            store.data_mut().limiter().called_host();
        }
        Ok(())
    });
    Ok(store)
}

/// Counts in `usage` the fuel that was burnt since [`meter`], where it is counted.
pub fn settle<T>(store: &Store<T>, limits: &Limits, usage: &Usage) {
    if store.engine().get_consume_fuel()
        && let Ok(left) = store.get_fuel()
    {
        usage.add_fuel(limits.fuel.unwrap_or(u64::MAX).saturating_sub(left));
    }
}

/// Begins to count anew, in `usage`, what a guest uses that was held to limits before.
///
/// # Errors
/// As [`limited_store`].
pub fn meter<T: Limited>(store: &mut Store<T>, limits: &Limits, usage: &Arc<Usage>) -> Result<()> {
    store.data_mut().limiter().count_in(usage);
    let wall = Deadline::start(&Limits { cpu: None, ..*limits });
    let (cpu, usage) = (limits.cpu, Arc::clone(usage));
    let check = move || {
        wall.check()?;
        match cpu {
            Some(limit) if usage.cpu_now() >= limit => Err(Exhausted::Cpu(limit)),
            _ => Ok(()),
        }
    };
    let mut ticks = Ticks::default();
    hold(store, limits, check, move || ticks.next())
}

fn store<T: Limited>(
    engine: &Engine,
    state: T,
    limits: &Limits,
    next_tick: fn() -> UpdateDeadline,
) -> Result<Store<T>> {
    let deadline = Deadline::start(limits);
    let mut store = new_store(engine, state)?;
    hold(&mut store, limits, move || deadline.check(), next_tick)?;
    Ok(store)
}

fn new_store<T: Limited>(engine: &Engine, state: T) -> Result<Store<T>> {
    let mut store = Store::try_new(engine, state).map_err(|error| internal(&error))?;
    store.limiter(|state| state.limiter());
    Ok(store)
}

fn internal(error: &wasmtime::Error) -> Error {
    Error::new(Kind::Internal, format!("no store: {error:#}"))
}

/// Asks the guest of this store at every tick whether it may go on.
fn hold<T: Limited>(
    store: &mut Store<T>,
    limits: &Limits,
    check: impl Fn() -> Result<(), Exhausted> + Send + Sync + 'static,
    mut next_tick: impl FnMut() -> UpdateDeadline + Send + Sync + 'static,
) -> Result<()> {
    let handles = usize::try_from(limits.handles.unwrap_or(DEFAULT_HANDLES)).unwrap_or(usize::MAX);
    store.set_max_component_handles(handles);
    if let Some(table) = store.concurrent_resource_table() {
        table.set_max_capacity(handles);
    }
    if store.engine().get_consume_fuel() {
        store.set_fuel(limits.fuel.unwrap_or(u64::MAX)).map_err(|error| internal(&error))?;
    }
    if store.engine().get_epoch_interruption() {
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |mut store| {
            store.data_mut().limiter().check()?;
            check()?;
            Ok(next_tick())
        });
    }
    Ok(())
}

/// Runs a guest whose store counts in `usage`, within its limit on wall time.
///
/// # Errors
/// As [`within_wall`].
pub async fn metered<R>(
    limits: &Limits,
    usage: &Arc<Usage>,
    work: impl Future<Output = wasmtime::Result<R>>,
) -> wasmtime::Result<R> {
    let work = pin!(work);
    within_wall(limits, pin!(Metered::new(Arc::clone(usage), work))).await
}

/// How long a guest that computes is given to notice by itself that its time is up, which tells where it was.
const GRACE: Duration = Duration::from_millis(50);

/// Waits for a call, but not beyond the limit on wall time: a host function can wait for ever.
///
/// # Errors
/// The call's own, or [`Exhausted::Wall`].
pub async fn within_wall<R>(
    limits: &Limits,
    call: Pin<&mut impl Future<Output = wasmtime::Result<R>>>,
) -> wasmtime::Result<R> {
    let Some(wall) = limits.wall else { return call.await };
    // A limit beyond what a clock can say is none.
    let Some(deadline) = Instant::now().checked_add(wall.saturating_add(GRACE)) else { return call.await };
    until(deadline, call).await.unwrap_or_else(|| Err(Exhausted::Wall(wall).into()))
}
