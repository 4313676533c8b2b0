//! One machine: an instance of the guest, and everything that is called in it.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use holm_engine::{Error, Kind, Metering, Result, Usage, explain};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, watch};
use wasmtime::{Store, TypedFunc, WasmParams, WasmResults};

use crate::exports::Exports;
use crate::plugin::Plugin;
use crate::state::{ROOT, State};

/// One machine. Callbacks take turns.
pub(crate) struct Vm {
    pub(crate) plugin: Arc<Plugin>,
    inner: Arc<Mutex<Slot>>,
    /// It failed, and is not used any more.
    dead: AtomicBool,
    /// Exchanges and connections that it has.
    streams: AtomicUsize,
    /// Told when it has none any more.
    rested: Notify,
}

/// An exchange or a connection of a machine's, until this is dropped.
pub(crate) struct Place(Arc<Vm>);

impl Drop for Place {
    fn drop(&mut self) {
        if self.0.streams.fetch_sub(1, Relaxed) == 1 {
            self.0.rested.notify_waiters();
        }
    }
}

/// The place of an instance.
#[derive(Default)]
struct Slot {
    inner: Option<Inner>,
    /// Why there is no use in it any more.
    failure: Option<Failure>,
    /// A callback began and did not end.
    busy: bool,
}

/// An instance that started.
pub(crate) struct Inner {
    pub(crate) store: Store<State>,
    pub(crate) exports: Arc<Exports>,
    next_context: u32,
}

/// Why a machine is gone, for those who had nothing to do with it.
#[derive(Clone, Debug)]
struct Failure {
    kind: Kind,
    message: String,
}

impl Failure {
    fn error(&self) -> Error {
        Error::new(self.kind, self.message.clone())
            .note("the machine that had this exchange ended amid another; the next exchange gets a new one")
    }
}

/// Something that is done in a machine.
pub(crate) type Work<'a, R> = Pin<Box<dyn Future<Output = wasmtime::Result<R>> + Send + 'a>>;

impl Vm {
    /// Starts a machine.
    ///
    /// # Errors
    /// It failed on start, or refused its configuration.
    pub(crate) async fn start(plugin: &Arc<Plugin>) -> Result<Arc<Self>> {
        let vm = Arc::new(Self {
            plugin: Arc::clone(plugin),
            inner: Arc::default(),
            dead: AtomicBool::new(false),
            streams: AtomicUsize::new(0),
            rested: Notify::new(),
        });
        let mut slot = Arc::clone(&vm.inner).lock_owned().await;
        let (tick, ticks) = watch::channel(Duration::ZERO);
        let state = State::new(plugin, Arc::downgrade(&vm), tick);
        let inner = crate::start::start(plugin, state).await?;
        if inner.exports.tick.is_some() {
            tokio::spawn(keep_ticking(Arc::downgrade(&vm), ticks));
        }
        slot.inner = Some(inner);
        drop(slot);
        Ok(vm)
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Relaxed)
    }

    /// Counts another exchange or connection.
    pub(crate) fn place(self: &Arc<Self>) -> Place {
        self.streams.fetch_add(1, Relaxed);
        Place(Arc::clone(self))
    }

    /// How many it has.
    pub(crate) fn load(&self) -> usize {
        self.streams.load(Relaxed)
    }

    /// Whether somebody is at work in it.
    pub(crate) fn is_idle(&self) -> bool {
        self.inner.try_lock().is_ok()
    }

    /// Does some work, under the guest's limits for this alone, to its end: who does not wait for it any more leaves it to
    /// a task of its own. What it uses is added to `usage`.
    ///
    /// # Errors
    /// A trap or a limit, with which the machine is gone; or it was gone already.
    pub(crate) fn run<R, F>(self: &Arc<Self>, usage: Option<&Arc<Usage>>, work: F) -> ToTheEnd<Result<R>>
    where
        R: Send + 'static,
        F: for<'a> FnOnce(&'a mut Inner) -> Work<'a, R> + Send + 'static,
    {
        let (vm, usage) = (Arc::clone(self), usage.cloned());
        ToTheEnd(Some(Box::pin(async move {
            let mut slot = Arc::clone(&vm.inner).lock_owned().await;
            let done = vm.run_in(&mut slot, usage, work).await;
            drop(slot);
            done
        })))
    }

    async fn run_in<R, F>(&self, slot: &mut OwnedMutexGuard<Slot>, usage: Option<Arc<Usage>>, work: F) -> Result<R>
    where
        F: for<'a> FnOnce(&'a mut Inner) -> Work<'a, R>,
    {
        if slot.busy {
            self.bury(slot, Kind::Internal, "it was left amid a callback".into());
        }
        if let Some(failure) = &slot.failure {
            return Err(failure.error());
        }
        slot.busy = true;
        let Some(inner) = &mut slot.inner else {
            return Err(Error::new(Kind::Internal, "a machine without an instance"));
        };
        let host = &self.plugin.host;
        let done = limited(inner, &self.plugin, usage, work).await;
        inner.store.data_mut().written.begin_anew();
        let explained = done.map_err(|error| {
            let context = self.plugin.guest.trap_context(host);
            explain(&mut inner.store, error, context)
        });
        slot.busy = false;
        if let Err(error) = &explained {
            self.bury(slot, error.kind(), error.to_string());
        }
        explained
    }

    fn bury(&self, slot: &mut Slot, kind: Kind, message: String) {
        self.dead.store(true, Relaxed);
        slot.busy = false;
        slot.failure.get_or_insert(Failure { kind, message });
        if let Some(inner) = &mut slot.inner {
            inner.store.data_mut().die();
        }
    }

    /// Looks at the state, whether the machine is alive or not.
    pub(crate) async fn with_state<R>(&self, look: impl FnOnce(&mut State) -> R) -> Option<R> {
        let mut slot = self.inner.lock().await;
        slot.inner.as_mut().map(|inner| look(inner.store.data_mut()))
    }

    /// Tells the guest that its filter is no more, once it has nothing to do any more, and waits for it to be done.
    pub(crate) async fn end(self: Arc<Self>) {
        loop {
            let mut rested = pin!(self.rested.notified());
            rested.as_mut().enable();
            if self.load() == 0 {
                break;
            }
            rested.await;
        }
        let asked = self.run(None, |inner| Box::pin(async move { inner.root_done().await })).await;
        let Ok(Some(mut done)) = asked else { return };
        let _ = tokio::time::timeout(PATIENCE, done.wait_for(|done| *done)).await;
        let _ = self.run(None, |inner| Box::pin(async move { inner.root_delete().await })).await;
    }
}

/// How long a guest may go on that is to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// Does some work under the guest's limits.
pub(crate) async fn limited<R, F>(
    inner: &mut Inner,
    plugin: &Plugin,
    usage: Option<Arc<Usage>>,
    work: F,
) -> wasmtime::Result<R>
where
    F: for<'a> FnOnce(&'a mut Inner) -> Work<'a, R>,
{
    // Of this work alone: a limit on CPU time is one on what is counted there.
    let own = Arc::<Usage>::default();
    let metering = Metering::begin(&mut inner.store, &plugin.host.limits, &own)?;
    let done = metering.run(pin!(work(inner))).await;
    if let Some(usage) = usage {
        usage.add_cpu(own.cpu());
        usage.has_memory(inner.store.data_mut().limiter.memory());
    }
    done
}

impl Inner {
    pub(crate) fn new(store: Store<State>, exports: Exports) -> Self {
        Self { store, exports: Arc::new(exports), next_context: ROOT + 1 }
    }

    /// Its callbacks, of their own: they are called with all that the machine has.
    pub(crate) fn exports(&self) -> Arc<Exports> {
        Arc::clone(&self.exports)
    }

    /// A number for another context.
    pub(crate) fn new_context(&mut self) -> u32 {
        loop {
            let id = self.next_context;
            self.next_context = self.next_context.wrapping_add(1);
            if !self.store.data().has_context(id) {
                return id;
            }
        }
    }

    /// Calls the guest for a context.
    pub(crate) async fn call<P, R>(
        &mut self,
        context: u32,
        function: &TypedFunc<P, R>,
        params: P,
    ) -> wasmtime::Result<R>
    where
        P: WasmParams + Sync,
        R: WasmResults + Sync,
    {
        self.store.data_mut().enter(context);
        function.call_async(&mut self.store, params).await
    }

    /// Makes a context of the guest's.
    pub(crate) async fn create_context(&mut self, id: u32, parent: u32) -> wasmtime::Result<()> {
        match &self.exports().context_create {
            Some(create) => self.call(id, create, (id, parent)).await,
            None => Ok(()),
        }
    }

    /// Tells a context that it is over: `log`, `done` and `delete` as Envoy has them for exchanges.
    pub(crate) async fn end_context(&mut self, id: u32) -> wasmtime::Result<()> {
        if let Some(done) = &self.exports().done {
            self.call(id, done, id).await?;
        }
        if let Some(delete) = &self.exports().delete {
            self.call(id, delete, id).await?;
        }
        Ok(())
    }

    pub(crate) async fn log(&mut self, id: u32) -> wasmtime::Result<()> {
        match &self.exports().log {
            Some(log) => self.call(id, log, id).await,
            None => Ok(()),
        }
    }

    /// Says when the root is done, if the guest is to be told of its end.
    async fn root_done(&mut self) -> wasmtime::Result<Option<watch::Receiver<bool>>> {
        let waits = match &self.exports().done {
            Some(done) => self.call(ROOT, done, ROOT).await? == 0,
            None => false,
        };
        let done = &self.store.data().done;
        if !waits {
            done.send_replace(true);
        }
        Ok(Some(done.subscribe()))
    }

    async fn root_delete(&mut self) -> wasmtime::Result<()> {
        match &self.exports().delete {
            Some(delete) => self.call(ROOT, delete, ROOT).await,
            None => Ok(()),
        }
    }
}

/// Ticks for as long as there is the machine.
async fn keep_ticking(vm: Weak<Vm>, mut period: watch::Receiver<Duration>) {
    loop {
        let every = *period.borrow_and_update();
        if every.is_zero() {
            if period.changed().await.is_err() {
                return;
            }
            continue;
        }
        match tokio::time::timeout(every, period.changed()).await {
            // Another period begins anew.
            Ok(Ok(())) => continue,
            Ok(Err(_)) => return,
            Err(_) => {}
        }
        let Some(vm) = vm.upgrade() else { return };
        let tick = vm.run(None, |inner| {
            Box::pin(async move {
                match &inner.exports().tick {
                    Some(tick) => inner.call(ROOT, tick, ROOT).await,
                    None => Ok(()),
                }
            })
        });
        if let Err(error) = tick.await {
            crate::log::failed(&vm.plugin, "a tick", &error);
            return;
        }
    }
}

/// Tells a guest that something arrived in a queue of its own.
pub(crate) fn queue_ready(vm: Weak<Vm>, token: u32) {
    let Ok(runtime) = Handle::try_current() else { return };
    runtime.spawn(async move {
        let Some(vm) = vm.upgrade() else { return };
        let told = vm.run(None, move |inner| {
            Box::pin(async move {
                match &inner.exports().queue_ready {
                    Some(ready) => inner.call(ROOT, ready, (ROOT, token)).await,
                    None => Ok(()),
                }
            })
        });
        if let Err(error) = told.await {
            crate::log::failed(&vm.plugin, "an item in a queue", &error);
        }
    });
}

/// Work that goes on by itself if nobody waits for it any more: a machine left amid a callback is of no use.
pub(crate) struct ToTheEnd<R: Send + 'static>(Option<Pin<Box<dyn Future<Output = R> + Send>>>);

impl<R: Send + 'static> Future for ToTheEnd<R> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let Some(work) = &mut self.0 else { return Poll::Pending };
        let done = ready!(work.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(done)
    }
}

impl<R: Send + 'static> Drop for ToTheEnd<R> {
    fn drop(&mut self) {
        if let (Some(work), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(async move { drop(work.await) });
        }
    }
}
