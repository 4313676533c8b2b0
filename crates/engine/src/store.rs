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
    let mut store = uncounted_store(engine, state, limits)?;
    meter(&mut store, limits, usage)?;
    Ok(store)
}

/// Likewise for an instance that is kept: whatever runs in it, its start included, is a [`Metering`].
///
/// # Errors
/// As [`limited_store`].
pub fn uncounted_store<T: Limited>(engine: &Engine, state: T, limits: &Limits) -> Result<Store<T>> {
    let mut store = new_store(engine, state)?;
    bound(&mut store, limits);
    if store.engine().get_epoch_interruption() {
        store.epoch_deadline_callback(|mut store| store.data_mut().limiter().tick());
    }
    Ok(store)
}

/// Likewise, and its calls of the host are counted.
///
/// # Errors
/// As [`limited_store`].
pub fn kept_store<T: Limited>(engine: &Engine, state: T, limits: &Limits) -> Result<Store<T>> {
    let mut store = uncounted_store(engine, state, limits)?;
    store.call_hook(|mut store, hook| {
        if matches!(hook, CallHook::CallingHost) {
            store.data_mut().limiter().called_host();
        }
        Ok(())
    });
    Ok(store)
}

/// Begins to count anew, in `usage`, what a guest uses whose store is a [`metered_store`].
///
/// # Errors
/// As [`limited_store`].
pub fn meter<T: Limited>(store: &mut Store<T>, limits: &Limits, usage: &Arc<Usage>) -> Result<()> {
    meter_from(store, limits, usage, Instant::now())
}

fn meter_from<T: Limited>(store: &mut Store<T>, limits: &Limits, usage: &Arc<Usage>, start: Instant) -> Result<()> {
    store.data_mut().limiter().begin(limits, usage, start);
    fuel(store, limits)?;
    if store.engine().get_epoch_interruption() {
        store.set_epoch_deadline(1);
    }
    Ok(())
}

/// One call of an instance that is kept, or its start, from its begin to its end.
pub struct Metering {
    limits: Limits,
    usage: Arc<Usage>,
    start: Instant,
}

impl Metering {
    /// The call begins: its limits on time and fuel are its own, and what it uses is counted in `usage`.
    ///
    /// # Errors
    /// As [`limited_store`].
    pub fn begin<T: Limited>(store: &mut Store<T>, limits: &Limits, usage: &Arc<Usage>) -> Result<Self> {
        let start = Instant::now();
        meter_from(store, limits, usage, start)?;
        Ok(Self { limits: *limits, usage: Arc::clone(usage), start })
    }

    /// Runs the guest, within its limit on wall time.
    ///
    /// # Errors
    /// The guest's own, or [`Exhausted::Wall`].
    pub async fn run<R>(&self, work: Pin<&mut impl Future<Output = wasmtime::Result<R>>>) -> wasmtime::Result<R> {
        let metered = pin!(Metered::since(Arc::clone(&self.usage), work, self.start));
        within(self.limits.wall, self.start, metered).await
    }

    /// The call ends: counts the fuel that it burnt, where that is counted.
    pub fn end<T>(self, store: &Store<T>) {
        if store.engine().get_consume_fuel()
            && let Ok(left) = store.get_fuel()
        {
            self.usage.add_fuel(self.limits.fuel.unwrap_or(u64::MAX).saturating_sub(left));
        }
    }
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
    bound(store, limits);
    fuel(store, limits)?;
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

/// Bounds what the engine itself keeps for the guest.
fn bound<T>(store: &mut Store<T>, limits: &Limits) {
    let handles = usize::try_from(limits.handles.unwrap_or(DEFAULT_HANDLES)).unwrap_or(usize::MAX);
    store.set_max_component_handles(handles);
    if let Some(table) = store.concurrent_resource_table() {
        table.set_max_capacity(handles);
    }
}

fn fuel<T>(store: &mut Store<T>, limits: &Limits) -> Result<()> {
    if store.engine().get_consume_fuel() {
        store.set_fuel(limits.fuel.unwrap_or(u64::MAX)).map_err(|error| internal(&error))?;
    }
    Ok(())
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
    within(limits.wall, Instant::now(), call).await
}

async fn within<R>(
    wall: Option<Duration>,
    start: Instant,
    call: Pin<&mut impl Future<Output = wasmtime::Result<R>>>,
) -> wasmtime::Result<R> {
    let Some(wall) = wall else { return call.await };
    // A limit beyond what a clock can say is none.
    let Some(deadline) = start.checked_add(wall.saturating_add(GRACE)) else { return call.await };
    until(deadline, call).await.unwrap_or_else(|| Err(Exhausted::Wall(wall).into()))
}
