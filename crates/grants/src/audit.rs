//! The record of everything a guest was refused.

use crate::ask::Ask;
use crate::dir::DirGrant;
use crate::env::parse_env;
use crate::http::HttpGrant;
use crate::net::NetGrant;
use crate::outbound::OutboundGrant;
use crate::quote::printable;
use crate::section::Section;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many different asks are kept. A guest chooses what it asks for, and must not fill the host.
const MOST_ASKS: usize = 1000;
/// How long the text of an ask may be, in bytes, for the same reason.
const LONGEST_ASK: usize = 4096;

/// What a guest asked for in vain. Clones share one record, so a host can hand one to every place
/// that refuses and read the outcome afterwards.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    record: Arc<Mutex<Record>>,
    /// Whose asks these are: [`GRANTS`] for the guest itself, or the table of one of its components.
    table: Option<Arc<str>>,
    /// Who else is told of each new one.
    told: Option<Told>,
}

#[derive(Clone)]
struct Told(Arc<dyn Fn(&Ask) + Send + Sync>);

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

/// The table of a manifest that grants what a guest asks for itself.
const GRANTS: &str = "grants";

#[derive(Debug, Default)]
struct Record {
    /// By the table that would grant them.
    tables: BTreeMap<Option<Arc<str>>, BTreeSet<Ask>>,
    kept: usize,
    dropped: u64,
}

impl Audit {
    /// An empty record.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same record, for the refusals of a component which has grants of its own, in the table of the manifest that
    /// is headed `table`: `components.model.grants`.
    #[must_use]
    pub fn of_component(&self, table: &str) -> Self {
        Audit { record: Arc::clone(&self.record), table: Some(table.into()), told: None }
    }

    /// The same record, where `tell` is told of each ask as soon as it is kept; not of one that was kept before.
    #[must_use]
    pub fn telling(self, tell: impl Fn(&Ask) + Send + Sync + 'static) -> Self {
        Audit { told: Some(Told(Arc::new(tell))), ..self }
    }

    /// Records that `ask` was refused. Past 1000 different asks, or for one longer than 4096 bytes,
    /// only the count is kept.
    pub fn denied(&self, ask: Ask) {
        let mut record = self.record();
        if record.tables.get(&self.table).is_some_and(|asks| covers(asks, &ask)) {
            return;
        }
        if record.kept >= MOST_ASKS || ask.len() > LONGEST_ASK {
            record.dropped = record.dropped.saturating_add(1);
            return;
        }
        record.kept += 1;
        insert(record.tables.entry(self.table.clone()).or_default(), ask.clone());
        drop(record);
        if let Some(Told(tell)) = &self.told {
            tell(&ask);
        }
    }

    /// Every different ask, in order. Reading and writing the same directory count as writing. Those of components are
    /// [`Audit::components`].
    pub fn asks(&self) -> Vec<Ask> {
        self.record().tables.get(&self.table).into_iter().flatten().cloned().collect()
    }

    /// What components that have grants of their own asked for, each with the heading of the table that would grant it.
    pub fn components(&self) -> Vec<(String, Ask)> {
        let record = self.record();
        let tables = record.tables.iter().filter_map(|(table, asks)| Some((table.as_ref()?, asks)));
        tables.flat_map(|(table, asks)| asks.iter().map(|ask| (table.to_string(), ask.clone()))).collect()
    }

    /// How many refusals were counted but not kept.
    pub fn dropped(&self) -> u64 {
        self.record().dropped
    }

    /// Whether nothing was refused.
    pub fn is_empty(&self) -> bool {
        let record = self.record();
        record.kept == 0 && record.dropped == 0
    }

    /// The `[grants]` table that would have granted everything, ready to paste into `holm.toml`, and a table for each
    /// component that has grants of its own; empty when nothing was refused. Configuration keys get an empty value to
    /// fill in. What no grant can name, and what was not kept, is told in comments.
    pub fn manifest_text(&self) -> String {
        let record = self.record();
        let tables = record.tables.iter().map(|(table, asks)| table_text(table.as_deref().unwrap_or(GRANTS), asks));
        let mut text: String = tables.collect();
        if record.dropped > 0 {
            text += &format!("# {} more refusals were not recorded\n", record.dropped);
        }
        text
    }

    /// A thread that panicked while recording left at worst one ask out.
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The table headed `heading` that would have granted these, and comments on those that no table can.
fn table_text(heading: &str, asks: &BTreeSet<Ask>) -> String {
    let mut lists: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    let mut config = BTreeMap::new();
    let mut comments = String::new();
    for ask in asks {
        match ask.grant_text() {
            ("config", name) => drop(config.insert(name, String::new())),
            (key, text) if is_grant(key, &text) => lists.entry(key).or_default().push(text),
            (key, text) => comments += &format!("# no {key} grant can say: {}\n", printable(&text)),
        }
    }
    let mut section = Section::default();
    lists.into_iter().for_each(|(key, texts)| section.list(key, texts));
    section.pairs("config", &config);
    section.text(heading) + &comments
}

fn covers(asks: &BTreeSet<Ask>, ask: &Ask) -> bool {
    let written = match ask {
        Ask::Dir { path, write: false } => asks.contains(&Ask::Dir { path: path.clone(), write: true }),
        _ => false,
    };
    written || asks.contains(ask)
}

fn insert(asks: &mut BTreeSet<Ask>, ask: Ask) {
    if let Ask::Dir { path, write: true } = &ask {
        asks.remove(&Ask::Dir { path: path.clone(), write: false });
    }
    asks.insert(ask);
}

fn is_grant(key: &str, text: &str) -> bool {
    match key {
        "dir" => text.parse::<DirGrant>().is_ok(),
        "env" => parse_env(text).is_ok_and(|(_, value)| value.is_none()),
        "net" => text.parse::<NetGrant>().is_ok(),
        "listen" => NetGrant::parse_listen(text).is_ok(),
        "http" => text.parse::<HttpGrant>().is_ok(),
        "outbound" => text.parse::<OutboundGrant>().is_ok(),
        _ => !text.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(path: &str, write: bool) -> Ask {
        Ask::Dir { path: path.into(), write }
    }

    #[test]
    fn clones_share_one_record() {
        let audit = Audit::new();
        assert!(audit.is_empty());
        audit.clone().denied(Ask::Env("HOME".into()));
        assert_eq!(audit.asks(), [Ask::Env("HOME".into())]);
    }

    #[test]
    fn writing_a_directory_includes_reading_it() {
        let audit = Audit::new();
        audit.denied(dir("/a", false));
        audit.denied(dir("/a", true));
        audit.denied(dir("/a", false));
        assert_eq!(audit.asks(), [dir("/a", true)]);
    }

    #[test]
    fn a_guest_cannot_fill_the_host_with_asks() {
        let audit = Audit::new();
        for n in 0..MOST_ASKS + 10 {
            audit.denied(Ask::Env(format!("V{n}")));
        }
        audit.denied(Ask::Env("x".repeat(LONGEST_ASK + 1)));
        audit.denied(Ask::Env("V0".into()));
        assert_eq!(audit.asks().len(), MOST_ASKS);
        assert_eq!(audit.dropped(), 11);
        assert!(audit.manifest_text().ends_with("# 11 more refusals were not recorded\n"));
    }

    #[test]
    fn whoever_wants_to_know_is_told_of_each_ask_once() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let audit = Audit::new().telling(move |ask| heard.lock().unwrap().push(ask.clone()));
        for ask in [Ask::Kv("a".into()), Ask::Kv("a".into()), dir("/a", true), dir("/a", false)] {
            audit.denied(ask);
        }
        assert_eq!(*told.lock().unwrap(), [Ask::Kv("a".into()), dir("/a", true)]);
    }

    #[test]
    fn a_components_refusals_are_told_with_the_table_that_would_grant_them() {
        let audit = Audit::new();
        let model = audit.of_component("components.model.grants");
        model.denied(Ask::Kv("cache".into()));
        model.denied(dir("/a", true));
        model.denied(dir("/a", false));
        assert!(!audit.is_empty() && audit.asks().is_empty());
        audit.denied(Ask::Kv("cache".into()));
        assert_eq!((audit.asks().len(), model.asks().len()), (1, 2));
        let table = "components.model.grants".to_owned();
        assert_eq!(audit.components(), [(table.clone(), dir("/a", true)), (table, Ask::Kv("cache".into()))]);
        let own = "[grants]\nkv = [\"cache\"]\n";
        let components = "[components.model.grants]\ndir = [\"/a::/a\"]\nkv = [\"cache\"]\n";
        assert_eq!(audit.manifest_text(), format!("{own}{components}"));
    }

    #[test]
    fn the_record_reads_as_a_manifest_table() {
        let audit = Audit::new();
        audit.denied(dir("/etc", false));
        audit.denied(Ask::Env("HOME".into()));
        audit.denied(Ask::lookup("example.com"));
        audit.denied(Ask::connect(crate::Proto::Tcp, "10.0.0.1:5432".parse().unwrap()));
        audit.denied(Ask::Config("colour".into()));
        audit.denied(Ask::Blob("images".into()));
        audit.denied(dir("/a:b\n", false));
        assert_eq!(
            audit.manifest_text(),
            r#"[grants]
blob = ["images"]
config = { colour = "" }
dir = ["/etc::/etc:ro"]
env = ["HOME"]
net = [
    "example.com",
    "tcp://10.0.0.1:5432",
]
# no dir grant can say: /a:b\u{a}::/a:b\u{a}:ro
"#
        );
    }
}
