//! A component that is linked, for ABIs that know exports beyond WASI's.

use std::pin::pin;
use std::sync::Arc;

use holm_abi::{Error, Exchange, Guest, Kind, Result};
use holm_engine::{Metered, explain, metered_store, within_wall};
use wasmtime::Store;
use wasmtime::component::{ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Lower};

use crate::context::{Given, Streams};
use crate::services::Services;
use crate::state::State;

/// A component that is linked. Cloning is cheap.
#[derive(Clone)]
pub struct Linked {
    guest: Guest,
    // The program's name first.
    args: Arc<[String]>,
    services: Arc<Services>,
    pre: InstancePre<State>,
}

/// A function that a component exports, in an interface or beside all.
#[derive(Clone)]
pub struct Export {
    name: String,
    index: ComponentExportIndex,
}

impl Linked {
    pub(crate) fn new(guest: &Guest, services: &Arc<Services>, pre: &InstancePre<State>) -> Self {
        let args = std::iter::once(guest.name.clone()).chain(services.host.args.iter().cloned()).collect();
        Self { guest: guest.clone(), args, services: Arc::clone(services), pre: pre.clone() }
    }

    /// What the guest is called.
    pub fn name(&self) -> &str {
        &self.guest.name
    }

    /// The function `function` of the interface `interface`, if the component exports that.
    pub fn export(&self, interface: &str, function: &str) -> Option<Export> {
        let component = self.pre.component();
        let instance = component.get_export_index(None, interface)?;
        let index = component.get_export_index(Some(&instance), function)?;
        Some(Export { name: format!("{interface}#{function}"), index })
    }

    /// The function `name` that the component exports beside its interfaces, if it does.
    pub fn function(&self, name: &str) -> Option<Export> {
        let index = self.pre.component().get_export_index(None, name)?;
        Some(Export { name: name.to_owned(), index })
    }

    /// Calls an export on a fresh instance, under the guest's limits, and counts what it uses in `exchange`.
    ///
    /// # Errors
    /// A trap or a limit; [`Kind::Invalid`] for a function of another type.
    pub async fn call<P, R>(&self, export: &Export, exchange: &Exchange, params: P) -> Result<R>
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let host = &self.services.host;
        let streams = match &exchange.observer {
            Some(observer) => Streams::Of(Arc::clone(observer)),
            None => Streams::Are(host.stdio.clone()),
        };
        #[cfg_attr(not(feature = "http"), expect(unused_mut, reason = "there is nothing to lend"))]
        let mut state = State::new(&self.services, Given::new(Arc::clone(&self.args), streams))?;
        #[cfg(feature = "http")]
        state.lend(exchange.outbound.as_ref());
        let mut store = metered_store(self.pre.component().engine(), state, &host.limits, &exchange.usage)?;
        let call = Metered::new(Arc::clone(&exchange.usage), Box::pin(self.run(&mut store, export, params)));
        let called = within_wall(&host.limits, pin!(call)).await;
        if let Some(error) = store.data().world.failure() {
            return Err(error.about(&self.guest.name));
        }
        called.map_err(|error| match error.downcast_ref::<wasmtime_wasi::I32Exit>() {
            Some(exit) => {
                Error::new(Kind::NoResponse, format!("it ended with exit code {}", exit.0)).about(&self.guest.name)
            }
            None => explain(&mut store, error, self.guest.trap_context(host)),
        })
    }

    async fn run<P, R>(&self, store: &mut Store<State>, export: &Export, params: P) -> wasmtime::Result<R>
    where
        P: ComponentNamedList + Lower + Send + Sync + 'static,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let instance = self.pre.instantiate_async(&mut *store).await?;
        let function = instance.get_typed_func::<P, R>(&mut *store, export.index).map_err(|error| {
            Error::new(Kind::Invalid, format!("its export `{}` has another type: {error:#}", export.name))
        })?;
        function.call_async(store, params).await
    }
}
