//! Instances, and calling them.

use std::pin::pin;
use std::sync::Arc;

use holm_abi::{Error, Exchange, Guest, Host, Kind, Result, Stdio};
use holm_engine::{Metering, explain, uncounted_store};
use holm_wasi::{ModuleWorld, exited};
use wasmtime::{InstancePre, Store, TypedFunc};

use crate::state::State;
use crate::{HANDLE_REQUEST, HANDLE_RESPONSE};

/// A guest that is linked.
pub(crate) struct Linked {
    pub(crate) guest: Guest,
    pub(crate) host: Arc<Host>,
    pub(crate) pre: InstancePre<State>,
}

/// One instance, between two requests or at work on one.
pub(crate) struct Instance {
    pub(crate) store: Store<State>,
    handle_request: TypedFunc<(), u64>,
    /// Those that never look at responses may do without.
    handle_response: Option<TypedFunc<(u32, u32), ()>>,
}

impl Linked {
    /// What the filter is called in messages and in the log.
    pub(crate) fn name(&self) -> &str {
        if self.host.filter.name.is_empty() { &self.guest.name } else { &self.host.filter.name }
    }

    /// Where output goes during this exchange.
    pub(crate) fn stdio(&self, exchange: &Exchange) -> Stdio {
        exchange.observer.as_ref().map_or_else(|| self.host.stdio.clone(), |observer| observer.stdio())
    }

    /// A fresh instance, which has started.
    ///
    /// # Errors
    /// It failed while it started.
    pub(crate) async fn start(&self, exchange: &Exchange) -> Result<Instance> {
        let (limits, usage) = (&self.host.limits, Arc::new(exchange.usage.apart()));
        let stdio = self.stdio(exchange);
        let world = ModuleWorld::writing_to(&self.guest, &self.host, &stdio)?;
        let state = State::new(&self.host, world, &self.name().into(), stdio);
        let mut store = uncounted_store(self.pre.module().engine(), state, limits)?;
        let metering = Metering::begin(&mut store, limits, &usage)?;
        let started = metering.run(pin!(self.run_start(&mut store))).await;
        exchange.usage.add(&usage);
        match started {
            Ok((handle_request, handle_response)) => Ok(Instance { store, handle_request, handle_response }),
            Err(error) => Err(self.failed(&mut store, error)),
        }
    }

    async fn run_start(
        &self,
        store: &mut Store<State>,
    ) -> wasmtime::Result<(TypedFunc<(), u64>, Option<TypedFunc<(u32, u32), ()>>)> {
        let instance = self.pre.instantiate_async(&mut *store).await?;
        for start in ["_initialize", "_start"] {
            let Ok(start) = instance.get_typed_func::<(), ()>(&mut *store, start) else { continue };
            match start.call_async(&mut *store, ()).await {
                Err(error) if exited(&error) != Some(0) => return Err(error),
                // A `main` that has returned, for which some languages exit.
                _ => {}
            }
        }
        let handle_request = instance.get_typed_func(&mut *store, HANDLE_REQUEST)?;
        Ok((handle_request, instance.get_typed_func(&mut *store, HANDLE_RESPONSE).ok()))
    }

    /// Hands the request at hand to the guest. Returns whether it goes on, and what the guest wants to hear again with the
    /// response.
    ///
    /// # Errors
    /// A trap or a limit.
    pub(crate) async fn handle_request(&self, instance: &mut Instance, exchange: &Exchange) -> Result<(bool, u32)> {
        let Instance { store, handle_request, .. } = &mut *instance;
        let (limits, usage) = (&self.host.limits, Arc::new(exchange.usage.apart()));
        let metering = Metering::begin(store, limits, &usage)?;
        let called = metering.run(pin!(handle_request.call_async(store, ()))).await;
        exchange.usage.add(&usage);
        let result = called.map_err(|error| self.failed(&mut instance.store, error))?;
        // `next` is the lower half, the context the upper.
        Ok((result as u32 != 0, (result >> 32) as u32))
    }

    /// Hands it the response.
    ///
    /// # Errors
    /// A trap or a limit.
    pub(crate) async fn handle_response(
        &self,
        instance: &mut Instance,
        exchange: &Exchange,
        context: u32,
        is_error: bool,
    ) -> Result<()> {
        let Some(function) = instance.handle_response.clone() else { return Ok(()) };
        let (limits, usage) = (&self.host.limits, Arc::new(exchange.usage.apart()));
        let metering = Metering::begin(&mut instance.store, limits, &usage)?;
        let called = metering.run(pin!(function.call_async(&mut instance.store, (context, u32::from(is_error))))).await;
        exchange.usage.add(&usage);
        called.map_err(|error| self.failed(&mut instance.store, error))
    }

    fn failed(&self, store: &mut Store<State>, error: wasmtime::Error) -> Error {
        if let Some(error) = store.data().failure() {
            return error.about(&self.guest.name);
        }
        if let Some(code) = exited(&error) {
            return Error::new(Kind::Trap, format!("it ended with exit code {code}")).about(&self.guest.name);
        }
        explain(store, error, self.guest.trap_context(&self.host))
    }
}
