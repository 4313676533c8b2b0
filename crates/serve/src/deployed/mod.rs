//! Apps that were deployed through the admin API.

mod policy;

use std::sync::Arc;

use async_trait::async_trait;
use holm_admin::AppName;
use holm_admin::api::{Backend, Candidate, LogQuery, Prepared, Rejection};
use holm_admin::store::Store;
use holm_admin::wire::{AppStatus, LogLine, Top};
use tokio::sync::mpsc;

use crate::apps::{App, Ceilings, Site, World};

/// A running server, as the admin API drives it.
pub struct Server {
    /// The apps that are served.
    pub site: Arc<Site>,
    /// What its apps share.
    pub world: World,
    /// What no app may go beyond.
    pub ceilings: Ceilings,
    /// Who reads the configuration again.
    pub reload: Arc<dyn Reload>,
}

/// Reads a server's configuration again, and takes over what it says.
#[async_trait]
pub trait Reload: Send + Sync + 'static {
    /// Does so, all of it or nothing.
    ///
    /// # Errors
    /// All that is wrong with it.
    async fn reload(&self) -> Result<(), Vec<String>>;
}

impl Server {
    /// Takes up what is deployed in `store`. Nothing is loaded; apps that cannot be read are left out and warned of.
    pub fn take_up(&self, store: &Store) {
        let mut apps = Vec::new();
        for (name, _) in store.list() {
            if self.is_taken(&name) {
                self.world.observer.warn(&format!("{name} is deployed and cannot be served: {TAKEN}"));
                continue;
            }
            match self.stored(store, &name) {
                Ok(app) => apps.push(app),
                Err(why) => self.world.observer.warn(&format!("{name} is deployed and cannot be served: {why}")),
            }
        }
        // Deploys are checked against each other, so this can only be an app named on the command line.
        if self.site.put(apps.clone()).is_err() {
            for app in apps {
                self.put(app);
            }
        }
    }

    /// An app that is not deployed has this name.
    fn is_taken(&self, name: &AppName) -> bool {
        self.site.app(name).is_some_and(|app| app.is_named())
    }

    fn stored(&self, store: &Store, name: &AppName) -> Result<Arc<App>, String> {
        let record = store.current(name).map_err(|error| error.to_string())?;
        let candidate = Candidate::of(store, name.clone(), &record);
        let app = self.app(&candidate).map_err(|wrong| wrong.join("; "))?;
        app.set_version(record.version);
        Ok(app)
    }

    fn app(&self, candidate: &Candidate) -> Result<Arc<App>, Vec<String>> {
        let stored = candidate.guests.iter().map(|(called, guest)| (called.clone(), guest.path.clone())).collect();
        let manifest = policy::read(&candidate.manifest, &stored, &candidate.hosts)?;
        Ok(App::new(candidate.name.clone(), manifest, &self.ceilings, &self.world))
    }

    fn put(&self, app: Arc<App>) {
        let name = app.name.clone();
        for conflict in self.site.put(vec![app]).err().into_iter().flatten() {
            self.world.observer.warn(&format!("{name} is deployed and cannot be served: {conflict}"));
        }
    }
}

const TAKEN: &str = "an app that the server's owner named has this name";

/// Driven by the admin API.
pub struct Driven(pub Arc<Server>);

#[async_trait]
impl Backend for Driven {
    async fn prepare(&self, candidate: Candidate) -> Result<Box<dyn Prepared>, Rejection> {
        let server = &self.0;
        let app = server.app(&candidate).map_err(|reasons| Rejection { reasons })?;
        let mut reasons = Vec::new();
        if server.is_taken(&app.name) {
            reasons.push(format!("the name {} cannot be deployed to: {TAKEN}", app.name));
        } else if let Err(conflicts) = server.site.check(&[], std::slice::from_ref(&app)) {
            reasons.extend(conflicts.iter().map(ToString::to_string));
        }
        for guest in &app.guests {
            if let Err(error) = guest.warm_up().await {
                reasons.push(match error.notes() {
                    [] => error.to_string(),
                    notes => format!("{error} ({})", notes.join("; ")),
                });
            }
        }
        if !reasons.is_empty() {
            return Err(Rejection { reasons });
        }
        Ok(Box::new(Ready { server: Arc::clone(server), app }))
    }

    async fn deactivate(&self, name: &AppName) {
        if !self.0.is_taken(name) {
            self.0.site.remove(name);
            self.0.world.observer.forget(name);
        }
        self.0.world.load.forget(name);
    }

    async fn reload(&self) -> Result<(), Rejection> {
        self.0.reload.reload().await.map_err(|reasons| Rejection { reasons })
    }

    fn status(&self, name: &AppName) -> Option<AppStatus> {
        let app = self.0.site.app(name)?;
        let routes = app.guests.iter().flat_map(|guest| guest.spec.routes.iter().map(ToString::to_string)).collect();
        let (requests, last_error) = (app.seen.stats.requests(), app.seen.last_error());
        Some(AppStatus { state: app.state(), routes, last_error, requests })
    }

    fn logs(&self, name: &AppName, query: LogQuery) -> mpsc::Receiver<LogLine> {
        match self.0.site.app(name) {
            Some(app) => app.seen.log.read(query),
            None => mpsc::channel(1).1,
        }
    }

    fn metrics(&self) -> String {
        self.0.world.observer.metrics(&self.0.site)
    }

    fn top(&self) -> Top {
        self.0.world.observer.top(&self.0.site)
    }

    fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}

struct Ready {
    server: Arc<Server>,
    app: Arc<App>,
}

#[async_trait]
impl Prepared for Ready {
    async fn activate(self: Box<Self>, version: u64) {
        self.app.set_version(version);
        self.server.put(self.app);
    }
}
