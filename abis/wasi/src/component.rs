//! Components built for WASI 0.2 and 0.3.

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Command, Entry, Error, Guest, Host, Kind, Result, Run};
use holm_core::{ComponentFunctions, link_component};
use holm_engine::shape::Shape;
use holm_engine::{Metered, metered_store, within_wall};
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Store, bail};
use wasmtime_wasi::{I32Exit, p2, p3};

use crate::context::{Given, Streams};
use crate::extension::Extension;
#[cfg(feature = "http")]
use crate::handler;
use crate::linked::Linked;
use crate::module::exit_code;
use crate::services::Services;
use crate::state::State;
use crate::version::Version;
use crate::{Wasi, config, interfaces, missing, parts, paths};

/// The entries of a component: a command if it exports `wasi:cli/run`, and its exported functions.
pub(crate) fn load(wasi: &Wasi, guest: &Guest, host: &Host, extension: Option<&dyn Extension>) -> Result<Vec<Entry>> {
    let component = guest.code.component()?;
    let mut linker = linker(component, &guest.shape, host)
        .and_then(|linker| audited(linker, host))
        .and_then(|linker| extended(linker, &guest.shape, extension))
        .map_err(|error| Error::new(Kind::Internal, format!("WASI does not link: {error:#}")))?;
    link_component(&mut linker, component, &guest.name, &host.provided)?;
    let pre = linker.instantiate_pre(component).map_err(|_| missing::component(guest, component, linker))?;

    let services = Arc::new(Services::new(wasi, host));
    let lent = Arc::clone(&services);
    let given = Given::new(Arc::new([guest.name.clone()]), Streams::Are(host.stdio.clone()));
    let state = Arc::new(move || State::new(&lent, given.clone()));
    let mut entries = vec![Entry::Functions(Arc::new(ComponentFunctions::new(guest, host, pre.clone(), state)))];
    #[cfg(feature = "http")]
    if let Some(handler) = handler::load(guest, &services, &pre)? {
        entries.insert(0, Entry::Http(handler));
    }
    if let Some(extension) = extension {
        entries.splice(..0, extension.entries(&Linked::new(guest, &services, &pre))?);
    }
    if is_command(guest) {
        entries.insert(0, Entry::Command(Arc::new(Program { guest: guest.clone(), services, pre })));
    }
    Ok(entries)
}

/// What this ABI offers to a component of this shape.
pub(crate) fn linker(component: &Component, shape: &Shape, host: &Host) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(component.engine());
    // Some of what is linked goes in front of the engine's own.
    linker.allow_shadowing(true);
    interfaces::link(&mut linker, shape)?;
    parts::link(&mut linker, shape, host)?;
    config::link(&mut linker, shape, host.parts.len())?;
    #[cfg(feature = "http")]
    crate::http::link(&mut linker, shape)?;
    #[cfg(feature = "http")]
    crate::snapshots::link(&mut linker, shape)?;
    #[cfg(feature = "stores")]
    crate::keyvalue::link(&mut linker, component, shape, host.parts.len())?;
    #[cfg(feature = "stores")]
    crate::blobstore::link(&mut linker, shape, host.parts.len())?;
    #[cfg(feature = "tls")]
    crate::tls::link(&mut linker, shape)?;
    Ok(linker)
}

/// With our ears in front, where the host wants to hear of files.
fn audited(mut linker: Linker<State>, host: &Host) -> wasmtime::Result<Linker<State>> {
    if host.audit_paths {
        paths::component::link(&mut linker)?;
    }
    Ok(linker)
}

fn extended(
    mut linker: Linker<State>,
    shape: &Shape,
    extension: Option<&dyn Extension>,
) -> wasmtime::Result<Linker<State>> {
    if let Some(extension) = extension {
        extension.link(&mut linker, shape)?;
    }
    Ok(linker)
}

pub(crate) fn is_command(guest: &Guest) -> bool {
    guest.shape.exports.iter().any(|export| export.name.starts_with("wasi:cli/run@"))
}

/// What a guest that is a command of a snapshot before WASI 0.2, and of nothing newer, exports.
fn snapshot(guest: &Guest) -> Option<&str> {
    let mut runs = guest.shape.exports.iter().filter_map(|export| {
        let version = export.name.strip_prefix("wasi:cli/run@")?;
        Some((export.name.as_str(), Version::of(version)))
    });
    let (name, version) = runs.next()?;
    (runs.next().is_none() && matches!(version, Some(Version::October | Version::November))).then_some(name)
}

/// A component with `wasi:cli/run`.
struct Program {
    guest: Guest,
    services: Arc<Services>,
    pre: InstancePre<State>,
}

impl Program {
    async fn start(&self, store: &mut Store<State>) -> wasmtime::Result<()> {
        let instance = self.pre.instantiate_async(&mut *store).await?;
        if let Some(name) = snapshot(&self.guest) {
            let interface = instance.get_export_index(&mut *store, None, name);
            let run = interface.and_then(|interface| instance.get_export_index(&mut *store, Some(&interface), "run"));
            let Some(run) = run else { bail!("`{name}` has no function `run`") };
            let run = instance.get_typed_func::<(), (std::result::Result<(), ()>,)>(&mut *store, run)?;
            let (ended,) = run.call_async(store, ()).await?;
            return ended.map_err(|()| I32Exit(1).into());
        }
        let p3 = store.engine().get_concurrency_support().then(|| p3::bindings::Command::new(&mut *store, &instance));
        let ended = match p3 {
            Some(Ok(command)) => {
                store.run_concurrent(async |accessor| command.wasi_cli_run().call_run(accessor).await).await??
            }
            _ => p2::bindings::Command::new(&mut *store, &instance)?.wasi_cli_run().call_run(store).await?,
        };
        // A program that returns an error without an exit code of its own ends with 1.
        ended.map_err(|()| I32Exit(1).into())
    }
}

#[async_trait]
impl Command for Program {
    async fn run(&self, run: &Run) -> Result<i32> {
        let host = &self.services.host;
        let state = State::new(&self.services, Given::of(run, &host.stdio))?;
        let mut store = metered_store(self.pre.component().engine(), state, &host.limits, &run.usage)?;
        #[cfg(feature = "http")]
        store.data_mut().lend(run.outbound.as_ref());
        let guest = Metered::new(Arc::clone(&run.usage), Box::pin(self.start(&mut store)));
        let ended = within_wall(&host.limits, pin!(guest)).await;
        if let Some(error) = store.data().world.failure() {
            return Err(error.about(&self.guest.name));
        }
        exit_code(&mut store, ended, self.guest.trap_context(host))
    }
}
