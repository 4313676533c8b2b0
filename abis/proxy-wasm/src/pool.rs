//! The machines of one filter: one, more while all are at work, and new ones for those that failed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use holm_engine::{Error, Kind, Result};
use tokio::runtime::Handle;

use crate::plugin::Plugin;
use crate::vm::Vm;

/// The machines of one filter.
pub(crate) struct Pool {
    plugin: Arc<Plugin>,
    machines: Mutex<Vec<Arc<Vm>>>,
    /// As many as there are processors.
    most: usize,
    /// Another one is being made beside those that are there.
    growing: AtomicBool,
    starts: tokio::sync::Mutex<Starts>,
}

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The number of this thread among those that ever asked for a machine.
    static THREAD: usize = THREADS.fetch_add(1, Relaxed);
}

/// How starting went.
#[derive(Default)]
struct Starts {
    /// Failures in a row.
    failures: u32,
    /// Not before that.
    again: Option<Instant>,
    why: Option<(Kind, String)>,
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Pool {
    pub(crate) fn new(plugin: &Arc<Plugin>) -> Self {
        Self {
            plugin: Arc::clone(plugin),
            machines: Mutex::default(),
            most: std::thread::available_parallelism().map_or(1, usize::from),
            growing: AtomicBool::new(false),
            starts: tokio::sync::Mutex::default(),
        }
    }

    /// A machine for another exchange.
    ///
    /// # Errors
    /// There is none, and none starts.
    pub(crate) async fn pick(self: &Arc<Self>) -> Result<Arc<Vm>> {
        match self.running() {
            Some(vm) => Ok(vm),
            None => self.first().await,
        }
    }

    fn running(self: &Arc<Self>) -> Option<Arc<Vm>> {
        let mut machines = self.machines();
        machines.retain(|vm| !vm.is_dead());
        // Each thread keeps to a machine of its own, as in Envoy: threads that share one wait for each other at every
        // callback.
        let own = THREAD.with(|number| *number) % self.most;
        if !machines.is_empty() && own >= machines.len() {
            self.grow();
        }
        if let Some(vm) = machines.get(own).filter(|vm| vm.is_idle()) {
            return Some(Arc::clone(vm));
        }
        if let Some(idle) = machines.iter().find(|vm| vm.is_idle()) {
            return Some(Arc::clone(idle));
        }
        if !machines.is_empty() && machines.len() < self.most {
            self.grow();
        }
        machines.iter().min_by_key(|vm| vm.load()).cloned()
    }

    /// Makes another machine, for exchanges to come.
    fn grow(self: &Arc<Self>) {
        if self.growing.swap(true, Relaxed) {
            return;
        }
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            // One that fails is made again by whoever needs it.
            if let Ok(vm) = Vm::start(&pool.plugin).await {
                pool.machines().push(vm);
            }
            pool.growing.store(false, Relaxed);
        });
    }

    /// Makes a machine where there is none; those who come meanwhile wait for it.
    async fn first(self: &Arc<Self>) -> Result<Arc<Vm>> {
        let mut starts = self.starts.lock().await;
        if let Some(vm) = self.running() {
            return Ok(vm);
        }
        if let Some(again) = starts.again
            && let Some((kind, why)) = &starts.why
            && let Some(left) = again.checked_duration_since(Instant::now())
        {
            let note = format!("it failed {} times in a row; it is started again in {left:.1?}", starts.failures);
            return Err(Error::new(*kind, why.clone()).note(note));
        }
        let started = Vm::start(&self.plugin).await;
        match started {
            Ok(vm) => {
                *starts = Starts::default();
                self.machines().push(Arc::clone(&vm));
                Ok(vm)
            }
            Err(error) => {
                let pause = FIRST_PAUSE.saturating_mul(1 << starts.failures.min(16)).min(LONGEST_PAUSE);
                starts.failures = starts.failures.saturating_add(1);
                starts.again = Instant::now().checked_add(pause);
                starts.why = Some((error.kind(), error.to_string()));
                Err(error)
            }
        }
    }

    /// Tells all machines that the filter is no more.
    pub(crate) fn end(&self) {
        self.plugin.end();
        let Ok(runtime) = Handle::try_current() else { return };
        for vm in self.machines().drain(..) {
            runtime.spawn(vm.end());
        }
    }

    fn machines(&self) -> MutexGuard<'_, Vec<Arc<Vm>>> {
        self.machines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
