//! The `[grants]` table.

use crate::keys::{self, Keys};
use crate::reference;
use crate::values::Reader;
use holm_grants::{DirGrant, Grants, HttpGrant, NetGrant, ParseError, parse_env};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use toml::de::DeValue;

/// Reads the `[grants]` among the keys of `reader`. `siblings` are the names of the app's guests. The second value names
/// the variables whose value the host is to fill in.
pub(crate) fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path, siblings: &[&str]) -> (Grants, Vec<String>) {
    table(reader, folder, siblings, &keys::GRANTS)
}

/// As [`read`], of a filter.
pub(crate) fn of_filter(reader: &mut Reader<'_, '_, '_>, folder: &Path, siblings: &[&str]) -> (Grants, Vec<String>) {
    table(reader, folder, siblings, &keys::FILTER_GRANTS)
}

/// As [`read`], of a component.
pub(crate) fn of_component(reader: &mut Reader<'_, '_, '_>, folder: &Path, siblings: &[&str]) -> (Grants, Vec<String>) {
    table(reader, folder, siblings, &keys::COMPONENT_GRANTS)
}

fn table(reader: &mut Reader<'_, '_, '_>, folder: &Path, siblings: &[&str], keys: &Keys) -> (Grants, Vec<String>) {
    let Some(mut reader) = reader.inside("grants") else {
        return Default::default();
    };
    keys.check(&mut reader);
    values(&mut reader, folder, siblings)
}

fn values(reader: &mut Reader<'_, '_, '_>, folder: &Path, siblings: &[&str]) -> (Grants, Vec<String>) {
    let (env, env_from_host) = env(reader);
    let grants = Grants {
        dirs: dirs(reader, folder),
        env,
        net: parsed(reader, "net"),
        listen: listen(reader),
        http: http(reader, siblings),
        kv: names(reader, "kv"),
        blob: names(reader, "blob"),
        sql: names(reader, "sql"),
        models: names(reader, "models"),
        outbound: parsed(reader, "outbound"),
        config: config(reader),
        ..Grants::default()
    };
    (grants, env_from_host)
}

/// `path` seen from `folder`, without the `./` that people write in front. What is on a registry is seen from everywhere.
pub(crate) fn beside(folder: &Path, path: impl AsRef<Path>) -> PathBuf {
    let path = path.as_ref();
    if reference::is_on_registry(path) {
        return path.to_owned();
    }
    let plain = path.strip_prefix(".").ok().filter(|plain| !plain.as_os_str().is_empty());
    folder.join(plain.unwrap_or(path)).components().collect()
}

fn dirs(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> Vec<DirGrant> {
    let (mut dirs, mut taken) = (Vec::new(), BTreeSet::new());
    for text in reader.texts("dir") {
        let Some(dir) = reader.parse::<DirGrant>(&text) else {
            continue;
        };
        if !taken.insert(dir.guest.clone()) {
            let guest = dir.guest.escape_debug();
            let why = format!("the guest path `{guest}` is given to two directories; rename one");
            reader.report.add(text.1, why);
        }
        let host = beside(folder, &dir.host);
        dirs.push(DirGrant { host, ..dir });
    }
    dirs
}

fn env(reader: &mut Reader<'_, '_, '_>) -> (BTreeMap<String, String>, Vec<String>) {
    if matches!(reader.value("env").map(|value| value.get_ref()), Some(DeValue::Table(_))) {
        return (env_table(reader), Vec::new());
    }
    let (mut env, mut from_host) = (BTreeMap::new(), Vec::new());
    for text in reader.texts("env") {
        match reader.noted(text.1, parse_env(text.0)) {
            Some((name, Some(value))) => drop(env.insert(name, value)),
            Some((name, None)) => from_host.push(name),
            None => {}
        }
    }
    (env, from_host)
}

fn env_table(reader: &mut Reader<'_, '_, '_>) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    for (name, (value, _)) in reader.pairs("env") {
        let read = reader.noted(name.1.clone(), parse_env(&format!("{}={value}", name.0)));
        match read {
            Some((read, Some(value))) if read == name.0 => drop(env.insert(read, value)),
            Some(_) => reader.report.add(name.1, "the name of a variable cannot hold `=`"),
            None => {}
        }
    }
    env
}

fn config(reader: &mut Reader<'_, '_, '_>) -> BTreeMap<String, String> {
    let pairs = reader.pairs("config").into_iter();
    pairs.map(|((name, _), (value, _))| (name.to_owned(), value.to_owned())).collect()
}

fn names(reader: &mut Reader<'_, '_, '_>, key: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (name, span) in reader.texts(key) {
        if name.is_empty() {
            reader.report.add(span, format!("`{key}` takes names, and this one is empty"));
        } else {
            names.push(name.to_owned());
        }
    }
    names
}

fn listen(reader: &mut Reader<'_, '_, '_>) -> Vec<NetGrant> {
    let texts = reader.texts("listen").into_iter();
    texts.filter_map(|(text, span)| reader.noted(span, NetGrant::parse_listen(text))).collect()
}

fn http(reader: &mut Reader<'_, '_, '_>, siblings: &[&str]) -> Vec<HttpGrant> {
    let mut grants = Vec::new();
    for text in reader.texts("http") {
        let Some(grant) = reader.parse::<HttpGrant>(&text) else {
            continue;
        };
        if let Some(name) = grant.sibling().filter(|name| !siblings.contains(name)) {
            reader.report.add(text.1, no_sibling(name, siblings));
        }
        grants.push(grant);
    }
    grants
}

/// Why a grant for the guest called `name` is of no use.
fn no_sibling(name: &str, siblings: &[&str]) -> String {
    let advice = match siblings {
        [] => "the app's guests have names only in [guest.NAME] tables".to_owned(),
        known => format!("there is {}", known.join(", ")),
    };
    format!("no guest of this app is called `{name}`; {advice}")
}

fn parsed<T: FromStr<Err = ParseError>>(reader: &mut Reader<'_, '_, '_>, key: &str) -> Vec<T> {
    let texts = reader.texts(key);
    texts.iter().filter_map(|text| reader.parse(text)).collect()
}
