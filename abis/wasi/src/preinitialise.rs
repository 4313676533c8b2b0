//! Components that are started once, where they are built, and kept as they are then.
//!
//! What a language's runtime does before the first call (Go: its heap, its scheduler, every package's variables) is done
//! again for every instance. A component that was started and then written down, memories and globals, begins behind it.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use holm_abi::{Error, Host, Kind, Result};
use holm_engine::{Loader, Metering, Opened, Runtime, Settings, Source, Tier, Usage, kept_store};
use holm_grants::Limits;
use wasmtime::Store;
use wasmtime::component::{ComponentNamedList, Instance, Lift, WasmList};
use wasmtime_wizer::{ComponentInstanceState, Wizer};

use crate::context::{Given, Streams};
use crate::services::Services;
use crate::state::State;
use crate::{Wasi, component, missing};

/// What starting may take. A runtime needs milliseconds and some megabytes.
const CPU: Duration = Duration::from_secs(10);
const MEMORY: u64 = 256 << 20;

/// Starts a component, without calling any of its exports, and returns it as it is then: a component with the same
/// imports and exports, whose instances begin there.
///
/// It is started in a world that is the same everywhere: no grants, a clock that counts from a fixed time, random numbers
/// from a fixed seed. **What it keeps of these, all its instances have alike, and whoever has the file knows it**: seeds of hash
/// tables and of generators that are not asked anew, the environment as it was read, the directories that were there.
/// What is asked for later comes from where the instance runs. So this is for components whose secrets do not hang on their
/// runtime's randomness, and that need nothing of their grants to start.
///
/// # Errors
/// [`Kind::Invalid`] for bytes that are no component, [`Kind::Unsupported`] for one that cannot be kept this way: it has
/// other components inside, changes tables, calls what another component is to provide, or holds a handle of the
/// host once it has started. What starting itself fails with: a trap, a limit.
pub async fn preinitialise(name: &str, wasm: &[u8]) -> Result<Vec<u8>> {
    let loader = Loader::default();
    // Bounds its nesting before anybody else reads it.
    let guest = loader.open(Source::from_bytes(name, wasm.to_vec())?)?;
    let wizer = Wizer::new();
    let (context, instrumented) =
        wizer.instrument_component(&guest.source.bytes).map_err(|error| unfit(name, &error))?;
    let started = start(&loader, name, loader.open(Source::from_bytes(name, instrumented)?)?).await?;
    let mut frozen = Frozen { started, failed: None };
    let kept = wizer.snapshot_component(&context, &mut frozen).await.map_err(|error| unfit(name, &error))?;
    match frozen.failed {
        Some(error) => Err(unfit(name, &error)),
        None => Ok(kept),
    }
}

fn unfit(name: &str, error: &wasmtime::Error) -> Error {
    Error::new(Kind::Unsupported, format!("{name} cannot be preinitialised: {error:#}"))
        .note("leave `preinitialise` out: it then starts whenever an instance is made")
}

/// An instance that has been started.
struct Started {
    store: Store<State>,
    instance: Instance,
}

async fn start(loader: &Loader, name: &str, guest: Opened) -> Result<Started> {
    let limits = Limits::new().cpu(CPU).wall(2 * CPU).memory(MEMORY);
    let settings = Settings { tier: Tier::Optimized, ..Settings::of(&guest.shape, &limits) };
    let code = loader.load(&guest, &settings, true, &Runtime::default())?.code;
    let component = code.component()?;
    let internal = |error: wasmtime::Error| Error::new(Kind::Internal, format!("WASI does not link: {error:#}"));
    let host = Host { limits, deterministic: true, ..Host::default() };
    let mut linker = component::linker(component.engine(), &guest.shape, &host).map_err(internal)?;
    // What other components will provide is not there yet.
    let imports = component.component_type();
    for (import, _) in imports.imports(component.engine()).filter(|(import, _)| !import.starts_with("wasi:")) {
        missing::stand_in(&mut linker, component, import).map_err(|error| unfit(name, &error))?;
    }

    let services = Arc::new(Services::new(&nothing(), &host));
    let given = Given::new(Arc::new([name.to_owned()]), Streams::Are(host.stdio.clone()));
    let mut store = kept_store(component.engine(), State::new(&services, given)?, &limits)?;
    let metering = Metering::begin(&mut store, &limits, &Arc::<Usage>::default())?;
    let instance = metering.run(pin!(linker.instantiate_async(&mut store, component))).await;
    let instance = instance.map_err(|error| {
        Error::new(Kind::Unsupported, format!("{name} does not start without its world: {error:#}"))
            .note("leave `preinitialise` out: it then starts whenever an instance is made")
    })?;
    if !store.data().table.is_empty() {
        let held = wasmtime::Error::msg("it holds a handle of the host once it has started, a stream or a file");
        return Err(unfit(name, &held));
    }
    Ok(Started { store, instance })
}

/// A host that lends nothing.
fn nothing() -> Wasi {
    Wasi {
        #[cfg(feature = "stores")]
        lent: None,
        #[cfg(feature = "http")]
        http_client: None,
    }
}

/// Reads what is to be kept through the functions that were added for it.
struct Frozen {
    started: Started,
    /// Why what was read is not to be believed.
    failed: Option<wasmtime::Error>,
}

impl Frozen {
    async fn ask<R>(&mut self, instance: &str, function: &str) -> Option<R>
    where
        R: Send + Sync + 'static,
        (R,): ComponentNamedList + Lift,
    {
        let answer = answer(&mut self.started, instance, function).await;
        answer.map_err(|error| self.failed = Some(error)).ok()
    }
}

async fn answer<R>(started: &mut Started, instance: &str, function: &str) -> wasmtime::Result<R>
where
    R: Send + Sync + 'static,
    (R,): ComponentNamedList + Lift,
{
    let Started { store, instance: of } = started;
    let missing = || wasmtime::format_err!("its state cannot be read: {instance} {function}");
    let (_, instance) = of.get_export(&mut *store, None, instance).ok_or_else(missing)?;
    let (_, function) = of.get_export(&mut *store, Some(&instance), function).ok_or_else(missing)?;
    let function = of.get_typed_func::<(), (R,)>(&mut *store, function)?;
    Ok(function.call_async(&mut *store, ()).await?.0)
}

impl ComponentInstanceState for Frozen {
    async fn call_func_ret_list_u8(&mut self, instance: &str, func: &str, contents: impl FnOnce(&[u8]) + Send) {
        match self.ask::<WasmList<u8>>(instance, func).await {
            Some(list) => contents(list.as_le_slice(&self.started.store)),
            None => contents(&[]),
        }
    }

    async fn call_func_ret_s32(&mut self, instance: &str, func: &str) -> i32 {
        self.ask(instance, func).await.unwrap_or_default()
    }

    async fn call_func_ret_s64(&mut self, instance: &str, func: &str) -> i64 {
        self.ask(instance, func).await.unwrap_or_default()
    }

    async fn call_func_ret_f32(&mut self, instance: &str, func: &str) -> u32 {
        self.ask::<f32>(instance, func).await.map(f32::to_bits).unwrap_or_default()
    }

    async fn call_func_ret_f64(&mut self, instance: &str, func: &str) -> u64 {
        self.ask::<f64>(instance, func).await.map(f64::to_bits).unwrap_or_default()
    }
}
