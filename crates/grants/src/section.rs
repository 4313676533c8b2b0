//! The `[grants]` table of `holm.toml`, as text.

use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// The keys of a `[grants]` table, in the order they are written.
#[derive(Debug, Default)]
pub(crate) struct Section {
    keys: BTreeMap<&'static str, Value>,
}

impl Section {
    /// Grants with a text each, without repetition. No texts, no key.
    pub(crate) fn list(&mut self, key: &'static str, texts: impl IntoIterator<Item = String>) {
        let texts: BTreeSet<String> = texts.into_iter().collect();
        if !texts.is_empty() {
            let values = texts.into_iter().map(Value::String).collect();
            self.keys.insert(key, Value::Array(values));
        }
    }

    /// Grants with a name and a value each. No pairs, no key.
    pub(crate) fn pairs(&mut self, key: &'static str, pairs: &BTreeMap<String, String>) {
        if !pairs.is_empty() {
            let pairs = pairs.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
            self.keys.insert(key, Value::Table(Table::from_iter(pairs)));
        }
    }

    /// The table's text under this heading; nothing when no key was set.
    pub(crate) fn text(&self, heading: &str) -> String {
        if self.keys.is_empty() {
            return String::new();
        }
        let lines = self.keys.iter().map(|(key, value)| format!("{key} = {}\n", laid_out(value)));
        format!("[{heading}]\n{}", lines.collect::<String>())
    }
}

/// An array of several values takes a line each: people read these, and compare versions of them.
fn laid_out(value: &Value) -> String {
    match value.as_array() {
        Some(values) if values.len() > 1 => {
            let lines = values.iter().map(|value| format!("    {value},\n"));
            format!("[\n{}]", lines.collect::<String>())
        }
        _ => value.to_string(),
    }
}
