//! What the server remembers of its apps, whatever their version.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use holm_abi::Error;
use holm_admin::AppName;
use holm_admin::wire::{AppState, Top};
use holm_engine::Account;

use super::metrics::{self, App, Server};
use super::trace::{Trace, TraceParent};
use super::{AppLog, Ids, JournalLimits, Level, Log, Process, RequestId, Spans, Stats};
use crate::apps::Site;
use crate::front::Counters;

/// How long the end waits for the log.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long it waits for a collector of spans.
const PATIENCE_WITH_SPANS: Duration = Duration::from_secs(5);

/// Sees what becomes of requests, and tells those who ask.
pub struct Observer {
    pub(crate) ids: Ids,
    pub(crate) log: Log,
    /// Where spans are recorded, if they are.
    pub(crate) spans: Option<Spans>,
    process: Process,
    /// Those of the front, once there is one.
    pub front: OnceLock<Arc<Counters>>,
    apps: Mutex<BTreeMap<AppName, Arc<Seen>>>,
}

/// What is remembered of one app, from version to version.
pub struct Seen {
    /// What became of its requests.
    pub stats: Arc<Stats>,
    /// What it wrote, and what the server said of it.
    pub log: Arc<AppLog>,
    /// The instances of its guests, of all versions.
    pub(crate) account: Arc<Account>,
    last_error: Mutex<Option<String>>,
}

impl Observer {
    /// An observer that writes to `log` and records `spans`, if any.
    pub fn new(log: Log, spans: Option<Spans>) -> Self {
        let (ids, process) = (Ids::new(), Process::start());
        Self { ids, log, spans, process, front: OnceLock::new(), apps: Mutex::default() }
    }

    /// The place of a request in a trace. Without spans there is one only where the client sent one.
    pub(crate) fn trace(&self, request: RequestId, sent: Option<TraceParent>) -> Option<Trace> {
        let trace = |sent| self.ids.trace(request, sent);
        match (&self.spans, sent) {
            (None, None) => None,
            (_, Some(sent)) => Some(trace(Some(sent))),
            (Some(spans), None) => Some(trace(None)).map(|new| if spans.samples(new.id) { new.sampled() } else { new }),
        }
    }

    /// What is remembered of the app called `name`, whose guests may log `rate` bytes a second, and whose
    /// instances count in `all`.
    pub(crate) fn app(&self, name: &AppName, rate: Option<u64>, all: &Arc<Account>) -> Arc<Seen> {
        let limits = JournalLimits { rate: rate.unwrap_or(u64::MAX), ..JournalLimits::default() };
        let mut apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = apps.get(name) {
            seen.log.set_limits(limits);
            return Arc::clone(seen);
        }
        let stats = Arc::<Stats>::default();
        let log = Arc::new(AppLog::new(name.clone(), self.log.clone(), Arc::clone(&stats), limits));
        let account = Arc::new(Account::within(all));
        let seen = Arc::new(Seen { stats, log, account, last_error: Mutex::default() });
        apps.insert(name.clone(), Arc::clone(&seen));
        seen
    }

    /// Forgets an app that was removed.
    pub fn forget(&self, name: &AppName) {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Says something about the server itself.
    pub fn note(&self, text: &str) {
        self.log.server(Level::Info, text);
    }

    /// Opens the log's file again, after another program renamed it.
    pub fn reopen_log(&self) {
        self.log.reopen();
    }

    /// Says something about the server itself that someone should know.
    pub fn warn(&self, text: &str) {
        self.log.server(Level::Warn, text);
    }

    /// Waits until what was said is written and recorded spans are sent, but not for long: to be called once, before
    /// the process ends.
    pub fn flush(&self) {
        if let Some(spans) = &self.spans {
            spans.end(PATIENCE_WITH_SPANS);
        }
        self.log.flush(PATIENCE);
    }

    /// Metrics in the text format of Prometheus.
    pub fn metrics(&self, site: &Site) -> String {
        self.look(site, |apps, server| metrics::render(apps.iter().copied(), server))
    }

    /// What the server is doing.
    pub fn top(&self, site: &Site) -> Top {
        self.look(site, |apps, server| metrics::top(apps.iter().copied(), server))
    }

    fn look<R>(&self, site: &Site, say: impl FnOnce(&[App<'_>], &Server<'_>) -> R) -> R {
        let apps = site.apps();
        let app = |app: &'_ Arc<crate::apps::App>| (app.state(), app.version());
        let states: Vec<(AppState, u64)> = apps.iter().map(app).collect();
        let shown: Vec<App<'_>> = apps
            .iter()
            .zip(&states)
            .map(|(app, &(state, version))| App {
                name: &app.name,
                version,
                state,
                stats: &app.seen.stats,
                instances: app.seen.account.instances(),
                memory: app.seen.account.memory(),
            })
            .collect();
        let (none, process) = (Counters::default(), self.process.read());
        let front = self.front.get().map_or(&none, |front| front);
        let spans = self.spans.as_ref().map(Spans::counts);
        say(&shown, &Server { front, process: &process, log_dropped: self.log.dropped(), spans })
    }
}

impl Seen {
    /// A guest failed.
    pub(crate) fn failed(&self, version: u64, request: RequestId, error: &Error) {
        let mut text = error.to_string();
        for frame in error.frames() {
            text.push_str(&format!("\n  at {frame}"));
        }
        for note in error.notes() {
            text.push_str(&format!("\n  {note}"));
        }
        self.log.server(Level::Error, Some(version), Some(request), &text);
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
    }

    /// The last thing that went wrong.
    pub(crate) fn last_error(&self) -> Option<String> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
