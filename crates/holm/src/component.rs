//! Components whose world is known when the program is compiled: typed calls both ways.
//!
//! ```ignore
//! mod bindings {
//!     holm::component::bindgen!({
//!         path: "wit", // from the package's folder
//!         world: "command",
//!         exports: { default: async }, // calls can be interrupted, so this is always needed
//!         imports: { default: async }, // for those that wait, and only then
//!         wasmtime_crate: holm::component::engine,
//!     });
//! }
//!
//! // One for each instance. It is as public as the world.
//! pub struct Buffer { /* … */ }
//! impl bindings::acme::editor::buffer::Host for Buffer { /* what plugins call */ }
//! holm::component::world!(bindings::Command => Buffer);
//!
//! let command = runtime.plugin("upper.wasm").limits(limits).world::<bindings::Command>()?;
//! let mut instance = command.open(Buffer::new("text"))?;
//! // What the call returns, and in it what the plugin answered: here a result of its own.
//! let answer: Result<(), String> = instance.call(async |command, store| command.call_run(store, "whole").await)?;
//! let buffer: Buffer = instance.into_host();
//! ```
//!
//! A package of the WIT may have any name but `holm`, which the generator would take for this crate. A closure that makes
//! several calls passes `&mut *store` to all but the last. In asynchronous code clones of a [`Component`] open instances in as many
//! tasks as there are ([`Component::open_async`]); one that is to be `spawn`ed moves what it needs: `async move |…|`.
//!
//! `examples/editor` is a program that does this, `examples/tasks` an asynchronous one.

use std::pin::pin;
use std::sync::Arc;

use holm_engine::Usage;
pub use holm_wasi::engine::component::bindgen;
use holm_wasi::engine::{Result as EngineResult, Store};
pub use holm_wasi::{State, World, engine, world};
use holm_wasi::{Typed, TypedInstance};

use crate::invoke::Called;
use crate::runtime::Runtime;
use crate::{Report, Result};

/// A component of the world `W`. Clones are the same component.
pub struct Component<W> {
    runtime: Runtime,
    typed: Arc<Typed<W>>,
}

impl<W> Clone for Component<W> {
    fn clone(&self) -> Self {
        Self { runtime: self.runtime.clone(), typed: Arc::clone(&self.typed) }
    }
}

/// An instance of a component of the world `W`. One that failed should be dropped.
pub struct ComponentInstance<W> {
    runtime: Runtime,
    instance: TypedInstance<W>,
}

impl<W: World> Component<W> {
    pub(crate) fn new(runtime: Runtime, typed: Typed<W>) -> Self {
        Self { runtime, typed: Arc::new(typed) }
    }

    /// A fresh instance, whose imports `host` implements.
    ///
    /// # Errors
    /// It failed while it started, or reached a limit; [`crate::Kind::Usage`] for one that has not the exports of `W`.
    pub fn open(&self, host: W::Host) -> Result<ComponentInstance<W>> {
        self.runtime.0.block_on(self.opened(host))
    }

    /// As [`Component::open`], for asynchronous code of any executor.
    ///
    /// # Errors
    /// As [`Component::open`].
    pub async fn open_async(&self, host: W::Host) -> Result<ComponentInstance<W>> {
        self.runtime.0.within(pin!(self.opened(host))).await
    }

    async fn opened(&self, host: W::Host) -> Result<ComponentInstance<W>> {
        Ok(ComponentInstance { runtime: self.runtime.clone(), instance: self.typed.open(host).await? })
    }
}

impl<W: World> ComponentInstance<W> {
    /// Makes the calls that `work` makes, under the limits of one.
    ///
    /// # Errors
    /// A trap or a limit, after which the instance must not be called again.
    pub fn call<R>(&mut self, work: impl AsyncFnOnce(&W, &mut Store<State>) -> EngineResult<R>) -> Result<R> {
        self.measured(work).map(|called| called.value)
    }

    /// As [`ComponentInstance::call`], and says what the calls used.
    ///
    /// # Errors
    /// As [`ComponentInstance::call`].
    pub fn measured<R>(
        &mut self,
        work: impl AsyncFnOnce(&W, &mut Store<State>) -> EngineResult<R>,
    ) -> Result<Called<R>> {
        let runtime = self.runtime.clone();
        runtime.0.block_on(called(&mut self.instance, work))
    }

    /// As [`ComponentInstance::measured`], for asynchronous code of any executor.
    ///
    /// # Errors
    /// As [`ComponentInstance::call`].
    pub async fn call_async<R>(
        &mut self,
        work: impl AsyncFnOnce(&W, &mut Store<State>) -> EngineResult<R>,
    ) -> Result<Called<R>> {
        self.runtime.0.within(pin!(called(&mut self.instance, work))).await
    }

    /// What implements its imports, as the calls so far left it.
    pub fn host(&mut self) -> &mut W::Host {
        self.instance.host()
    }

    /// What implemented its imports, when the instance is no longer needed.
    pub fn into_host(self) -> W::Host {
        self.instance.into_host()
    }
}

async fn called<W: World, R>(
    instance: &mut TypedInstance<W>,
    work: impl AsyncFnOnce(&W, &mut Store<State>) -> EngineResult<R>,
) -> Result<Called<R>> {
    let usage = Arc::<Usage>::default();
    let value = instance.call(&usage, work).await?;
    Ok(Called { value, report: Report::of(&usage) })
}
