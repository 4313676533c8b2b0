//! The packages of WASI that Holm has itself: WASI 0.2, and the drafts that its host knows.

use std::collections::{BTreeMap, BTreeSet};
use wit_parser::{PackageName, SourceMap};

/// The version that the texts of WASI 0.2 are written in. Signatures are the same in all of 0.2's.
const WRITTEN: &str = "0.2.10";

/// Texts by the name of their package, without `wasi:`. What each has is a version, or [`WRITTEN`] for all of 0.2.
const TEXTS: [(&str, &str, &str); 10] = [
    ("cli", WRITTEN, include_str!("../../wit/cli.wit")),
    ("clocks", WRITTEN, include_str!("../../wit/clocks.wit")),
    ("filesystem", WRITTEN, include_str!("../../wit/filesystem.wit")),
    ("http", WRITTEN, include_str!("../../wit/http.wit")),
    ("io", WRITTEN, include_str!("../../wit/io.wit")),
    ("random", WRITTEN, include_str!("../../wit/random.wit")),
    ("sockets", WRITTEN, include_str!("../../wit/sockets.wit")),
    ("config", "0.2.0-rc.1", include_str!("../../wit/config.wit")),
    ("keyvalue", "0.2.0-draft", include_str!("../../wit/keyvalue.wit")),
    ("keyvalue", "0.2.0-draft2", include_str!("../../wit/keyvalue2.wit")),
];

/// The texts of these packages and of all that they refer to, each with a name for its folder.
///
/// # Errors
/// The first package that Holm does not have.
pub(super) fn all(mut wanted: BTreeSet<PackageName>) -> Result<BTreeMap<String, String>, PackageName> {
    let mut supplied = BTreeMap::new();
    while let Some(name) = wanted.pop_first() {
        let version = name.version.as_ref().map(ToString::to_string).unwrap_or_default();
        let folder = format!("wasi-{}-{version}", name.name);
        if supplied.contains_key(&folder) {
            continue;
        }
        let text = text(&name, &version).ok_or_else(|| name.clone())?;
        wanted.extend(refers_to(&text));
        supplied.insert(folder, text);
    }
    Ok(supplied)
}

fn text(name: &PackageName, version: &str) -> Option<String> {
    let is_stable = name.version.as_ref().is_some_and(|v| (v.major, v.minor) == (0, 2) && v.pre.is_empty());
    let fits = |written: &str| if written == WRITTEN { is_stable } else { written == version };
    let (_, written, text) = TEXTS
        .iter()
        .filter(|_| name.namespace == "wasi")
        .find(|(own, written, _)| *own == name.name && fits(written))?;
    Some(if *written == WRITTEN { text.replace(WRITTEN, version) } else { (*text).to_owned() })
}

/// The packages that one of our own texts refers to.
fn refers_to(text: &str) -> Vec<PackageName> {
    let mut map = SourceMap::default();
    map.push_str("package.wit", text);
    map.parse().map(|group| group.main.foreign_deps.into_keys().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use wit_parser::Resolve;

    use super::*;

    fn package(name: &str, version: &str) -> PackageName {
        PackageName { namespace: "wasi".into(), name: name.into(), version: Some(version.parse().unwrap()) }
    }

    #[test]
    fn every_package_is_whole_with_what_it_refers_to() {
        for (name, version, _) in TEXTS {
            let texts = all([package(name, version)].into()).unwrap();
            let mut groups = texts.iter().map(|(folder, text)| {
                let mut map = SourceMap::default();
                map.push_str(folder, text);
                map.parse().map_err(|(map, error)| error.render(&map)).unwrap()
            });
            let main = groups.next().unwrap();
            Resolve::default().push_groups(main, groups.collect()).unwrap();
        }
    }

    #[test]
    fn wasi_0_2_is_there_in_every_version_and_nothing_else_is() {
        for version in ["0.2.0", "0.2.3", "0.2.12"] {
            let texts = all([package("http", version)].into()).unwrap();
            assert!(texts.len() == 7 && texts.values().all(|text| text.contains(&format!("@{version};"))), "{texts:?}");
        }
        for (name, version) in [("http", "0.3.0"), ("http", "0.2.0-rc.1"), ("nn", "0.2.0"), ("keyvalue", "0.2.0")] {
            let name = package(name, version);
            assert_eq!(all([name.clone()].into()).unwrap_err(), name);
        }
    }
}
