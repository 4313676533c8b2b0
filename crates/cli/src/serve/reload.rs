//! Reading the configuration again while the server runs.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use holm_admin::AppName;
use holm_engine::{Error, Kind};
use holm_manifest::server::Server as Plan;
#[cfg(feature = "build")]
use holm_serve::Load;
use holm_serve::apps::{App, Ceilings, Site, World};
use holm_serve::deployed::Reload;
use holm_serve::front::Certificate;
use tokio::sync::Mutex;

use super::apps::{self, Named, Read};
use super::copies::Copies;
use super::files::Files;
use super::wrong::Wrong;
use super::{load, plan};
use crate::args::Serve;
use crate::progress::Progress;

/// How often files are looked at, at most. A file that changes is read once it has not changed for so long.
const LOOK: Duration = Duration::from_millis(500);
/// Looking at many files takes at most one of so many parts of the time.
const PART: u32 = 50;

/// The apps that were named when the server started, or in its file, as opposed to deployed ones.
pub(super) struct Reloading {
    args: Serve,
    site: Arc<Site>,
    world: World,
    ceilings: Ceilings,
    copies: Arc<Copies>,
    /// Those of the listeners, once they are bound.
    pub(super) certificates: OnceLock<Vec<Arc<Certificate>>>,
    current: Mutex<Current>,
}

struct Current {
    /// As it was when the server started.
    plan: Plan,
    named: Vec<Named>,
    files: Arc<Files>,
}

/// What a configuration says of apps, against what is served.
#[derive(Default)]
struct Change {
    named: Vec<Named>,
    new: Vec<Arc<App>>,
    gone: Vec<AppName>,
}

impl Reloading {
    /// Reads the apps of `plan` for the first time, and puts them in place.
    pub(super) fn start(
        args: Serve,
        plan: Plan,
        (site, world, ceilings): (Arc<Site>, World, Ceilings),
        copies: Arc<Copies>,
        mut files: Files,
        wrong: &mut Wrong,
    ) -> Self {
        let read = apps::read(&plan.apps, &args, &copies, &mut files, wrong);
        let current = Mutex::new(Current { plan, named: Vec::new(), files: Arc::new(files) });
        let mut it = Self { args, site, world, ceilings, copies, certificates: OnceLock::new(), current };
        let named: Vec<Named> = read.into_iter().map(|read| it.app(read)).collect();
        let apps = named.iter().map(|named| Arc::clone(&named.app)).collect();
        let placed = it.site.put(apps).map_err(|conflicts| super::together(Kind::Usage, &conflicts));
        wrong.unless(placed);
        it.current.get_mut().named = named;
        it
    }

    /// Loads every guest once.
    pub(super) async fn check(&self, wrong: &mut Wrong) {
        let apps: Vec<_> = self.current.lock().await.named.iter().map(|named| Arc::clone(&named.app)).collect();
        let _progress = Progress::start("loading".to_owned());
        load::check(&apps, wrong).await;
    }

    /// Has every request answered by what `load` gives, until everything is read again and is right.
    #[cfg(feature = "build")]
    pub(super) async fn answer_with(&self, load: Arc<dyn Load>) {
        let Ok(name) = "not-built-".parse() else { return };
        let mut current = self.current.lock().await;
        let world = World { load, ..self.world.clone() };
        let read = Read::of_everything(name);
        let app = App::new(read.name.clone(), read.manifest.clone(), &self.ceilings, &world);
        let gone: Vec<AppName> = current.named.iter().map(|named| named.read.name.clone()).collect();
        // Nobody else has a route here: nothing is deployed to a server like this.
        if self.site.replace(&gone, vec![Arc::clone(&app)]).is_ok() {
            current.named = vec![Named { read, app }];
        }
    }

    fn app(&self, read: Read) -> Named {
        let app = App::new(read.name.clone(), read.manifest.clone(), &self.ceilings, &self.world);
        self.copies.used_by(&app);
        Named { read, app }
    }

    /// Reads everything again, and takes over what it says if all of it is right. Else everything stays as it is.
    ///
    /// # Errors
    /// All that is wrong.
    async fn again(&self) -> Result<Option<String>, Vec<String>> {
        let mut current = self.current.lock().await;
        let mut wrong = Wrong::default();
        self.copies.collect();
        for certificate in self.certificates.get().into_iter().flatten() {
            let reloaded = certificate.reload().map_err(|error| Error::new(Kind::Io, error.to_string()));
            wrong.unless(reloaded);
        }
        let mut files = Files::default();
        // Reads files, which may be on a disk that is slow.
        let (plan, read) = tokio::task::block_in_place(|| self.read(&mut files, &mut wrong));
        let change = self.change(&current.named, read, &mut wrong);
        load::check(&change.new, &mut wrong).await;
        if wrong.is_nothing() {
            let replaced = self.site.replace(&change.gone, change.new.clone());
            wrong.unless(replaced.map_err(|conflicts| super::together(Kind::Usage, &conflicts)));
        }
        if !wrong.is_nothing() {
            // What could not be read may have been left out of this.
            files.and(&current.files.now());
            current.files = Arc::new(files);
            let never = change.new.iter().filter(|new| current.named.iter().all(|named| named.read.name != new.name));
            never.for_each(|new| self.forget(&new.name));
            return Err(wrong.reasons());
        }
        change.gone.iter().for_each(|name| self.forget(name));
        let said = change.said(&current.named);
        (current.named, current.files) = (change.named, Arc::new(files));
        if let Some(plan) = plan {
            self.say_what_stays(&current.plan, &plan);
        }
        Ok(said)
    }

    fn read(&self, files: &mut Files, wrong: &mut Wrong) -> (Option<Plan>, Vec<Read>) {
        if let Some(file) = &self.args.server_config {
            files.note(file);
        }
        match plan::plan(&self.args, wrong) {
            Ok(plan) => {
                let read = apps::read(&plan.apps, &self.args, &self.copies, files, wrong);
                (Some(plan), read)
            }
            Err(error) => {
                wrong.add(&error);
                (None, Vec::new())
            }
        }
    }

    /// What is to be done, so that what was read is what is served. Apps that are the same stay, with their code.
    fn change(&self, named: &[Named], read: Vec<Read>, wrong: &mut Wrong) -> Change {
        let mut change = Change::default();
        for read in read {
            let before = named.iter().find(|named| named.read.name == read.name);
            if before.is_none() && self.site.app(&read.name).is_some() {
                let message = format!("an app called {} is deployed: give this one another `name`", read.name);
                wrong.add(&Error::new(Kind::Usage, message));
                continue;
            }
            match before.filter(|named| named.read == read) {
                Some(same) => change.named.push(same.clone()),
                None => {
                    let new = self.app(read);
                    change.new.push(Arc::clone(&new.app));
                    change.named.push(new);
                }
            }
        }
        let stays = |named: &&Named| change.named.iter().any(|new| new.read.name == named.read.name);
        change.gone = named.iter().filter(|named| !stays(named)).map(|named| named.read.name.clone()).collect();
        if let Err(conflicts) = self.site.check(&change.gone, &change.new) {
            wrong.add(&super::together(Kind::Usage, &conflicts));
        }
        change
    }

    /// Forgets an app that is gone, or never came to be.
    fn forget(&self, name: &AppName) {
        self.world.observer.forget(name);
        self.world.load.forget(name);
    }

    /// Says what changed in the file and stays as it is in this process.
    fn say_what_stays(&self, old: &Plan, new: &Plan) {
        let fixed = [
            ("listen", old.listen != new.listen),
            ("state", old.state != new.state),
            ("drain", old.drain != new.drain),
            ("watch", old.watch != new.watch),
            ("admin", old.admin != new.admin),
            ("ceilings", old.ceilings != new.ceilings),
            ("log", old.log != new.log),
            ("telemetry", old.telemetry != new.telemetry),
        ];
        let changed: Vec<&str> = fixed.iter().filter(|(_, changed)| *changed).map(|(key, _)| *key).collect();
        if !changed.is_empty() {
            let keys = changed.join(", ");
            self.world.observer.warn(&format!("{keys}: changed, which counts from the server's next start on"));
        }
    }

    /// Looks at the files now and then, and reads everything again when one has changed.
    pub(super) async fn watch(&self) {
        let mut pause = LOOK;
        let mut changing = None;
        loop {
            tokio::time::sleep(pause).await;
            let known = Arc::clone(&self.current.lock().await.files);
            let start = Instant::now();
            let now = tokio::task::block_in_place(|| known.now());
            pause = LOOK.max(start.elapsed() * PART);
            if now == *known {
                changing = None;
            } else if changing.as_ref() == Some(&now) {
                // Nobody is writing any more.
                changing = None;
                let _ = self.reload().await;
            } else {
                changing = Some(now);
            }
        }
    }
}

#[async_trait]
impl Reload for Reloading {
    async fn reload(&self) -> Result<(), Vec<String>> {
        let observer = &self.world.observer;
        observer.reopen_log();
        match self.again().await {
            Ok(said) => {
                said.iter().for_each(|said| observer.note(said));
                Ok(())
            }
            Err(reasons) => {
                let reasons_text = reasons.join("\n");
                observer
                    .warn(&format!("the configuration is not taken over, and all goes on as it was:\n{reasons_text}"));
                Err(reasons)
            }
        }
    }
}

impl Change {
    /// What happened, for the log; `None` if nothing did.
    fn said(&self, before: &[Named]) -> Option<String> {
        let is_old = |app: &&Arc<App>| before.iter().any(|named| named.read.name == app.name);
        let (replaced, new): (Vec<_>, Vec<_>) = self.new.iter().partition(is_old);
        let names = |apps: Vec<&Arc<App>>| apps.iter().map(|app| app.name.to_string()).collect::<Vec<_>>();
        let gone: Vec<String> = self.gone.iter().map(ToString::to_string).collect();
        let parts = [("replaced", names(replaced)), ("new", names(new)), ("gone", gone)];
        let parts = parts.into_iter().filter(|(_, names)| !names.is_empty());
        let parts: Vec<String> = parts.map(|(what, names)| format!("{what}: {}", names.join(", "))).collect();
        (!parts.is_empty()).then(|| format!("the configuration was read again; {}", parts.join("; ")))
    }
}
