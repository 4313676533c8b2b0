//! An app's log, in memory and in the log of the process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use holm_abi::{Input, Output, Stdio};
use holm_admin::AppName;
use holm_admin::api::LogQuery;
use holm_admin::wire::{LogLine, LogSource};
use tokio::sync::mpsc::Receiver;

use super::entry::{About, Entry};
use super::{Journal, JournalLimits, LineSink, Raw};
use crate::observe::access::AccessJson;
use crate::observe::log::Event;
use crate::observe::{Access, Level, Log, Outcome, RequestId, Stats};

/// The log of one app over all its versions: the last lines in memory, and all of them in the log of the process.
#[derive(Debug)]
pub struct AppLog {
    app: AppName,
    pub(super) journal: Journal,
    log: Log,
    stats: Arc<Stats>,
}

impl AppLog {
    /// The log of `app`, which also goes to `log`; `stats` counts what is dropped.
    #[must_use]
    pub fn new(app: AppName, log: Log, stats: Arc<Stats>, limits: JournalLimits) -> Self {
        Self { app, journal: Journal::new(limits), log, stats }
    }

    /// Other limits, for a version that has others. They hold from the next line on.
    pub fn set_limits(&self, limits: JournalLimits) {
        self.journal.set_limits(limits);
    }

    /// Standard streams for a guest that answers `request`: nothing to read, and what it writes goes here.
    #[must_use]
    pub fn stdio(self: &Arc<Self>, version: u64, request: RequestId) -> Stdio {
        let output = |source| {
            let about = About { version: Some(version), request: Some(request), source };
            Output::Sink(Arc::new(LineSink::new(Arc::clone(self), about)))
        };
        Stdio { stdin: Input::Empty, stdout: output(LogSource::Stdout), stderr: output(LogSource::Stderr) }
    }

    /// Something the server has to say about the app. `text` may have several lines.
    pub fn server(&self, level: Level, version: Option<u64>, request: Option<RequestId>, text: &str) {
        let about = About { version, request, source: LogSource::Server };
        self.write_at(level, about, text.trim_end().split('\n').map(|line| Raw::of(line.as_bytes())));
    }

    /// A request that is over. It is in the log of the process, if that has access lines; in memory only if the guest
    /// failed, for others would soon be all there is; and those who follow see it.
    pub fn access(&self, access: &Access<'_>) {
        self.log.access_of(Some(&self.app), access);
        let failed = matches!(access.finished.outcome, Outcome::Failed(_));
        if failed || self.journal.is_followed() {
            let about = About { version: access.version, request: Some(access.request), source: LogSource::Access };
            let mut entry = Entry::new(SystemTime::now(), about, access.summary());
            entry.fields = fields(&access.json());
            self.journal.show(entry, failed);
        }
    }

    /// The lines that are asked for, the oldest first. With [`LogQuery::follow`] the channel stays open for as long as
    /// this log is there; a reader that is too slow misses lines, and is told so.
    #[must_use]
    pub fn read(&self, query: LogQuery) -> Receiver<LogLine> {
        self.settle();
        self.journal.read(query)
    }

    /// Says how many lines were dropped where that ended without a further line. To be called now and then.
    pub fn settle(&self) {
        self.journal.settle(&mut |time, about, text| self.tell(Level::Warn, time, about, text));
    }

    pub(super) fn write<'a>(&self, about: About, lines: impl Iterator<Item = Raw<'a>>) {
        self.write_at(Level::Info, about, lines);
    }

    fn write_at<'a>(&self, level: Level, about: About, lines: impl Iterator<Item = Raw<'a>>) {
        let dropped = self.journal.write(about, lines, &mut |time, of, text| {
            // What the log says of dropped lines is a warning, whoever wrote them.
            let level = if of == about { level } else { Level::Warn };
            self.tell(level, time, of, text);
        });
        self.stats.lines_dropped(dropped);
    }

    fn tell(&self, level: Level, time: SystemTime, about: About, text: &str) {
        let About { version, request, source } = about;
        self.log.event(&Event { time, level, source, app: Some(&self.app), version, request, text });
    }
}

fn fields(access: &AccessJson<'_>) -> BTreeMap<String, serde_json::Value> {
    match serde_json::to_value(access) {
        Ok(serde_json::Value::Object(fields)) => fields.into_iter().collect(),
        _ => BTreeMap::new(),
    }
}
