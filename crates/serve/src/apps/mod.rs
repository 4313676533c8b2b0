//! Apps while they are served.

mod breaker;
mod code;
mod gate;
mod room;
mod site;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use holm_abi::{Error, Kind};
use holm_admin::AppName;
use holm_admin::wire::AppState;
use holm_engine::DEFAULT_STACK;
use holm_grants::Limits;
use holm_manifest::{App as Manifest, Guest as Spec, Platform, ServeLimits};
use holm_router::Router;

pub(crate) use breaker::Breaker;
pub(crate) use code::Code;
pub(crate) use gate::{Gate, Turned};
pub use room::Room;
pub(crate) use site::Found;
use site::Leads;
pub use site::{Conflict, Site};

use crate::load::{Common, Load};
use crate::observe::{Observer, Seen};
use crate::spin::known;
use crate::triggers::{sources, takes};

/// What each instance of a guest may use where neither its manifest nor the server's file says otherwise.
pub const DEFAULT_LIMITS: Limits = Limits {
    memory: Some(256 << 20),
    cpu: Some(Duration::from_secs(10)),
    wall: Some(Duration::from_secs(300)),
    fuel: None,
    stack: Some(DEFAULT_STACK),
    max_output: None,
    table_elements: Some(100_000),
    handles: None,
};

/// What no app may go beyond, whatever its manifest says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ceilings {
    /// For each instance.
    pub limits: Limits,
    /// For all instances of a guest together.
    pub serve: ServeLimits,
}

/// What all apps of a server share.
#[derive(Clone)]
pub struct World {
    /// Who loads guests.
    pub load: Arc<dyn Load>,
    /// Who sees the requests.
    pub observer: Arc<Observer>,
    /// What they may take of the machine together.
    pub room: Arc<Room>,
}

/// One version of an app.
pub struct App {
    /// Its name; unique on a server.
    pub name: AppName,
    /// Its version, which is known once it is written down; 0 for an app that was not deployed, but named when the
    /// server started.
    version: Arc<AtomicU64>,
    /// Its guests.
    pub guests: Vec<Arc<Guest>>,
    pub(crate) seen: Arc<Seen>,
    /// What it says of itself, if it was made for Spin.
    pub(crate) info: Option<Bytes>,
    /// Where its guests' requests to it lead; made when one first sends one.
    routes: OnceLock<Router<Leads>>,
}

impl App {
    /// An app as its manifest describes it. Nothing is loaded yet.
    pub fn new(name: AppName, mut manifest: Manifest, ceilings: &Ceilings, world: &World) -> Arc<Self> {
        let version = Arc::new(AtomicU64::new(0));
        let rates = manifest.guests.iter().map(|guest| guest.serve.log.or(ServeLimits::DEFAULT.log));
        let seen = world.observer.app(&name, rates.max().flatten(), &world.room.memory);
        let (info, platform) = (known::info(&manifest), manifest.platform);
        let common = Arc::new(Common::take(&mut manifest));
        let guest = |spec| {
            let spec = Spec { platform, ..spec };
            Arc::new(Guest::new(&name, &version, spec, &common, ceilings, world, &seen))
        };
        let guests = manifest.guests.into_iter().map(guest).collect();
        Arc::new(Self { name, version, guests, seen, info, routes: OnceLock::new() })
    }

    /// Its version; 0 for one that was not deployed.
    pub fn version(&self) -> u64 {
        self.version.load(Relaxed)
    }

    /// Whether it was named when the server started, or in its file, and not deployed.
    pub(crate) fn is_named(&self) -> bool {
        self.version() == 0
    }

    pub(crate) fn set_version(&self, version: u64) {
        self.version.store(version, Relaxed);
    }

    /// Whether it answers.
    pub(crate) fn state(&self) -> AppState {
        if self.guests.iter().any(|guest| guest.breaker.open_for().is_some()) {
            AppState::Failing
        } else if self.guests.iter().any(|guest| guest.code.is_loaded()) {
            AppState::Running
        } else {
            AppState::Idle
        }
    }
}

/// One guest of an app, and all that its requests share.
pub struct Guest {
    /// The app's name.
    pub app: AppName,
    version: Arc<AtomicU64>,
    /// What its manifest says, with the server's limits where it says nothing.
    pub spec: Spec,
    pub(crate) seen: Arc<Seen>,
    /// Whether it may call guests of its app, as far as can be said without a name.
    pub(crate) calls: bool,
    pub(crate) first_byte: Duration,
    pub(crate) request_body: u64,
    pub(crate) gate: Gate,
    pub(crate) room: Arc<Room>,
    pub(crate) breaker: Arc<Breaker>,
    pub(crate) code: Code,
}

impl Guest {
    fn new(
        app: &AppName,
        version: &Arc<AtomicU64>,
        mut spec: Spec,
        common: &Arc<Common>,
        ceilings: &Ceilings,
        world: &World,
        seen: &Arc<Seen>,
    ) -> Self {
        spec.limits = held(spec.limits, ceilings);
        let mut serve = ServeLimits::DEFAULT;
        serve.merge(spec.serve);
        if spec.upstream.is_some() {
            // Each request needs one.
            serve.connections = spec.serve.connections.or(serve.concurrency);
        }
        spec.serve = serve.tightest(ceilings.serve);
        for filter in &mut spec.filters {
            filter.limits = held(filter.limits, ceilings);
            let connections = filter.connections.or(ServeLimits::DEFAULT.connections);
            filter.connections = connections.into_iter().chain(ceilings.serve.connections).min();
        }
        let serve = spec.serve;
        Self {
            app: app.clone(),
            seen: Arc::clone(seen),
            version: Arc::clone(version),
            calls: spec.name.is_some() && asks(&spec),
            first_byte: serve.first_byte.unwrap_or(Duration::MAX),
            request_body: serve.request_body.unwrap_or(u64::MAX),
            gate: Gate::new(serve.concurrency.unwrap_or(u64::MAX), serve.queue.unwrap_or(u64::MAX)),
            room: Arc::clone(&world.room),
            breaker: Arc::new(Breaker::new()),
            code: Code::new(app.clone(), Arc::clone(common), spec.clone(), Arc::clone(&world.load)),
            spec,
        }
    }

    /// The app's version; 0 for one that was not deployed.
    pub fn version(&self) -> u64 {
        self.version.load(Relaxed)
    }

    /// Whether it is told of its requests what Spin tells.
    pub(crate) fn is_spin(&self) -> bool {
        self.spec.platform == Platform::Spin
    }

    /// Loads its code now, not at the first request, and sees whether it can be told of what it waits for.
    ///
    /// # Errors
    /// Those of [`Load::load`] and [`Load::evaluate`], and a trigger that is not for this guest.
    pub async fn warm_up(&self) -> Result<(), Arc<holm_abi::Error>> {
        let (loaded, _) = self.code.get().await?;
        for (like, what) in self.spec.triggers.iter().filter_map(takes) {
            if !loaded.events.iter().any(|events| events.takes(&like)) {
                let why = format!("{} waits for {what}, and exports no function to be told of them", self.name());
                let note = "`holm inspect` shows what it exports, docs/events.md what each trigger needs";
                return Err(Arc::new(Error::new(Kind::Usage, why).note(note)));
            }
        }
        sources(self).await.map(drop).map_err(|error| Arc::new(error.about(self.name())))
    }

    /// What to call it in messages: the app, and the guest where it has a name of its own.
    pub fn name(&self) -> String {
        match &self.spec.name {
            Some(guest) => format!("{}/{guest}", self.app),
            None => self.app.to_string(),
        }
    }
}

/// What an instance with these limits is held to.
fn held(limits: Limits, ceilings: &Ceilings) -> Limits {
    let mut held = DEFAULT_LIMITS;
    held.merge(limits);
    held.tightest(ceilings.limits)
}

/// Whether the guest, or one of its filters, may send HTTP requests, or passes on those that it gets.
pub(crate) fn asks(guest: &Spec) -> bool {
    let mut granted = guest.filters.iter().map(|filter| &filter.grants).chain([&guest.grants]);
    // What variables stand for is not known yet.
    guest.upstream.is_some() || !guest.outbound.is_empty() || granted.any(|grants| grants.may_send_http())
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

/// Two are the same only if they are one: versions of an app differ in this.
impl PartialEq for Guest {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}
