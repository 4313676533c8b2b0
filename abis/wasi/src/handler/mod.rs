//! Components that answer HTTP requests: `wasi:http/incoming-handler` of WASI 0.2 and of the snapshots before it, and
//! `wasi:http/handler` of 0.3.

mod p2;
mod p3;
mod response;
mod reuse;

use std::sync::Arc;

use holm_abi::{Entry, Exchange, Guest, Host, HttpHandler, Result};
use holm_engine::shape::{CoreExport, LoneCore};
use holm_engine::{Error, Kind, explain, meter, metered_store};
use wasmtime::component::InstancePre;

use crate::context::{Given, Streams};
use crate::services::Services;
use crate::state::State;
use crate::version::{self, Version};
use crate::{Wasi, direct};
use reuse::{Idle, Ready};

/// The way to hand this component requests, if it takes any. Of two, the newer.
pub(crate) fn load(
    guest: &Guest,
    services: &Arc<Services>,
    pre: &InstancePre<State>,
) -> Result<Option<Arc<dyn HttpHandler>>> {
    let names = || guest.shape.exports.iter().map(|export| export.name.as_str());
    let p2 = names().filter_map(|name| Some((p2_version(name)?, name))).max();
    let it = Arc::new(Handled::new(guest, services));
    let unfit = |error: wasmtime::Error| Error::new(Kind::Invalid, format!("its handler does not fit: {error:#}"));
    Ok(if names().any(is_p3_handler) && pre.component().engine().get_concurrency_support() {
        Some(Arc::new(p3::Handler::new(it, pre).map_err(unfit)?))
    } else {
        match p2 {
            Some((Version::Released, _)) => Some(Arc::new(p2::Handler::component(it, pre).map_err(unfit)?)),
            Some((_, name)) => Some(Arc::new(p2::Handler::snapshot(it, pre, name).map_err(unfit)?)),
            None => None,
        }
    })
}

/// Which version of 0.2 an export of this name is the handler of.
fn p2_version(export: &str) -> Option<Version> {
    Version::of(export.strip_prefix("wasi:http/incoming-handler@")?)
}

fn is_p3_handler(export: &str) -> bool {
    export.strip_prefix("wasi:http/handler@").is_some_and(version::is_p3)
}

/// Whether an export of this name makes a component a handler, and because of what.
pub(crate) fn is_handler(export: &str) -> bool {
    p2_version(export).is_some() || is_p3_handler(export)
}

/// Whether the core module alone can be handed requests. Directories are only for components.
pub(crate) fn takes_lone(lone: &LoneCore, host: &Host) -> bool {
    host.grants.dirs.is_empty()
        && host.parts.is_empty()
        && !host.audit_paths
        && handle(lone).is_some()
        && direct::knows(lone)
}

/// The function of a lone core that is handed requests.
fn handle(lone: &LoneCore) -> Option<&CoreExport> {
    let is_handle = |export: &&CoreExport| p2_version(&export.interface).is_some() && export.name == "handle";
    // What returns nothing has nothing to give back.
    lone.exports.iter().find(is_handle).filter(|export| export.post_return.is_none())
}

/// The entries of a component that was compiled as its only core module: it can be handed requests, and nothing else.
///
/// # Errors
/// [`Kind::Unsupported`] if it cannot be had this way, and must be compiled as a component.
pub(crate) fn load_lone(wasi: &Wasi, guest: &Guest, lone: &LoneCore, host: &Host) -> Result<Vec<Entry>> {
    let unfit = || Error::new(Kind::Unsupported, format!("{} does not fit as a core module", guest.name));
    let handle = handle(lone).ok_or_else(unfit)?;
    let program = direct::Program::link(guest.code.module()?, lone, &handle.core);
    let program = program.map_err(|error| unfit().note(format!("{error:#}")))?.ok_or_else(unfit)?;
    let services = Arc::new(Services::new(wasi, host));
    Ok(vec![Entry::Http(Arc::new(p2::Handler::lone(Arc::new(Handled::new(guest, &services)), program)))])
}

/// The guest behind a handler.
struct Handled {
    guest: Guest,
    // The program's name first.
    args: Arc<[String]>,
    services: Arc<Services>,
}

impl Handled {
    fn new(guest: &Guest, services: &Arc<Services>) -> Self {
        let args = std::iter::once(guest.name.clone()).chain(services.host.args.iter().cloned()).collect();
        // How its imports are wired is known by now.
        Self { guest: Guest { lone: None, ..guest.clone() }, args, services: Arc::clone(services) }
    }

    /// An instance's place, or an instance that waits for a request, for this exchange.
    fn ready<I: Send + 'static>(
        &self,
        engine: &wasmtime::Engine,
        exchange: &Exchange,
        idle: Option<&Arc<Idle<I>>>,
    ) -> Result<Ready<I>> {
        let host = &self.services.host;
        let streams = match &exchange.observer {
            Some(observer) => Streams::Of(Arc::clone(observer)),
            None => Streams::Are(host.stdio.clone()),
        };
        if let Some(mut ready) = idle.and_then(|idle| idle.take()) {
            ready.store.data_mut().world.lead_to(streams);
            ready.store.data_mut().lend(exchange.outbound.as_ref());
            meter(&mut ready.store, &host.limits, &exchange.usage)?;
            return Ok(ready);
        }
        let mut state = State::new(&self.services, Given::new(Arc::clone(&self.args), streams))?;
        state.lend(exchange.outbound.as_ref());
        let store = metered_store(engine, state, &host.limits, &exchange.usage)?;
        Ok(Ready::fresh(store, host.reuse.as_ref()))
    }

    /// How the guest ended, in our words. An instance that ended well waits for its next request, where it may.
    fn ended<I: Send + 'static>(
        &self,
        mut ready: Ready<I>,
        called: wasmtime::Result<()>,
        idle: Option<Arc<Idle<I>>>,
    ) -> Result<()> {
        let store = &mut ready.store;
        if let Some(error) = store.data().world.failure() {
            return Err(error.about(&self.guest.name));
        }
        called.map_err(|error| match error.downcast_ref::<wasmtime_wasi::I32Exit>() {
            Some(exit) => {
                Error::new(Kind::NoResponse, format!("it ended with exit code {}", exit.0)).about(&self.guest.name)
            }
            None => explain(store, error, self.guest.trap_context(&self.services.host)),
        })?;
        if let Some(idle) = idle {
            idle.put(ready);
        }
        Ok(())
    }
}
