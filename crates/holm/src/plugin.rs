//! A plugin that is loaded.

use std::any::Any;
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use holm_abi::{Datum, Function};

use crate::breaker::Switch;
use crate::convert::{Args, Results};
use crate::host::Info;
use crate::instances::{Instances, Pool, survives};
use crate::invoke::{Around, Invoke, OnCall, Record, arguments, call};
use crate::load::{Loaded, Spec, Wanted};
use crate::session::Session;
use crate::watch::Watch;
use crate::{Error, Kind, Report, Result, Runtime};

/// A plugin, ready to be called, by any number of threads at once. Clones are the same plugin.
#[derive(Clone)]
pub struct Plugin(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) runtime: Runtime,
    pub(crate) spec: Spec,
    pub(crate) loaded: ArcSwap<Loaded>,
    /// What functions of the host are told where a call says nothing more.
    info: Arc<Info>,
    pool: Pool,
    breaker: Option<Switch>,
    on_call: Option<OnCall>,
}

impl Plugin {
    pub(crate) fn load(
        runtime: Runtime,
        spec: Spec,
        instances: Instances,
        breaker: Option<Switch>,
        on_call: Option<OnCall>,
    ) -> Result<Self> {
        let loaded = Loaded::load(&runtime.0, &spec, Wanted::First)?;
        let improvable = loaded.improvable;
        let info = Arc::new(Info { plugin: Arc::clone(&spec.name), with: None });
        let (loaded, pool) = (ArcSwap::from_pointee(loaded), Pool::new(instances));
        let plugin = Self(Arc::new(Inner { runtime, spec, loaded, info, pool, breaker, on_call }));
        if improvable {
            plugin.improve_later();
        }
        Ok(plugin)
    }

    /// The plugin's name.
    pub fn name(&self) -> &str {
        &self.0.spec.name
    }

    /// The functions that it has, with their types.
    pub fn functions(&self) -> Vec<Function> {
        self.0.loaded.load().functions.list().to_vec()
    }

    /// The SHA-256 of its bytes, in hexadecimal.
    pub fn digest(&self) -> String {
        self.0.loaded.load().digest.to_string()
    }

    /// Calls a function, on an instance as [`crate::PluginBuilder::instances`] says, and waits for it.
    ///
    /// `args` is one value, a tuple of them, or `()`. Functions of an interface may be called by their short name.
    ///
    /// # Errors
    /// [`Kind::Usage`] for a function that it has not, or arguments or a result of other types; [`Kind::Failed`] for an
    /// error that the plugin returned; a trap or a limit, after which the instance is gone.
    pub fn call<R: Results>(&self, function: &str, args: impl Args) -> Result<R> {
        self.invoke(function).run(args).map(|called| called.value)
    }

    /// As [`Plugin::call`], for asynchronous code of any executor. Dropping the future cancels the call.
    ///
    /// # Errors
    /// As [`Plugin::call`].
    pub async fn call_async<R: Results>(&self, function: &str, args: impl Args) -> Result<R> {
        self.invoke(function).run_async(args).await.map(|called| called.value)
    }

    /// A call about which there is more to say or to know: what it used, whose it is, what cancels it.
    pub fn invoke<'a>(&'a self, function: &'a str) -> Invoke<'a> {
        Invoke::plugin(self, function)
    }

    /// An instance of one's own, which is kept from call to call.
    pub fn session(&self) -> Session {
        Session::new(self.clone())
    }

    /// Reads the plugin again: calls under way finish on the code they began with, later ones get the new. Where the new
    /// code does not load, the old stays.
    ///
    /// # Errors
    /// As [`crate::PluginBuilder::load`].
    pub fn reload(&self) -> Result<()> {
        let Inner { runtime, spec, .. } = &*self.0;
        self.put(Loaded::load(&runtime.0, spec, Wanted::First)?);
        Ok(())
    }

    /// As [`Plugin::reload`], without keeping the thread that waits for it.
    ///
    /// # Errors
    /// As [`Plugin::reload`].
    pub async fn reload_async(&self) -> Result<()> {
        let plugin = self.clone();
        self.0.runtime.0.aside(move || plugin.reload()).await
    }

    /// Looks at the plugin's file twice a second and reloads it when it has changed, until the [`Watch`] is dropped.
    ///
    /// # Errors
    /// [`Kind::Usage`] for a plugin that came from no file.
    pub fn watch(&self) -> Result<Watch> {
        Watch::start(self)
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.0.runtime
    }

    fn put(&self, loaded: Loaded) {
        let improvable = loaded.improvable;
        self.0.loaded.store(Arc::new(loaded));
        self.0.pool.clear();
        if improvable {
            self.improve_later();
        }
    }

    /// Makes better code aside, and puts it in the place of what it is better than.
    fn improve_later(&self) {
        let (inner, old) = (Arc::downgrade(&self.0), Arc::downgrade(&self.0.loaded.load_full()));
        if let Ok(handle) = self.0.runtime.0.handle() {
            handle.spawn_blocking(move || improve(&inner, &old));
        }
    }

    /// One call on an instance of the pool, without regard to what the caller wants its results to be.
    pub(crate) async fn pooled(
        &self,
        name: &str,
        args: impl Args,
        around: &Around,
        report: &mut Report,
    ) -> Result<Vec<Datum>> {
        let inner = &*self.0;
        let loaded = inner.loaded.load_full();
        let (at, function) = loaded.function(name).map_err(|error| self.about(error))?;
        let args = arguments(function, args).map_err(|error| self.about(error))?;
        self.may_call()?;
        let called = match around.over(inner.pool.take(&loaded, inner.spec.limits.wall)).await {
            Ok(mut lease) => {
                let info = self.info(around.with.clone());
                let (called, used) = call(lease.instance(), at, args, info, around).await;
                *report = used;
                if survives(&called) {
                    inner.pool.give_back(lease);
                }
                called
            }
            Err(error) => Err(error),
        };
        self.ended(&function.name, *report, &called);
        called
    }

    /// Whether the breaker lets a call through.
    pub(crate) fn may_call(&self) -> Result<()> {
        match self.0.breaker.as_ref().and_then(Switch::open_for) {
            None => Ok(()),
            Some(left) => {
                let why = format!("it only fails, so it is left alone for another {left:.1?}");
                Err(self.about(Error::new(Kind::HostFull, why)))
            }
        }
    }

    /// Tells everybody who wants to know of a call that has ended.
    pub(crate) fn ended<T>(&self, function: &str, report: Report, called: &Result<T>) {
        if let Some(breaker) = &self.0.breaker {
            match called {
                // That says nothing about the plugin.
                Err(error) if error.kind() == Kind::Cancelled => {}
                called if survives(called) => breaker.succeeded(),
                _ => breaker.failed(),
            }
        }
        let error = called.as_ref().err();
        if let Some(on_call) = &self.0.on_call {
            on_call(&Record { plugin: self.name(), function, report, error });
        }
        match error {
            None => tracing::trace!(target: "holm", plugin = self.name(), function, cpu = ?report.cpu, "called"),
            Some(error) => tracing::debug!(target: "holm", plugin = self.name(), function, %error, "failed"),
        }
    }

    pub(crate) fn info(&self, with: Option<Arc<dyn Any + Send + Sync>>) -> Arc<Info> {
        match with {
            None => Arc::clone(&self.0.info),
            with => Arc::new(Info { plugin: Arc::clone(&self.0.spec.name), with }),
        }
    }

    pub(crate) fn about(&self, error: Error) -> Error {
        error.about(&self.0.spec.name)
    }
}

fn improve(inner: &Weak<Inner>, old: &Weak<Loaded>) {
    let Some(inner) = inner.upgrade() else { return };
    let better = Loaded::load(&inner.runtime.0, &inner.spec, Wanted::Best);
    match (better, old.upgrade()) {
        // The file may be another by now, and that is for `reload` to find out.
        (Ok(better), Some(old)) if better.digest == old.digest => {
            inner.loaded.compare_and_swap(&old, Arc::new(better));
        }
        (Err(error), _) => {
            tracing::warn!(target: "holm", plugin = &*inner.spec.name, %error, "no better code was made")
        }
        _ => {}
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Plugin").field(&self.0.spec.name).finish()
    }
}
