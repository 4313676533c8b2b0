//! A guest that is linked, and its instances.

use std::sync::Arc;

use holm_abi::{Error, Exchange, Guest, Host, Kind, Outbound, Result, Run};
use holm_engine::{Usage, explain, metered_store};
use holm_wasi::{ModuleWorld, Wasi, exited};
use wasmtime::{ExternType, Instance, InstancePre, Module, ModuleExport, Store};

use super::link::link;
use super::state::{Link, Shared, State};
use super::{MEMORY, REALLOC};

/// A guest that is linked.
pub(super) struct Program {
    pub(super) shared: Arc<Shared>,
    pre: InstancePre<State>,
    memory: Option<ModuleExport>,
    realloc: Option<ModuleExport>,
}

impl Program {
    /// # Errors
    /// As [`link`].
    pub(super) fn link(wasi: &Wasi, guest: &Guest, host: &Host) -> Result<Self> {
        let pre = link(guest, host)?;
        let (memory, realloc) = (memory(pre.module()), realloc(pre.module()));
        Ok(Self { shared: Arc::new(Shared::new(wasi, guest, host)), pre, memory, realloc })
    }

    /// Whether it can be handed more than numbers.
    pub(super) fn takes_values(&self) -> bool {
        self.memory.is_some() && self.realloc.is_some()
    }

    /// A place for the instance of one request.
    ///
    /// # Errors
    /// As [`ModuleWorld::new`], and [`Kind::Internal`] when there is no memory for it.
    pub(super) fn store(&self, exchange: &Exchange) -> Result<Store<State>> {
        let world = ModuleWorld::seen_by(&self.shared.guest, &self.shared.host, exchange.observer.as_ref())?;
        self.store_in(world, exchange.outbound.as_ref(), &exchange.usage)
    }

    /// A place for the instance of one run as a program.
    ///
    /// # Errors
    /// As [`Program::store`].
    pub(super) fn store_of_run(&self, run: &Run) -> Result<Store<State>> {
        self.store_in(ModuleWorld::of_run(run, &self.shared.host)?, run.outbound.as_ref(), &run.usage)
    }

    fn store_in(
        &self,
        world: ModuleWorld,
        outbound: Option<&Arc<dyn Outbound>>,
        usage: &Arc<Usage>,
    ) -> Result<Store<State>> {
        let mut state = State::new(&self.shared, world);
        state.outbound = outbound.cloned();
        metered_store(self.pre.module().engine(), state, &self.shared.host.limits, usage)
    }

    /// An instance, which has started.
    ///
    /// Spin calls no `_start`: what TinyGo puts there has been done when the guest was built, and a `main` that returns ends
    /// the program.
    ///
    /// # Errors
    /// The guest's own.
    pub(super) async fn start(&self, store: &mut Store<State>) -> wasmtime::Result<(Instance, Link)> {
        let instance = self.pre.instantiate_async(&mut *store).await?;
        let mut get = |export: &Option<ModuleExport>| instance.get_module_export(&mut *store, export.as_ref()?);
        let (memory, realloc) = (get(&self.memory), get(&self.realloc));
        let realloc = realloc.and_then(wasmtime::Extern::into_func).map(|realloc| realloc.typed(&*store));
        let link = Link { memory: memory.and_then(wasmtime::Extern::into_memory), realloc: realloc.transpose()? };
        store.data_mut().link = link.clone();
        holm_core::initialize(store, &instance).await?;
        Ok((instance, link))
    }

    /// How the guest ended, in our words.
    ///
    /// # Errors
    /// The guest's own.
    pub(super) fn ended<R>(&self, store: &mut Store<State>, called: wasmtime::Result<R>) -> Result<R> {
        let Shared { guest, host, .. } = &*self.shared;
        if let Some(error) = store.data().failure() {
            return Err(error.about(&guest.name));
        }
        called.map_err(|error| match exited(&error) {
            Some(code) => Error::new(Kind::NoResponse, format!("it ended with exit code {code}")).about(&guest.name),
            None => explain(store, error, guest.trap_context(host)),
        })
    }
}

fn memory(module: &Module) -> Option<ModuleExport> {
    match module.get_export(MEMORY)? {
        ExternType::Memory(ty) if !ty.is_64() && !ty.is_shared() => module.get_export_index(MEMORY),
        _ => None,
    }
}

fn realloc(module: &Module) -> Option<ModuleExport> {
    let name = REALLOC.into_iter().find(|name| match module.get_export(name) {
        Some(ExternType::Func(ty)) => {
            let i32s = ty.params().chain(ty.results()).all(|ty| ty.is_i32());
            i32s && (ty.params().len(), ty.results().len()) == (4, 1)
        }
        _ => false,
    })?;
    module.get_export_index(name)
}
