//! Core modules built for WASI 0.1 (`wasi_snapshot_preview1`), and for the preview before it (`wasi_unstable`).

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Caller, Command, Entry, Guest, Host, Kind, Result, Run};
use holm_core::{Lent, ModuleFunctions, initialize, link_module};
use holm_engine::shape::Shape;
use holm_engine::{Limited, Limiter, Metered, TrapContext, explain, metered_store, within_wall};
use wasmtime::{InstancePre, Linker, Store};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{I32Exit, WasiCtxBuilder, WasiView as _, p0, p1};

use crate::context::{Given, Streams, context};
use crate::network::Network;
use crate::paths::module::Decoy;
use crate::state::hold;
use crate::stdio::Account;
use crate::{MODULES, missing, paths, threads};

/// The state of one running module.
pub(crate) struct ModuleState {
    limiter: Limiter,
    pub(crate) wasi: WasiP1Ctx,
    /// The root that is not there, for audits.
    pub(crate) decoy: Option<Decoy>,
    /// What the guest writes.
    output: Account,
    caller: Caller,
}

impl ModuleState {
    pub(crate) fn new(host: &Host, given: Given) -> Result<Self> {
        let network = Network::new(host);
        let output = Account::new(host.limits.max_output);
        let mut builder = context(host, &given, &network, &output)?;
        let decoy = Decoy::open(&mut builder, host, &given.args)?;
        let (limiter, wasi) = (Limiter::new(&host.limits), world(builder, host));
        Ok(Self { limiter, wasi, decoy, output, caller: Caller::default() })
    }
}

/// A module's world, with as many open files as the host allows.
pub(crate) fn world(mut builder: WasiCtxBuilder, host: &Host) -> WasiP1Ctx {
    let mut world = builder.build_p1();
    hold(world.ctx().table, host);
    world
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

    fn begin(&mut self, caller: &Caller) {
        self.caller = caller.clone();
        self.output.begin_anew();
    }
}

/// The entries of a module: a command if it has `_start`, and its other exported functions.
pub(crate) fn load(guest: &Guest, host: &Host) -> Result<Vec<Entry>> {
    let module = guest.code.module()?;
    if threads::recognise(&guest.shape) {
        return threads::load(guest, host);
    }
    let mut linker = Linker::new(module.engine());
    let linked = link(&mut linker, &guest.shape)
        .and_then(|()| if host.audit_paths { paths::module::link(&mut linker) } else { Ok(()) });
    linked.map_err(|error| holm_abi::Error::new(Kind::Internal, format!("WASI does not link: {error:#}")))?;
    link_module(&mut linker, module, &guest.name, &host.provided)?;
    let pre = match linker.instantiate_pre(module) {
        Ok(pre) => pre,
        Err(error) => {
            let none = Host::default();
            let mut store = Store::new(
                module.engine(),
                ModuleState::new(&none, Given::new(Arc::default(), Streams::Are(none.stdio.clone())))?,
            );
            return Err(missing::module(guest, module, &linker, &mut store, &error));
        }
    };

    let state_host = host.clone();
    let given = Given::new(Arc::new([guest.name.clone()]), Streams::Are(host.stdio.clone()));
    let state = Arc::new(move || ModuleState::new(&state_host, given.clone()));
    let mut entries = vec![Entry::Functions(Arc::new(ModuleFunctions::new(guest, host, pre.clone(), state)))];
    if guest.shape.export("_start").is_some() {
        entries.insert(0, Entry::Command(Arc::new(Program { guest: guest.clone(), host: host.clone(), pre })));
    }
    Ok(entries)
}

/// Links the preview that the guest imports.
fn link(linker: &mut Linker<ModuleState>, shape: &Shape) -> wasmtime::Result<()> {
    let imports = |module: &str| shape.imports.iter().any(|import| import.module == module);
    if imports(MODULES[0]) {
        p1::add_to_linker_async(linker, |state: &mut ModuleState| &mut state.wasi)?;
    }
    if imports(MODULES[1]) {
        p0::add_to_linker_async(linker, |state: &mut ModuleState| &mut state.wasi)?;
    }
    link_exit(linker)
}

/// `proc_exit` with every code there is: the engine's own takes those from 126 on for mistakes.
fn link_exit(linker: &mut Linker<ModuleState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    for module in MODULES {
        linker.func_wrap(module, "proc_exit", |code: i32| -> wasmtime::Result<()> { Err(I32Exit(code).into()) })?;
    }
    Ok(())
}

/// A module with `_start`.
struct Program {
    guest: Guest,
    host: Host,
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
