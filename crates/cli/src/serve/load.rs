//! Guests for the server: compiled for many instances at once, under limits.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use holm_abi::{Abi, Entry, Events, Guest, Host, HttpHandler, Part, Reuse, Stdio, detect};
use holm_engine::shape::{Form, LoneCore, lone_core};
use holm_engine::{Error, Kind, Loader, Opened, Result, Runtime, Settings, Source, Tier};
use holm_grants::Audit;
use holm_manifest::{Component, Guest as Described, Platform, Wagi};
use holm_serve::apps::App;
use holm_serve::cgi::Cgi;
use holm_serve::proxy::{Proxy, Reach};
use holm_serve::triggers::OnlyEvents;
use holm_serve::{Fixed, Loaded};
use holm_services::http_client::{ClientConfig, HttpClient};
use holm_services::lent::Lent;
use holm_wasi::Wasi;
use tempfile::TempPath;

use super::Carried;
use super::copies::Copies;
#[cfg(feature = "spin")]
use super::shown::{Seeing, Unpacked};
use super::wrong::Wrong;
use crate::args::{CompilingArgs, Serve};
use crate::composed;
use crate::guest::{Shared, abis, granted, loader, short};
use crate::settings::settings;

/// Instances that may wait to be used again, of all apps together.
const IDLE: u32 = 1000;
/// Connections to upstreams that are open at once, of all apps together.
const UPSTREAMS: usize = 16 << 10;
/// Of those, the ones to one upstream that wait to be used again.
const IDLE_EACH: usize = 128;

/// Refusals of one component that are told while its code is loaded.
const REFUSALS: usize = 20;

/// Loads guests with this user's cache, and has them compiled in processes of their own.
pub(super) struct Loading {
    loader: Loader,
    /// What all guests share of WASI: the connections of its HTTP client.
    wasi: Wasi,
    /// What reaches upstreams: a client of its own, so that guests and upstreams leave each other their connections.
    upstreams: HttpClient,
    abi: Option<String>,
    tier: Option<holm_engine::Tier>,
    instances: u32,
    /// Code that is there soon is worth more than good code: it will not be used for long.
    quick: bool,
    /// The guest that this program carries.
    carried: Option<Arc<Carried>>,
    pub(super) copies: Arc<Copies>,
    #[cfg(feature = "spin")]
    unpacked: Unpacked,
}

/// What a guest has of its app, beside what is its own.
pub(super) struct OfApp {
    pub(super) lent: Option<Lent>,
    pub(super) reach: Reach,
    pub(super) shared: Shared,
    pub(super) tell: Tell,
}

/// Puts a line about an app into the server's log.
pub(super) type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// Which of a guest's code is wanted.
#[derive(Clone, Copy)]
pub(super) enum Wanted {
    /// What is there first.
    First,
    /// The best, in the place of what was there first.
    Best,
}

impl Loading {
    /// Room for so many instances at once, of all guests together.
    pub(super) fn new(args: &Serve, instances: u64, copies: &Arc<Copies>) -> Result<Self> {
        let (engine, compiling) = (&args.host.engine, &args.compiling);
        // What compiles has no terminal.
        let loader = Loader { on_compile: None, ..loader(engine) };
        #[cfg(feature = "compilers")]
        let loader = elsewhere(loader, compiling);
        #[cfg(not(feature = "compilers"))]
        let _ = compiling;
        let instances = u32::try_from(instances).unwrap_or(u32::MAX);
        let copies = Arc::clone(copies);
        let upstreams = HttpClient::new(ClientConfig {
            max_connections: UPSTREAMS,
            max_idle_each: IDLE_EACH,
            ..ClientConfig::default()
        })
        .map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        let (abi, tier) = (engine.abi.clone(), engine.tier);
        let carried = args.carried.clone();
        Ok(Self {
            loader,
            wasi: Wasi::default(),
            upstreams,
            abi,
            tier,
            instances,
            quick: false,
            carried,
            copies,
            #[cfg(feature = "spin")]
            unpacked: Unpacked::default(),
        })
    }

    /// With code that is there soon, if so it is wanted.
    pub(super) fn quick(self, quick: bool) -> Self {
        Self { quick, ..self }
    }

    /// Loads a guest, or what stands in its place, behind its filters.
    pub(super) fn get(&self, guest: &Described, of_app: OfApp, wanted: Wanted) -> Result<Loaded> {
        let OfApp { lent, reach, shared, tell } = of_app;
        let mut loaded = match (&guest.upstream, &guest.respond) {
            (Some(upstream), _) => {
                let proxy = Proxy::new(guest, upstream, self.upstreams.clone(), reach)?;
                Loaded { handler: Arc::new(proxy), events: Vec::new(), code: 0, improvable: false }
            }
            (None, Some(response)) => {
                let fixed = Fixed::new(response).map_err(|error| of_guest(error, guest))?;
                Loaded { handler: Arc::new(fixed), events: Vec::new(), code: 0, improvable: false }
            }
            (None, None) => self.guest(guest, lent, &shared, &tell, wanted)?,
        };
        // The last one stands nearest.
        for filter in guest.filters.iter().rev() {
            loaded = self.in_front(filter, loaded, &shared, wanted)?;
        }
        Ok(loaded)
    }

    #[cfg(feature = "spin")]
    fn guest(
        &self,
        guest: &Described,
        lent: Option<Lent>,
        shared: &Shared,
        tell: &Tell,
        wanted: Wanted,
    ) -> Result<Loaded> {
        let Some((guest, folder)) = self.unpacked.shown(guest, &self.copies)? else {
            return self.only(guest, lent, shared, tell, wanted);
        };
        let loaded = self.only(&guest, lent, shared, tell, wanted)?;
        Ok(Loaded { handler: Arc::new(Seeing { handler: loaded.handler, _folder: folder }), ..loaded })
    }

    #[cfg(not(feature = "spin"))]
    fn guest(
        &self,
        guest: &Described,
        lent: Option<Lent>,
        shared: &Shared,
        tell: &Tell,
        wanted: Wanted,
    ) -> Result<Loaded> {
        self.only(guest, lent, shared, tell, wanted)
    }

    fn only(
        &self,
        guest: &Described,
        lent: Option<Lent>,
        shared: &Shared,
        tell: &Tell,
        wanted: Wanted,
    ) -> Result<Loaded> {
        let reuse = guest.reuse.map(|reuse| Reuse { requests: reuse.requests, idle: reuse.idle });
        let granted = granted(guest.clone())?;
        let parts = granted.parts.iter().zip(&guest.components).map(|(part, component)| heard(part, component, tell));
        let audit = match guest.platform {
            Platform::Spin => heard_in_spin(granted.audit.clone(), guest, tell),
            Platform::Holm => granted.audit.clone(),
        };
        let host = Host { args: guest.args.clone(), reuse, parts: parts.collect(), audit, ..granted };
        let abi = self.abi.as_deref().or(guest.abi.as_deref());
        let made = self.made(guest, abis(self.wasi(lent), shared.clone()), abi, host, (Instances::Brief, wanted))?;
        let events = events(&made.entries);
        let handler = match &guest.wagi {
            Some(wagi) => as_wagi(&made.entries, &made.name, wagi).map_err(|error| of_guest(error, guest))?,
            None => {
                let handler = handler(&made.entries).or_else(|| command(&made.entries, &made.name, guest));
                let handler = handler.or_else(|| only_events(&events));
                handler.ok_or_else(|| no_handler(&made.entries, &self.copies.called(file(guest))))?
            }
        };
        Ok(Loaded { handler, events, code: made.code, improvable: made.improvable })
    }

    /// A guest's entries. In errors its file is called what its owner calls it.
    pub(super) fn made(
        &self,
        guest: &Described,
        abis: Vec<Box<dyn Abi>>,
        abi: Option<&str>,
        host: Host,
        (instances, wanted): (Instances, Wanted),
    ) -> Result<Made> {
        let file = file(guest);
        let made = || {
            let name = file.to_string_lossy().into_owned();
            let (opened, _file) = self.opened(&name, guest)?;
            let known: Vec<&dyn Abi> = abis.iter().map(AsRef::as_ref).collect();
            let abi = detect(&known, &opened.shape, abi)?.abi;
            let host = Host { stdio: Stdio::default(), ..host };
            let loading = One { loading: self, abi, opened, host, guest, instances, name };
            // What does not fit as its only module is a component, and if that fails too, the reason is there.
            let lone = loading.lone().and_then(|lone| loading.load(Some(lone), wanted).ok());
            lone.map_or_else(|| loading.load(None, wanted), Ok)
        };
        made().map_err(|error| self.copies.named(error, file))
    }

    /// A guest that was read, and what keeps the file there that it is compiled from.
    fn opened(&self, name: &str, guest: &Described) -> Result<(Opened, Option<TempPath>)> {
        if let Some(carried) = &self.carried {
            return Ok((Opened::embedded(carried.code.clone()), None));
        }
        let mut source = composed::source(name, guest, &Source::read, self.loader.cache.as_ref())?;
        // Who compiles it reads it from there.
        let file = match &source.path {
            Some(_) => None,
            None => Some(self.copies.made(&mut source)?),
        };
        Ok((self.loader.open(source)?, file))
    }

    pub(super) fn wasi(&self, lent: Option<Lent>) -> Wasi {
        Wasi { lent, http_client: self.wasi.http_client.clone() }
    }
}

/// A component whose refusals are told in the log, each once, and the first ones only: what it asks for may be what strangers
/// ask of it.
fn heard(part: &Part, component: &Component, tell: &Tell) -> Part {
    let (tell, told) = (Arc::clone(tell), AtomicUsize::new(0));
    let called = (component.name.clone(), format!("{}.grants", component.place));
    let audit = part.audit.clone().telling(move |ask| {
        if told.fetch_add(1, Ordering::Relaxed) < REFUSALS {
            let (name, table) = &called;
            let granting = crate::audit::granting(ask, table);
            tell(&format!("the component {name} asked for more than it was granted: {granting}"));
        }
    });
    Part { audit, ..part.clone() }
}

/// As [`heard`], of a component of a Spin app, in the words of its manifest.
fn heard_in_spin(audit: Audit, guest: &Described, tell: &Tell) -> Audit {
    let (tell, told) = (Arc::clone(tell), AtomicUsize::new(0));
    let name = guest.name.clone().unwrap_or_default();
    audit.telling(move |ask| {
        if told.fetch_add(1, Ordering::Relaxed) < REFUSALS {
            let granting = crate::audit::granting_in_spin(ask);
            tell(&format!("the component {name} asked for more than it was granted: {granting}"));
        }
    })
}

/// An error of a guest that has no file to be named by.
fn of_guest(error: Error, guest: &Described) -> Error {
    match &guest.name {
        Some(name) => error.note(format!("it is what {name} in the app's manifest answers with")),
        None => error,
    }
}

fn file(guest: &Described) -> &Path {
    guest.file.as_deref().unwrap_or(Path::new(""))
}

/// A guest that is linked.
pub(super) struct Made {
    pub(super) entries: Vec<Entry>,
    /// What it is called in messages.
    name: String,
    /// Bytes of its code.
    pub(super) code: u64,
    pub(super) improvable: bool,
}

/// How long instances are there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Instances {
    /// For a request, or for as many as wait to be used again: each has a place in the engine's pool.
    Brief,
    /// For as long as they do their work well. In the pool they would take the places of others.
    Lasting,
}

/// One guest on its way.
struct One<'a> {
    loading: &'a Loading,
    abi: &'a dyn Abi,
    opened: Opened,
    host: Host,
    guest: &'a Described,
    instances: Instances,
    name: String,
}

impl One<'_> {
    /// The only core module of a component that can do without its wrapping.
    fn lone(&self) -> Option<Arc<LoneCore>> {
        let plain = self.opened.shape.form == Form::Component && self.guest.features.is_empty();
        if !plain || self.opened.precompiled().is_some() {
            return None;
        }
        let lone = lone_core(&self.opened.source.bytes).ok()??;
        self.abi.takes_lone(&lone, &self.host).then(|| Arc::new(lone))
    }

    fn load(&self, lone: Option<Arc<LoneCore>>, wanted: Wanted) -> Result<Made> {
        let loaded = self.code(lone.is_some(), wanted)?;
        let (code, improvable) = (loaded.code.size(), loaded.improvable);
        let shape = Arc::new(self.opened.shape.clone());
        let path = self.opened.source.path.clone();
        let ready = Guest { name: short(&self.name), shape, code: loaded.code, path, lone };
        let entries = self.abi.load(&ready, &self.host)?;
        Ok(Made { entries, name: ready.name, code, improvable })
    }

    fn code(&self, lone: bool, wanted: Wanted) -> Result<holm_engine::Loaded> {
        let Loading { loader, tier, .. } = self.loading;
        let (opened, host) = (&self.opened, &self.host);
        let mut settings = settings(&opened.shape, &host.limits, host.deterministic, &self.guest.features)?;
        // Neighbours get their turn at each tick, limits or not.
        settings.interruptible = true;
        settings.tier = tier.unwrap_or_default();
        settings.lone = lone;
        let mut runtime = Runtime::pooled(host.limits.stack, self.loading.instances.saturating_add(IDLE));
        if self.instances == Instances::Lasting {
            runtime.pool = None;
        }
        let load = |runtime: &Runtime| match wanted {
            #[cfg(feature = "compilers")]
            Wanted::Best => loader.improved(opened, &settings, runtime),
            _ if self.loading.quick && tier.is_none() && !host.deterministic => {
                let quick = Settings { tier: Tier::Fast, ..settings.clone() };
                // What the fast compiler cannot, the other one can.
                let fast = loader.load(opened, &quick, true, runtime);
                fast.or_else(|_| loader.load(opened, &settings, false, runtime))
            }
            _ => loader.load(opened, &settings, tier.is_some() || host.deterministic, runtime),
        };
        runtime.or_without_pool(load)
    }
}

#[cfg(feature = "compilers")]
fn elsewhere(loader: Loader, compiling: &CompilingArgs) -> Loader {
    use crate::compile::{Budget, Children};

    let usual = Budget::default();
    let budget = Budget {
        memory: compiling.compile_memory.unwrap_or(usual.memory),
        cpu: compiling.compile_cpu.unwrap_or(usual.cpu),
    };
    let children = Children::new(loader.cache.as_ref(), budget);
    Loader { elsewhere: Some(Box::new(children)), ..loader }
}

pub(super) fn handler(entries: &[Entry]) -> Option<Arc<dyn HttpHandler>> {
    entries.iter().find_map(|entry| match entry {
        Entry::Http(handler) => Some(Arc::clone(handler)),
        _ => None,
    })
}

/// What is told of events.
fn events(entries: &[Entry]) -> Vec<Arc<dyn Events>> {
    let events = entries.iter().filter_map(|entry| match entry {
        Entry::Events(events) => Some(Arc::clone(events)),
        _ => None,
    });
    events.collect()
}

/// Whoever is told of events need not answer requests as well.
fn only_events(events: &[Arc<dyn Events>]) -> Option<Arc<dyn HttpHandler>> {
    (!events.is_empty()).then(|| Arc::new(OnlyEvents) as Arc<dyn HttpHandler>)
}

/// A program answers as CGI.
fn command(entries: &[Entry], name: &str, guest: &Described) -> Option<Arc<dyn HttpHandler>> {
    let command = entries.iter().find_map(|entry| match entry {
        Entry::Command(command) => Some(Arc::clone(command)),
        _ => None,
    })?;
    Some(Arc::new(Cgi::new(command, name).with_args(guest.args.iter().cloned())))
}

/// A program that Spin's executor `wagi` would run.
fn as_wagi(entries: &[Entry], name: &str, wagi: &Wagi) -> Result<Arc<dyn HttpHandler>> {
    let error = |why: &str| Error::new(Kind::Usage, format!("{name} cannot answer with the executor `wagi`: {why}"));
    if wagi.entrypoint != "_start" {
        let why = format!("its entrypoint is {:?}", wagi.entrypoint);
        return Err(error(&why).note("leave `entrypoint` out: programs begin at `_start`"));
    }
    let command = entries.iter().find_map(|entry| match entry {
        Entry::Command(command) => Some(Arc::clone(command)),
        _ => None,
    });
    let command = command.ok_or_else(|| {
        error("it is no program")
            .note("a WASI program exports `_start` or wasi:cli/run; for another guest leave `executor` out")
    })?;
    Ok(Arc::new(Cgi::new(command, name).as_wagi(wagi.argv.clone())))
}

fn no_handler(entries: &[Entry], guest: &str) -> Error {
    let error = Error::new(Kind::Usage, format!("{guest} does not answer HTTP requests"));
    if entries.iter().any(|entry| matches!(entry, Entry::HttpFilter(_))) {
        return error.note(format!(
            "it is a filter, which stands in front of something else: write `file = \"{guest}\"` in [[filters]] of a \
             manifest with a guest or an `upstream`"
        ));
    }
    error
        .note("it would export wasi:http/incoming-handler (0.2) or wasi:http/handler (0.3), or be a WASI program")
        .note(format!("`holm inspect {guest}` shows what it exports"))
}

/// Loads every guest of these apps once.
pub(super) async fn check(apps: &[Arc<App>], wrong: &mut Wrong) {
    for guest in apps.iter().flat_map(|app| &app.guests) {
        if let Err(error) = guest.warm_up().await {
            wrong.add(&error);
        }
    }
}
