//! What else than requests has guests do something: messages of Redis servers and MQTT brokers, and moments.
//!
//! What all apps want to hear is put together whenever an app comes, goes or is replaced. Whatever is wanted as before goes
//! on as it is: the next message is told to the version of the app that is in place by then, and none is lost. What is new
//! begins before what is gone ends.

mod backoff;
mod cron;
mod dispatch;
mod mqtt;
mod only;
mod redis;
mod running;
mod source;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use holm_admin::AppName;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

pub use only::OnlyEvents;
pub(crate) use source::{Source, sources, takes};

use crate::apps::{App, Site};
use crate::observe::Observer;
use running::{Around, Running};
use source::Key;

/// How long what is gone goes on while what is new begins.
const OVERLAP: Duration = Duration::from_secs(5);

/// Who is told of something: a guest of an app, whatever the app's version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Target {
    app: AppName,
    guest: Option<String>,
}

/// Who is told of what comes on a channel; without channels, on the empty one.
type Wanted = BTreeMap<String, Vec<Target>>;

/// All that the guests of a site wait for beside requests.
pub struct Triggers {
    site: Arc<Site>,
    observer: Arc<Observer>,
    state: Mutex<State>,
    stop: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    known: HashMap<AppName, Known>,
    running: BTreeMap<Key, Running>,
    /// What is gone, and has still something under way.
    leaving: Vec<JoinHandle<()>>,
}

/// What one version of an app waits for.
struct Known {
    version: Weak<App>,
    sources: Vec<(Source, Target)>,
}

impl Triggers {
    /// Begins to listen for what the apps of `site` want to hear, now and whenever they change. Must be called within a
    /// runtime.
    pub fn start(site: &Arc<Site>, observer: &Arc<Observer>) -> Arc<Self> {
        let (site, observer) = (Arc::clone(site), Arc::clone(observer));
        let (stop, mut stopped) = watch::channel(false);
        let mut changes = site.changes();
        let it = Arc::new(Self { site, observer, state: Mutex::default(), stop });
        let settling = Arc::clone(&it);
        tokio::spawn(async move {
            loop {
                changes.mark_unchanged();
                tokio::select! {
                    () = settling.settle() => {}
                    _ = stopped.wait_for(|stop| *stop) => return,
                }
                tokio::select! {
                    changed = changes.changed() => if changed.is_err() { return },
                    _ = stopped.wait_for(|stop| *stop) => return,
                }
            }
        });
        it
    }

    /// Takes nothing more up.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until what is under way is over, but not longer than `patience`. Says how many servers and schedules still had
    /// guests at work then, which are ended.
    pub async fn finish(&self, patience: Duration) -> usize {
        self.stop();
        let deadline = Instant::now() + patience;
        let mut state = self.state.lock().await;
        let running = std::mem::take(&mut state.running);
        let leaving = std::mem::take(&mut state.leaving);
        let mut cut = 0;
        for mut task in running.into_values().map(Running::leave).chain(leaving) {
            if timeout_at(deadline, &mut task).await.is_err() {
                task.abort();
                cut += 1;
            }
        }
        cut
    }

    /// Has what runs be what the apps want.
    async fn settle(&self) {
        let mut state = self.state.lock().await;
        let mut wanted = self.wanted(&mut state.known).await;
        let mut begun = Vec::new();
        let gone: Vec<Key> = state.running.keys().filter(|key| !wanted.contains_key(*key)).cloned().collect();
        for (key, running) in &state.running {
            if let Some(wanted) = wanted.remove(key) {
                running.want(wanted);
            }
        }
        for (key, wanted) in wanted {
            let around = Around::new(&self.site, &self.observer, &self.stop);
            let running = Running::begin(&key, wanted, around);
            begun.push(running.ready());
            state.running.insert(key, running);
        }
        if !gone.is_empty() {
            let all = async {
                for mut ready in begun {
                    let _ = ready.wait_for(|ready| *ready).await;
                }
            };
            let _ = timeout(OVERLAP, all).await;
        }
        for key in gone {
            let left = state.running.remove(&key).map(Running::leave);
            state.leaving.extend(left);
        }
        state.leaving.retain(|task| !task.is_finished());
    }

    async fn wanted(&self, known: &mut HashMap<AppName, Known>) -> BTreeMap<Key, Wanted> {
        let apps = self.site.apps();
        let apps: Vec<_> =
            apps.into_iter().filter(|app| app.guests.iter().any(|g| !g.spec.triggers.is_empty())).collect();
        known.retain(|name, _| apps.iter().any(|app| app.name == *name));
        let mut wanted = BTreeMap::<Key, Wanted>::new();
        for app in apps {
            let current = known.get(&app.name).is_some_and(|known| Weak::as_ptr(&known.version) == Arc::as_ptr(&app));
            if !current {
                let sources = self.sources(&app).await;
                known.insert(app.name.clone(), Known { version: Arc::downgrade(&app), sources });
            }
            for (source, target) in known.get(&app.name).into_iter().flat_map(|known| &known.sources) {
                let key = Key::of(source, target, !app.is_named());
                let targets = wanted.entry(key).or_default().entry(source.channel().to_owned()).or_default();
                if !targets.contains(target) {
                    targets.push(target.clone());
                }
            }
        }
        wanted
    }

    async fn sources(&self, app: &Arc<App>) -> Vec<(Source, Target)> {
        let mut all = Vec::new();
        for guest in &app.guests {
            let target = Target { app: app.name.clone(), guest: guest.spec.name.clone() };
            match sources(guest).await {
                Ok(sources) => all.extend(sources.into_iter().map(|source| (source, target.clone()))),
                Err(error) => self.observer.warn(&format!("{} waits for nothing: {error}", guest.name())),
            }
        }
        all
    }
}
