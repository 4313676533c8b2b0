//! WASI 0.1, and the preview before it, for core modules of whatever ABI.

use std::sync::Arc;

use holm_abi::{Error, Guest, Host, Kind, Observe, Result, Run, Stdio};
use holm_engine::Limited;
use holm_engine::shape::Shape;
use tokio::io::AsyncWriteExt as _;
use wasmtime::Linker;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{I32Exit, WasiCtxBuilder, WasiView as _, p0, p1};

use crate::context::{Given, Streams, context};
use crate::network::Network;
use crate::paths::module::Decoy;
use crate::state::hold;
use crate::stdio::{Account, Sink};
use crate::switch::Switches;
use crate::{MODULES, paths};

/// What WASI gives one instance of a module. Made when the guest first asks for something of it, which plugins
/// that import it seldom do.
pub struct ModuleWorld {
    host: Arc<Host>,
    given: Given,
    made: Option<Made>,
    /// What the guest writes.
    output: Account,
    /// Where that goes, where it can be led elsewhere.
    switches: Option<Switches>,
}

struct Made {
    wasi: WasiP1Ctx,
    /// The root that is not there, for audits.
    decoy: Option<Decoy>,
}

/// The state of an instance whose module may import WASI.
pub trait InWorld: Limited {
    /// Its world.
    fn world(&mut self) -> &mut ModuleWorld;
}

impl ModuleWorld {
    /// What `host` grants, for an instance of `guest`.
    ///
    /// # Errors
    /// [`Kind::NotFound`] or [`Kind::Io`] when a granted directory cannot be opened.
    pub fn new(guest: &Guest, host: &Arc<Host>) -> Result<Self> {
        Self::with(host, Given::new(Arc::new([guest.name.clone()]), Streams::Are(host.stdio.clone())))
    }

    /// Likewise for an instance whose output goes where `observer` says, who is asked for that when it is first needed.
    /// `None`: where the host says.
    ///
    /// # Errors
    /// As [`ModuleWorld::new`].
    pub fn seen_by(guest: &Guest, host: &Arc<Host>, observer: Option<&Arc<dyn Observe>>) -> Result<Self> {
        let streams = match observer {
            Some(observer) => Streams::Of(Arc::clone(observer)),
            None => Streams::Are(host.stdio.clone()),
        };
        Self::with(host, Given::new(Arc::new([guest.name.clone()]), streams))
    }

    /// Likewise for one run as a program.
    ///
    /// # Errors
    /// As [`ModuleWorld::new`].
    pub fn of_run(run: &Run, host: &Arc<Host>) -> Result<Self> {
        Self::with(host, Given::of(run, &host.stdio))
    }

    /// # Errors
    /// As [`ModuleWorld::new`].
    pub(crate) fn with(host: &Arc<Host>, given: Given) -> Result<Self> {
        let output = Account::new(host.limits.max_output);
        // Directories can be missing, and that is to be known before the guest runs.
        let made = if host.grants.dirs.is_empty() { None } else { Some(Made::new(host, &given, &output)?) };
        Ok(Self { host: Arc::clone(host), given, made, output, switches: None })
    }

    /// What `host` grants, for an instance of `guest` that is used again and again and writes to `stdio` for now.
    ///
    /// # Errors
    /// As [`ModuleWorld::new`].
    pub fn writing_to(guest: &Guest, host: &Arc<Host>, stdio: &Stdio) -> Result<Self> {
        let (switches, stdio) = match Switches::new(stdio) {
            Some((switches, stdio)) => (Some(switches), stdio),
            None => (None, stdio.clone()),
        };
        let world = Self::with(host, Given::new(Arc::new([guest.name.clone()]), Streams::Are(stdio)))?;
        Ok(Self { switches, ..world })
    }

    /// From now on the guest writes to `stdio`, if that and what it wrote to before are sinks; and what it writes is
    /// counted anew.
    pub fn lead_to(&mut self, stdio: &Stdio) {
        self.begin();
        if let Some(switches) = &self.switches {
            switches.set(stdio);
        }
    }

    /// Why the guest had to end, if its writing was the reason.
    pub fn failure(&self) -> Option<Error> {
        self.output.failure()
    }

    /// A call begins: what the guest writes is counted anew.
    pub fn begin(&self) {
        self.output.begin_anew();
    }

    /// Writes for the guest on its standard error. Waits where whoever reads that is slow.
    ///
    /// # Errors
    /// It may not write so much, or nobody reads it any more.
    pub async fn log(&mut self, text: &[u8]) -> wasmtime::Result<()> {
        let mut sink = Sink::stderr(&self.given.streams.get().stderr, &self.output);
        let written = sink.write_all(text).await;
        written.map_err(|error| self.output.failure().map_or_else(|| error.into(), Into::into))
    }

    /// Whether anyone takes what is logged.
    pub fn logs(&self) -> bool {
        !matches!(self.given.streams.get().stderr, holm_abi::Output::Discard)
    }

    pub(crate) fn wasi(&mut self) -> &mut WasiP1Ctx {
        &mut self.made().wasi
    }

    pub(crate) fn with_decoy(&mut self) -> (&mut WasiP1Ctx, Option<&Decoy>) {
        let made = self.made();
        (&mut made.wasi, made.decoy.as_ref())
    }

    fn made(&mut self) -> &mut Made {
        let Self { host, given, made, output, .. } = self;
        // Only directories could fail, and there are none.
        made.get_or_insert_with(|| Made::new(host, given, output).unwrap_or_else(|_| Made::closed(host)))
    }
}

impl Made {
    fn new(host: &Host, given: &Given, output: &Account) -> Result<Self> {
        let mut builder = context(host, given, &Network::new(host), output)?;
        let decoy = Decoy::open(&mut builder, host, &given.args)?;
        Ok(Self { wasi: world(builder, host), decoy })
    }

    /// A world with nothing in it.
    fn closed(host: &Host) -> Self {
        Self { wasi: world(WasiCtxBuilder::new(), host), decoy: None }
    }
}

/// A world with as many open files as the host allows.
pub(crate) fn world(mut builder: WasiCtxBuilder, host: &Host) -> WasiP1Ctx {
    let mut world = builder.build_p1();
    hold(world.ctx().table, host);
    world
}

/// Links the preview that the guest imports.
///
/// # Errors
/// [`Kind::Internal`] when `linker` has functions of these names already.
pub fn link_world<T: InWorld>(linker: &mut Linker<T>, shape: &Shape, host: &Host) -> Result<()> {
    let linked = link(linker, shape, host);
    linked.map_err(|error| Error::new(Kind::Internal, format!("WASI does not link: {error:#}")))
}

fn link<T: InWorld>(linker: &mut Linker<T>, shape: &Shape, host: &Host) -> wasmtime::Result<()> {
    let imports = |module: &str| shape.imports.iter().any(|import| import.module == module);
    if imports(MODULES[0]) {
        p1::add_to_linker_async(linker, |state: &mut T| state.world().wasi())?;
    }
    if imports(MODULES[1]) {
        p0::add_to_linker_async(linker, |state: &mut T| state.world().wasi())?;
    }
    link_exit(linker)?;
    if host.audit_paths { paths::module::link(linker) } else { Ok(()) }
}

/// Links WASI 0.1 for a module whose state has its world at `world`.
///
/// # Errors
/// `linker` has functions of these names already, and may not have them twice.
#[cfg(feature = "http")]
pub(crate) fn link_preview1<T: Send + 'static>(
    linker: &mut Linker<T>,
    world: impl Fn(&mut T) -> &mut WasiP1Ctx + Copy + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    p1::add_to_linker_async(linker, world)?;
    link_exit(linker)
}

/// `proc_exit` with every code there is: the engine's own takes those from 126 on for mistakes.
fn link_exit<T: 'static>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    for module in MODULES {
        linker.func_wrap(module, "proc_exit", |code: i32| -> wasmtime::Result<()> { Err(I32Exit(code).into()) })?;
    }
    Ok(())
}

/// The code that the guest gave when it ended itself, if that is what `error` is.
pub fn exited(error: &wasmtime::Error) -> Option<i32> {
    error.downcast_ref::<I32Exit>().map(|exit| exit.0)
}
