//! The record of everything a guest was refused.

use crate::ask::Ask;
use crate::dir::DirGrant;
use crate::env::parse_env;
use crate::http::HttpGrant;
use crate::net::NetGrant;
use crate::quote::printable;
use crate::section::Section;
use std::collections::{BTreeMap, BTreeSet};
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
}

#[derive(Debug, Default)]
struct Record {
    asks: BTreeSet<Ask>,
    dropped: u64,
}

impl Audit {
    /// An empty record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records that `ask` was refused. Past 1000 different asks, or for one longer than 4096 bytes,
    /// only the count is kept.
    pub fn denied(&self, ask: Ask) {
        let mut record = self.record();
        if record.covers(&ask) {
            return;
        }
        if record.asks.len() >= MOST_ASKS || ask.len() > LONGEST_ASK {
            record.dropped = record.dropped.saturating_add(1);
            return;
        }
        record.insert(ask);
    }

    /// Every different ask, in order. Reading and writing the same directory count as writing.
    pub fn asks(&self) -> Vec<Ask> {
        self.record().asks.iter().cloned().collect()
    }

    /// How many refusals were counted but not kept.
    pub fn dropped(&self) -> u64 {
        self.record().dropped
    }

    /// Whether nothing was refused.
    pub fn is_empty(&self) -> bool {
        let record = self.record();
        record.asks.is_empty() && record.dropped == 0
    }

    /// The `[grants]` table that would have granted everything, ready to paste into `holm.toml`;
    /// empty when nothing was refused. Configuration keys get an empty value to fill in. What no
    /// grant can name, and what was not kept, is told in comments.
    pub fn manifest_text(&self) -> String {
        let record = self.record();
        let mut lists: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        let mut config = BTreeMap::new();
        let mut comments = String::new();
        for ask in &record.asks {
            match ask.grant_text() {
                ("config", name) => drop(config.insert(name, String::new())),
                (key, text) if is_grant(key, &text) => lists.entry(key).or_default().push(text),
                (key, text) => comments += &format!("# no {key} grant can say: {}\n", printable(&text)),
            }
        }
        if record.dropped > 0 {
            comments += &format!("# {} more refusals were not recorded\n", record.dropped);
        }
        let mut section = Section::default();
        lists.into_iter().for_each(|(key, texts)| section.list(key, texts));
        section.pairs("config", &config);
        section.text() + &comments
    }

    /// A thread that panicked while recording left at worst one ask out.
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    fn covers(&self, ask: &Ask) -> bool {
        let written = match ask {
            Ask::Dir { path, write: false } => self.asks.contains(&Ask::Dir { path: path.clone(), write: true }),
            _ => false,
        };
        written || self.asks.contains(ask)
    }

    fn insert(&mut self, ask: Ask) {
        if let Ask::Dir { path, write: true } = &ask {
            self.asks.remove(&Ask::Dir { path: path.clone(), write: false });
        }
        self.asks.insert(ask);
    }
}

fn is_grant(key: &str, text: &str) -> bool {
    match key {
        "dir" => text.parse::<DirGrant>().is_ok(),
        "env" => parse_env(text).is_ok_and(|(_, value)| value.is_none()),
        "net" => text.parse::<NetGrant>().is_ok(),
        "listen" => NetGrant::parse_listen(text).is_ok(),
        "http" => text.parse::<HttpGrant>().is_ok(),
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
