//! Core modules built for WASI 0.1 (`wasi_snapshot_preview1`), and for the preview before it (`wasi_unstable`).

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Caller, Command, Entry, Guest, Host, Result, Run, Stdio};
use holm_core::{Lent, ModuleFunctions, initialize, link_module};
use holm_engine::{Limited, Limiter, Metered, TrapContext, explain, metered_store, within_wall};
use wasmtime::{InstancePre, Linker, Store};
use wasmtime_wasi::I32Exit;

use crate::context::{Given, Streams};
use crate::module_world::{InWorld, ModuleWorld, link_world};
use crate::{missing, threads};

/// The state of one running module.
struct ModuleState {
    limiter: Limiter,
    world: ModuleWorld,
    caller: Caller,
}

impl ModuleState {
    fn new(host: &Arc<Host>, given: Given) -> Result<Self> {
        let world = ModuleWorld::with(host, given)?;
        Ok(Self { limiter: Limiter::new(&host.limits), world, caller: Caller::default() })
    }
}

impl InWorld for ModuleState {
    fn world(&mut self) -> &mut ModuleWorld {
        &mut self.world
    }
}

impl Limited for ModuleState {
    fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }
}

impl Lent for ModuleState {
    fn caller(&mut self) -> &mut Caller {
        &mut self.caller
    }

    fn begin(&mut self, caller: Caller) {
        self.caller = caller;
        self.world.begin();
    }
}

/// The entries of a module: a command if it has `_start`, and its other exported functions.
pub(crate) fn load(guest: &Guest, host: &Host) -> Result<Vec<Entry>> {
    let module = guest.code.module()?;
    if threads::recognise(&guest.shape) {
        return threads::load(guest, host);
    }
    let mut linker = Linker::new(module.engine());
    link_world(&mut linker, &guest.shape, host)?;
    link_module(&mut linker, module, &guest.name, &host.provided)?;
    let pre = match linker.instantiate_pre(module) {
        Ok(pre) => pre,
        Err(error) => {
            let none = Given::new(Arc::default(), Streams::Are(Stdio::default()));
            let mut store = Store::new(module.engine(), ModuleState::new(&Arc::default(), none)?);
            return Err(missing::module(guest, module, &linker, &mut store, &error));
        }
    };

    let host = Arc::new(host.clone());
    let state_host = Arc::clone(&host);
    let given = Given::new(Arc::new([guest.name.clone()]), Streams::Are(host.stdio.clone()));
    let state = Arc::new(move || ModuleState::new(&state_host, given.clone()));
    let mut entries = vec![Entry::Functions(Arc::new(ModuleFunctions::new(guest, &host, pre.clone(), state)))];
    if guest.shape.export("_start").is_some() {
        entries.insert(0, Entry::Command(Arc::new(Program { guest: guest.clone(), host, pre })));
    }
    Ok(entries)
}

/// A module with `_start`.
struct Program {
    guest: Guest,
    host: Arc<Host>,
    pre: InstancePre<ModuleState>,
}

impl Program {
    async fn start(&self, store: &mut Store<ModuleState>) -> wasmtime::Result<()> {
        let instance = self.pre.instantiate_async(&mut *store).await?;
        initialize(store, &instance).await?;
        instance.get_typed_func::<(), ()>(&mut *store, "_start")?.call_async(store, ()).await
    }
}

#[async_trait]
impl Command for Program {
    async fn run(&self, run: &Run) -> Result<i32> {
        let state = ModuleState::new(&self.host, Given::of(run, &self.host.stdio))?;
        let mut store = metered_store(self.pre.module().engine(), state, &self.host.limits, &run.usage)?;
        let guest = Metered::new(Arc::clone(&run.usage), Box::pin(self.start(&mut store)));
        let ended = within_wall(&self.host.limits, pin!(guest)).await;
        exit_code(&mut store, ended, self.guest.trap_context(&self.host))
    }
}

/// How a program ended: its own exit code, or our error.
pub(crate) fn exit_code<T: Limited>(
    store: &mut Store<T>,
    ended: wasmtime::Result<()>,
    context: TrapContext<'_>,
) -> Result<i32> {
    match ended {
        Ok(()) => Ok(0),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(exit) => Ok(exit.0),
            None => Err(explain(store, error, context)),
        },
    }
}
