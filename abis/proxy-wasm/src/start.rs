//! How a machine starts.

use std::sync::Arc;

use holm_engine::{Error, Kind, Result, explain, uncounted_store};

use crate::exports::{Exports, Find};
use crate::link::Exit;
use crate::plugin::Plugin;
use crate::state::{NO_CONTEXT, ROOT, State};
use crate::vm::{Inner, limited};

/// Makes an instance, and has it begin: the language's own start, the root context, its configuration.
///
/// # Errors
/// It failed, or does not want to be started so.
pub(crate) async fn start(plugin: &Arc<Plugin>, state: State) -> Result<Inner> {
    let store = uncounted_store(plugin.pre.module().engine(), state, &plugin.host.limits)?;
    let mut inner = Inner::new(store, Exports::default());
    let begun = limited(&mut inner, plugin, None, |inner| Box::pin(begin(inner))).await;
    match begun {
        Ok(()) => Ok(inner),
        Err(error) => Err(explain(&mut inner.store, error, plugin.guest.trap_context(&plugin.host))),
    }
}

async fn begin(inner: &mut Inner) -> wasmtime::Result<()> {
    let plugin = Arc::clone(&inner.store.data().plugin);
    let instance = plugin.pre.instantiate_async(&mut inner.store).await?;
    let mut find = Find { store: &mut inner.store, instance: &instance };
    let link = find.link()?;
    find.store.data_mut().link = link;
    inner.exports = Arc::new(Exports::find(&mut inner.store, &instance, plugin.version)?);
    begin_language(inner, &instance).await?;
    begin_root(inner, &plugin).await
}

/// What compilers put in front: `_initialize` and then `main`, which sets an SDK up, or `_start` alone. Source: the C++
/// host's `WasmBase::startVm`.
async fn begin_language(inner: &mut Inner, instance: &wasmtime::Instance) -> wasmtime::Result<()> {
    let mut find = Find { store: &mut inner.store, instance };
    let Some(initialize) = find.get::<(), ()>("_initialize")? else {
        return match find.get::<(), ()>("_start")? {
            Some(start) => exited(inner.call(NO_CONTEXT, &start, ()).await),
            None => Ok(()),
        };
    };
    let main = find.get::<(u32, u32), u32>("main").ok().flatten();
    let plain_main = find.get::<(), u32>("__main_void").ok().flatten();
    exited(inner.call(NO_CONTEXT, &initialize, ()).await)?;
    match (main, plain_main) {
        (Some(main), _) => exited(inner.call(NO_CONTEXT, &main, (0, 0)).await.map(drop)),
        (None, Some(main)) => exited(inner.call(NO_CONTEXT, &main, ()).await.map(drop)),
        (None, None) => Ok(()),
    }
}

/// A program whose start ends with success is ready to be called.
fn exited(done: wasmtime::Result<()>) -> wasmtime::Result<()> {
    match done {
        Err(error) if matches!(error.downcast_ref(), Some(Exit(0))) => Ok(()),
        done => done,
    }
}

async fn begin_root(inner: &mut Inner, plugin: &Plugin) -> wasmtime::Result<()> {
    let filter = &plugin.host.filter;
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let refused = |what: &str| Error::new(Kind::Invalid, format!("it refused to start: `{what}` returned false"));
    inner.store.data_mut().configuring = true;
    inner.create_context(ROOT, 0).await?;
    inner.store.data_mut().configuring = false;
    if let Some(start) = &inner.exports().vm_start
        && inner.call(ROOT, start, (ROOT, length(&filter.vm_configuration))).await? == 0
    {
        return Err(refused("proxy_on_vm_start").note("it does not like the configuration of its machine").into());
    }
    inner.store.data_mut().configuring = true;
    let accepted = match &inner.exports().configure {
        Some(configure) => inner.call(ROOT, configure, (ROOT, length(&filter.configuration))).await? != 0,
        None => true,
    };
    inner.store.data_mut().configuring = false;
    match accepted {
        true => Ok(()),
        false => Err(refused("proxy_on_configure").note("it does not like its configuration").into()),
    }
}
