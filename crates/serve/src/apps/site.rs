//! All apps of a server, and which of them answers a request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use holm_admin::AppName;
use holm_manifest::{HostPattern, Route};
use holm_router::Router;
use tokio::sync::watch;

use super::{App, Guest};
use crate::spin::{Matched, known};

/// All apps of a server. Requests look at a picture that never changes; putting an app in its place makes another.
#[derive(Default)]
pub struct Site {
    apps: Mutex<BTreeMap<AppName, Arc<App>>>,
    router: ArcSwap<Router<Place>>,
    /// How often something changed.
    changes: watch::Sender<u64>,
}

/// Where a route leads.
#[derive(Clone)]
struct Place {
    app: Arc<App>,
    leads: Leads,
}

/// Where a route leads in its app.
#[derive(Clone)]
pub(crate) enum Leads {
    /// To one of the guests.
    Guest {
        /// Which of them.
        number: usize,
        /// The route, in an app of Spin's.
        matched: Option<Arc<Matched>>,
    },
    /// To what is answered for the app ([`known`]).
    Known,
}

impl Place {
    fn guest(&self) -> Option<&Arc<Guest>> {
        match self.leads {
            Leads::Guest { number, .. } => self.app.guests.get(number),
            Leads::Known => None,
        }
    }

    fn name(&self) -> String {
        self.guest().map_or_else(|| self.app.name.to_string(), |guest| guest.name())
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.app, &other.app) && self.guest() == other.guest()
    }
}

/// What answers a request.
pub(crate) enum Found<'p> {
    /// A guest.
    Guest {
        guest: Arc<Guest>,
        /// Its app, if it may call others in it: those of its own version, also when there is another by then.
        app: Option<Arc<App>>,
        /// By which route of Spin's.
        matched: Option<Arc<Matched>>,
        /// The part of the request's path that its route stands for.
        prefix: &'p str,
    },
    /// What is answered for this app.
    Known(Arc<App>),
}

/// A route that two apps want.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the route {route} belongs to {first} already, and {second} wants it too")]
pub struct Conflict {
    /// The route.
    pub route: Route,
    /// Who has it.
    pub first: String,
    /// Who wants it.
    pub second: String,
}

impl Site {
    /// Puts apps in place, each of them instead of the one of the same name. Requests under way finish where they
    /// began; new ones see all of it or nothing.
    ///
    /// # Errors
    /// Every route that two apps want. Nothing has changed then.
    pub fn put(&self, new: Vec<Arc<App>>) -> Result<(), Vec<Conflict>> {
        self.replace(&[], new)
    }

    /// Likewise, and takes away those that are `gone`, in one step.
    ///
    /// # Errors
    /// As [`Site::put`].
    pub fn replace(&self, gone: &[AppName], new: Vec<Arc<App>>) -> Result<(), Vec<Conflict>> {
        let mut apps = self.lock();
        self.router.store(Arc::new(router(&apps, gone, &new)?));
        apps.retain(|name, _| !gone.contains(name));
        apps.extend(new.into_iter().map(|app| (app.name.clone(), app)));
        self.changes.send_modify(|changes| *changes += 1);
        Ok(())
    }

    /// Whether [`Site::replace`] would succeed.
    ///
    /// # Errors
    /// As [`Site::put`].
    pub fn check(&self, gone: &[AppName], new: &[Arc<App>]) -> Result<(), Vec<Conflict>> {
        let apps = self.lock().clone();
        router(&apps, gone, new).map(drop)
    }

    /// Takes an app away, if it is there.
    pub fn remove(&self, name: &AppName) -> Option<Arc<App>> {
        let mut apps = self.lock();
        let removed = apps.remove(name)?;
        if let Ok(router) = router(&apps, &[], &[]) {
            self.router.store(Arc::new(router));
        }
        self.changes.send_modify(|changes| *changes += 1);
        Some(removed)
    }

    /// Told whenever apps come, go or are replaced.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The app of this name.
    pub fn app(&self, name: &AppName) -> Option<Arc<App>> {
        self.lock().get(name).cloned()
    }

    /// All apps, by name.
    pub fn apps(&self) -> Vec<Arc<App>> {
        self.lock().values().cloned().collect()
    }

    /// What answers requests for this host and path.
    pub(crate) fn find<'p>(&self, host: &str, path: &'p str) -> Option<Found<'p>> {
        let router = self.router.load();
        let (Place { app, leads }, prefix) = router.find(host, path)?;
        app.found(leads, prefix)
    }

    /// Lets go of code that nobody asked for in `idle`, and of what was asked for longest ago until what is left
    /// is at most `budget` bytes. Returns of how many guests.
    pub fn tidy(&self, idle: Duration, budget: u64) -> usize {
        let apps = self.apps();
        let mut loaded: Vec<_> = apps.iter().flat_map(|app| &app.guests).filter(|g| g.code.is_loaded()).collect();
        // Time goes on while they are sorted, and an order that changes meanwhile is none.
        loaded.sort_by_cached_key(|guest| guest.code.idle());
        let (mut kept, mut unloaded) = (0, 0);
        for guest in loaded {
            let size = guest.code.size();
            if kept + size > budget || guest.code.idle() > idle {
                guest.code.unload();
                unloaded += 1;
            } else {
                kept += size;
            }
        }
        unloaded
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<AppName, Arc<App>>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leads to all of `apps` but those that are `gone`, and to the `new` ones in the place of those of the same name.
fn router(
    apps: &BTreeMap<AppName, Arc<App>>,
    gone: &[AppName],
    new: &[Arc<App>],
) -> Result<Router<Place>, Vec<Conflict>> {
    let stays = |app: &&Arc<App>| !gone.contains(&app.name) && new.iter().all(|new| new.name != app.name);
    // The new ones come last, so that what they want and cannot have is said of them.
    let places = apps.values().filter(stays).chain(new).flat_map(places);
    // Apps of Spin's that share a host share what is known of it; the first one tells.
    let mut told = BTreeSet::new();
    let routes = places.filter(|(route, place)| !matches!(place.leads, Leads::Known) || told.insert(route.clone()));
    Router::build(routes).map_err(|conflicts| {
        let named = |conflict: holm_router::Conflict<Place>| Conflict {
            first: conflict.first.name(),
            second: conflict.second.name(),
            route: conflict.route,
        };
        conflicts.into_iter().map(named).collect()
    })
}

fn places(app: &Arc<App>) -> impl Iterator<Item = (Route, Place)> {
    routes(app).map(|(route, leads)| (route, Place { app: Arc::clone(app), leads }))
}

/// Every route of an app, and where it leads.
fn routes(app: &App) -> impl Iterator<Item = (Route, Leads)> {
    let of_guest = |(number, guest): (usize, &'_ Arc<Guest>)| {
        let routes: Vec<Route> = guest.spec.routes.iter().filter(|route| !known::is_below(route)).cloned().collect();
        routes.into_iter().map(move |route| {
            let matched = Matched::of(&route);
            (route, Leads::Guest { number, matched })
        })
    };
    app.guests.iter().enumerate().flat_map(of_guest).chain(known_routes(app))
}

/// At every host of an app of Spin's.
fn known_routes(app: &App) -> impl Iterator<Item = (Route, Leads)> {
    let route = known::route().filter(|_| app.info.is_some());
    let routes = app.guests.iter().flat_map(|guest| &guest.spec.routes);
    let hosts: BTreeSet<Option<HostPattern>> = routes.map(|route| route.host().cloned()).collect();
    let at = route.map(|route| hosts.into_iter().map(move |host| (route.clone().with_host(host), Leads::Known)));
    at.into_iter().flatten()
}

impl App {
    fn found<'p>(self: &Arc<Self>, leads: &Leads, prefix: &'p str) -> Option<Found<'p>> {
        let Leads::Guest { number, matched } = leads else {
            return Some(Found::Known(Arc::clone(self)));
        };
        let guest = Arc::clone(self.guests.get(*number)?);
        let app = guest.calls.then(|| Arc::clone(self));
        Some(Found::Guest { guest, app, matched: matched.clone(), prefix })
    }

    /// What answers requests that the app's own guests send to it, wherever that is served. Of two routes that differ in
    /// their hosts alone, the first is taken.
    pub(crate) fn find<'p>(self: &Arc<Self>, path: &'p str) -> Option<Found<'p>> {
        let router = self
            .routes
            .get_or_init(|| Router::of_first(routes(self).map(|(route, leads)| (route.with_host(None), leads))));
        let (leads, prefix) = router.find("", path)?;
        self.found(leads, prefix)
    }
}
