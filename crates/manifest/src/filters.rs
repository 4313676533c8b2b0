//! `[[filters]]`: guests that see and change the traffic of another.

use crate::grants::{self, beside};
use crate::reference::called;
use crate::values::{Reader, items};
use crate::{keys, limits};
use holm_grants::{Grants, Limits};
use serde_json::{Map, Number, Value};
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// How many filters a guest may have.
pub const MOST_FILTERS: usize = 16;

/// A guest that stands between clients and another guest, or an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// What it is called: as it is said, else its file's name without what follows the last dot. No other filter of the
    /// same guest is called the same.
    pub name: String,
    /// Its file, joined to the manifest's folder.
    pub file: PathBuf,
    /// The name of the ABI to use instead of the detected one.
    pub abi: Option<String>,
    /// WebAssembly proposals to switch on, by name.
    pub features: Vec<String>,
    /// What it is configured with.
    pub config: Configuration,
    /// What the machine is configured with that it runs in: proxy-wasm's `vm_config`.
    pub vm_config: Arc<[u8]>,
    /// Which of its plugins a guest with several is to be: proxy-wasm's `root_id`.
    pub root_id: String,
    /// Filters of one `vm_id` share data: proxy-wasm's.
    pub vm_id: String,
    /// Traffic passes by a filter that failed. Otherwise it fails too.
    pub fail_open: bool,
    /// What it may touch, which has nothing to do with what others may.
    pub grants: Grants,
    /// Environment variables granted with the value the host has for them.
    pub env_from_host: Vec<String>,
    /// How much each instance may use; time, for each call.
    pub limits: Limits,
    /// Connections to elsewhere that its instances may have open at once.
    pub connections: Option<u64>,
}

/// What a filter is configured with, for it alone to understand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Configuration {
    /// These bytes: the text that was given, or the JSON of a table.
    Bytes(Arc<[u8]>),
    /// The bytes of this file, joined to the manifest's folder.
    File(PathBuf),
}

impl Default for Configuration {
    fn default() -> Self {
        Configuration::Bytes(Arc::default())
    }
}

/// Reads the `[[filters]]` among the keys of `reader`, in an app whose guests are called `siblings`.
pub(crate) fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path, siblings: &[&str]) -> Vec<Filter> {
    let Some(value) = reader.value("filters") else {
        return Vec::new();
    };
    let place = reader.below("filters");
    let tables = items(value);
    if tables.len() > MOST_FILTERS {
        let why = format!("a guest has at most {MOST_FILTERS} filters; this one has {}", tables.len());
        reader.report.add(value.span(), why);
    }
    let (mut filters, mut taken) = (Vec::new(), BTreeSet::new());
    for item in tables.into_iter().take(MOST_FILTERS) {
        let wanted = format!("tables, written [[{place}]]");
        let Some(table) = reader.expect("filters", item, &wanted, item.get_ref().as_table()) else {
            continue;
        };
        let mut inner = Reader { table, report: reader.report, place: place.clone() };
        let filter = one(&mut inner, item.span(), folder, siblings);
        if !filter.name.is_empty() && !taken.insert(filter.name.clone()) {
            let name = filter.name.escape_debug();
            inner.report.add(item.span(), format!("two filters are called `{name}`; give one another `name`"));
        }
        filters.push(filter);
    }
    filters
}

fn one(reader: &mut Reader<'_, '_, '_>, span: Range<usize>, folder: &Path, siblings: &[&str]) -> Filter {
    keys::FILTER.check(reader);
    if reader.value("file").is_none() {
        reader.report.add(span, "a filter has a `file`; name it");
    }
    let file = reader.name("file").unwrap_or_default();
    let stem = called(Path::new(&file));
    let (grants, env_from_host) = grants::of_filter(reader, folder, siblings);
    let (limits, connections) = limits::of_filter(reader);
    Filter {
        name: reader.name("name").unwrap_or(stem),
        file: beside(folder, file),
        abi: reader.name("abi"),
        features: reader.owned_texts("features"),
        config: configuration(reader, folder),
        vm_config: bytes(reader, "vm-config").unwrap_or_default(),
        root_id: owned_text(reader, "root-id"),
        vm_id: owned_text(reader, "vm-id"),
        fail_open: fail_open(reader),
        grants,
        env_from_host,
        limits,
        connections,
    }
}

fn owned_text(reader: &mut Reader<'_, '_, '_>, key: &str) -> String {
    reader.text(key).map(|(text, _)| text.to_owned()).unwrap_or_default()
}

fn fail_open(reader: &mut Reader<'_, '_, '_>) -> bool {
    let Some(value) = reader.value("fail") else {
        return false;
    };
    let open = match value.get_ref().as_str() {
        Some("open") => Some(true),
        Some("closed") => Some(false),
        _ => None,
    };
    reader.expect("fail", value, "\"open\" or \"closed\"", open).unwrap_or_default()
}

fn configuration(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> Configuration {
    if let (Some(_), Some(file)) = (reader.value("config"), reader.value("config-file")) {
        reader.report.add(file.span(), "a filter has `config` or `config-file`, not both; leave one out");
    }
    match reader.name("config-file") {
        Some(file) => Configuration::File(beside(folder, file)),
        None => bytes(reader, "config").map(Configuration::Bytes).unwrap_or_default(),
    }
}

/// The bytes of a text, or of a table's JSON.
fn bytes(reader: &mut Reader<'_, '_, '_>, key: &str) -> Option<Arc<[u8]>> {
    let value = reader.value(key)?;
    match value.get_ref() {
        DeValue::String(text) => Some(text.as_bytes().into()),
        DeValue::Table(table) => Some(object(reader, key, table).to_string().into_bytes().into()),
        _ => reader.expect(key, value, "a string, or a table, which becomes JSON", None),
    }
}

fn object(reader: &mut Reader<'_, '_, '_>, key: &str, table: &DeTable<'_>) -> Value {
    let members = table.iter().map(|(name, value)| (name.get_ref().to_string(), json(reader, key, value)));
    Value::Object(members.collect::<Map<_, _>>())
}

/// The JSON of `value`, which is part of the table under `key`. What JSON has no form for is reported, but for dates,
/// which become text.
fn json(reader: &mut Reader<'_, '_, '_>, key: &str, value: &Spanned<DeValue<'_>>) -> Value {
    let number = match value.get_ref() {
        DeValue::String(text) => return Value::from(text.as_ref()),
        DeValue::Boolean(flag) => return Value::from(*flag),
        DeValue::Datetime(date) => return Value::from(date.to_string()),
        DeValue::Array(items) => return items.iter().map(|item| json(reader, key, item)).collect(),
        DeValue::Table(table) => return object(reader, key, table),
        DeValue::Integer(integer) => integral(integer),
        DeValue::Float(float) => float.as_str().parse().ok().and_then(Number::from_f64),
    };
    let number = reader.expect(key, value, "numbers that JSON has", number);
    number.map_or(Value::Null, Value::Number)
}

fn integral(integer: &DeInteger<'_>) -> Option<Number> {
    let (digits, radix) = (integer.as_str(), integer.radix());
    let signed = i64::from_str_radix(digits, radix).ok().map(Number::from);
    signed.or_else(|| u64::from_str_radix(digits, radix).ok().map(Number::from))
}
