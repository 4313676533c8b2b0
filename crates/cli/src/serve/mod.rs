//! `holm serve`

mod admin;
mod apps;
mod carried;
mod copies;
#[cfg(feature = "build")]
pub(crate) mod developing;
mod files;
mod filter;
mod lend;
mod load;
mod machine;
mod plan;
mod reload;
#[cfg(feature = "spin")]
mod shown;
mod wrong;

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use holm_admin::store::Store;
use holm_engine::{Error, Kind, Result};
use holm_manifest::server::Server as Plan;
use holm_serve::answer::Answers;
use holm_serve::apps::{Ceilings, Room, Site, World};
use holm_serve::deployed::{Driven, Reload, Server};
use holm_serve::front::{Front, Limits, Listener};
use holm_serve::observe::{Log, Observer, Spans};
use holm_serve::triggers::Triggers;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::args::Serve;
use crate::output;
pub(crate) use carried::{Carried, bundled};
use copies::Copies;
#[cfg(feature = "build")]
use developing::Developing;
use files::Files;
use lend::{Lending, Whose};
use reload::Reloading;
use wrong::Wrong;

/// Nobody develops what is served by a Holm that does not build.
#[cfg(not(feature = "build"))]
enum Developing {}

/// Bytes of code that stay loaded, where the configuration does not say.
const CODE: u64 = 1 << 30;
/// Instances at once, where it does not say.
const INSTANCES: u64 = 1000;
/// Bytes of linear memory of all instances, where neither it nor the machine says.
const MEMORY: u64 = 4 << 30;
/// Bytes of stack that no app has more of, where it does not say: guests' stacks count in no other limit.
const STACK: u64 = 8 << 20;
/// How long an app that nobody asks for stays loaded.
const IDLE: Duration = Duration::from_secs(300);
/// Guests that are let go of at once after which the memory they had is given back.
const MANY: usize = 16;
/// How often that is looked at.
const TIDY: Duration = Duration::from_secs(1);
/// How often what no version needs any more is removed.
const COLLECT: Duration = Duration::from_secs(3600);

/// Serves until it is told to stop, and returns the exit code.
///
/// Everything is read, compiled and linked before a socket is bound, and everything that is wrong is said at once.
pub(crate) fn serve(args: Serve) -> Result<i32> {
    start(args, None)
}

fn start(args: Serve, developing: Option<Developing>) -> Result<i32> {
    let mut wrong = Wrong::default();
    let mut files = Files::default();
    args.server_config.iter().for_each(|file| files.note(file));
    let plan = plan::plan(&args, &mut wrong)?;
    let ceilings = ceilings(&plan);
    let instances = plan.ceilings.instances.unwrap_or(INSTANCES);
    let memory = plan.ceilings.memory_total.or_else(|| Some(machine::memory()? / 2)).unwrap_or(MEMORY);
    let log = Log::open(&plan.log).map_err(|error| Error::new(Kind::Io, error.to_string()))?;
    let spans = plan.telemetry.as_ref().map(|telemetry| Spans::start(telemetry, log.clone())).transpose();
    let spans = spans.map_err(|error| Error::io("export traces", &error))?;
    let observer = Arc::new(Observer::new(log, spans));
    let copies = Arc::new(Copies::default());
    let loading = load::Loading::new(&args, instances, &copies)?;
    let loading = Arc::new(loading.quick(developing.is_some()));
    let state = plan.state.clone().or_else(plan::default_state);
    let lending = |whose| Arc::new(Lending::new(&loading, whose, state.as_deref(), &observer));
    let room = Arc::new(Room::new(instances, memory));
    let world = World { load: lending(Whose::Named), observer: Arc::clone(&observer), room };
    let deployed = World { load: lending(Whose::Deployed), ..world.clone() };
    let site = Arc::new(Site::default());
    let shared = (Arc::clone(&site), world, ceilings);
    let reloading = Arc::new(Reloading::start(args, plan.clone(), shared, Arc::clone(&copies), files, &mut wrong));
    let reload: Arc<dyn Reload> = Arc::<Reloading>::clone(&reloading);
    let server = Arc::new(Server { site, world: deployed, ceilings, reload });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::io("start the runtime", &error))?;
    let ended = runtime.block_on(async {
        reloading.check(&mut wrong).await;
        match &developing {
            #[cfg(feature = "build")]
            Some(developing) if !plan.listen.is_empty() => developing.begin(&reloading, wrong).await,
            _ => wrong.end()?,
        }
        run(&plan, server, reloading, developing).await
    });
    copies.remove();
    // Somebody may still wait for a compiler, which ends with this process.
    runtime.shutdown_background();
    ended
}

/// What no app gets more of.
fn ceilings(plan: &Plan) -> Ceilings {
    let mut ceilings = Ceilings { limits: plan.ceilings.limits, serve: plan.ceilings.serve };
    ceilings.limits.stack.get_or_insert(STACK);
    ceilings
}

/// What clients may take up.
fn limits(plan: &Plan) -> Limits {
    let usual = Limits::default();
    let connections = plan.ceilings.client_connections.and_then(|most| usize::try_from(most).ok());
    // A quarter of what may be open is left for everything else.
    let open = machine::open_files();
    let room = usize::try_from(open - open / 4).unwrap_or(usize::MAX);
    Limits { drain: plan.drain, connections: connections.unwrap_or(usual.connections.min(room)), ..usual }
}

async fn run(
    plan: &Plan,
    server: Arc<Server>,
    reloading: Arc<Reloading>,
    developing: Option<Developing>,
) -> Result<i32> {
    let store = plan.state.as_deref().map(admin::store).transpose()?;
    if let Some(store) = &store {
        server.take_up(store);
    }
    let listeners = Listener::bind_all(&plan::specs(&plan.listen)?).map_err(|errors| together(Kind::Io, &errors))?;
    let admin = match &plan.admin {
        Some(admin) => Some(admin::bind(admin).await?),
        None => None,
    };
    let certificates = listeners.iter().filter_map(Listener::certificate).cloned().collect();
    let _ = reloading.certificates.set(certificates);
    let mut signals = Signals::new().map_err(|error| Error::io("listen for signals", &error))?;
    let (stop, stopped) = watch::channel(());

    for listener in &listeners {
        eprintln!("{}", listener.url());
    }
    let administered = match (admin, &store) {
        (Some(listener), Some(store)) => {
            output::note(&format!("deploy apps with `holm deploy APP --to {}`", listener.url()));
            let driven = Arc::new(Driven(Arc::clone(&server)));
            Some(tokio::spawn(admin::serve(Arc::clone(store), driven, listener, ended(stopped.clone()))))
        }
        _ => None,
    };
    #[cfg(feature = "build")]
    if let Some(developing) = developing {
        developing.go_on(Arc::clone(&reloading))?;
    }
    #[cfg(not(feature = "build"))]
    let _ = developing;
    if plan.watch {
        let reloading = Arc::clone(&reloading);
        tokio::spawn(async move { reloading.watch().await });
    }
    tokio::spawn(tidy(Arc::clone(&server.site), plan.ceilings.code.unwrap_or(CODE)));
    if let Some(store) = store {
        tokio::spawn(collect(store));
    }

    let limits = limits(plan);
    let observer = Arc::clone(&server.world.observer);
    let warned = Arc::clone(&observer);
    let front = Front::new(Answers::new(Arc::clone(&server.site), Arc::clone(&observer)), limits)
        .on_warning(move |warning| warned.warn(&warning.to_string()));
    let _ = observer.front.set(Arc::clone(front.counters()));
    let triggers = Triggers::start(&server.site, &observer);
    let stopping = async {
        signals.stop(reloading).await;
        triggers.stop();
    };
    let drained = front.serve(listeners, stopping).await;
    drop(stop);
    if triggers.finish(plan.drain).await > 0 {
        output::warn("guests that were told of events did not end in time and were cut off");
    }
    if let Some(administered) = administered {
        let _ = administered.await;
    }
    server.world.observer.flush();
    let drained = drained.map_err(|error| Error::io("serve", &error))?;
    if drained.cut > 0 {
        output::warn(&format!("{} connections did not end in time and were cut off", drained.cut));
    }
    Ok(0)
}

/// Completes when the sender is dropped.
async fn ended(mut stopped: watch::Receiver<()>) {
    while stopped.changed().await.is_ok() {}
}

/// Lets go of code that is not needed.
async fn tidy(site: Arc<Site>, budget: u64) {
    let mut ticks = tokio::time::interval(TIDY);
    loop {
        ticks.tick().await;
        let site = Arc::clone(&site);
        // Not where requests are: with thousands of guests it takes milliseconds.
        let tidied = tokio::task::spawn_blocking(move || {
            if site.tidy(IDLE, budget) >= MANY {
                machine::give_memory_back();
            }
        });
        let _ = tidied.await;
    }
}

/// Removes guests that no version needs any more.
async fn collect(store: Arc<Store>) {
    let mut ticks = tokio::time::interval(COLLECT);
    loop {
        ticks.tick().await;
        let store = Arc::clone(&store);
        let collected = tokio::task::spawn_blocking(move || store.collect().map(drop)).await;
        if let Ok(Err(error)) = collected {
            output::warn(&format!("what no app needs any more could not be removed: {error}"));
        }
    }
}

fn together(kind: Kind, errors: &[impl std::fmt::Display]) -> Error {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    Error::new(kind, lines.join("\n"))
}

/// What tells a server to stop, or to read its configuration again.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    /// Standard error is a terminal.
    terminal: bool,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            terminal: std::io::stderr().is_terminal(),
        })
    }

    /// Completes when the server is to stop.
    async fn stop(&mut self, reloading: Arc<Reloading>) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return,
                _ = self.terminate.recv() => return,
                _ = self.hangup.recv() => {}
            }
            // A terminal that is closed says so by the same signal, and then it is none any more.
            if self.terminal && !std::io::stderr().is_terminal() {
                return;
            }
            let reloading = Arc::clone(&reloading);
            // Its reasons are in the log.
            tokio::spawn(async move { _ = reloading.reload().await });
        }
    }
}
