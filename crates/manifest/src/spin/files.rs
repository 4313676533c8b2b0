//! `files`: what a component sees of the manifest's folder.

use super::keys;
use super::names::shown;
use crate::grants::beside;
use crate::triggers::Mount;
use crate::values::{Reader, items};
use std::path::{Component, Path};
use toml::Spanned;
use toml::de::DeValue;

/// How many entries `files` may have.
const MOST: usize = 4096;

pub(super) fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> Vec<Mount> {
    let Some(value) = reader.value("files") else { return Vec::new() };
    let items = items(value);
    if items.len() > MOST {
        reader.report.add(value.span(), format!("`files` has at most {MOST} entries; a pattern stands for many files"));
    }
    items.into_iter().take(MOST).filter_map(|item| one(reader, item, folder)).collect()
}

fn one<'t, 'a>(reader: &mut Reader<'t, '_, 'a>, item: &'t Spanned<DeValue<'a>>, folder: &Path) -> Option<Mount> {
    if let Some(pattern) = item.get_ref().as_str() {
        if let Some(why) = wrong_with(pattern) {
            reader.report.add(item.span(), format!("`{}` cannot be one of `files`: {why}", shown(pattern)));
        }
        return Some(Mount::Pattern(pattern.to_owned()));
    }
    let wanted = "patterns and { source = \"…\", destination = \"/…\" }";
    let table = reader.expect("files", item, wanted, item.get_ref().as_table())?;
    let place = reader.below("files");
    let mut reader = Reader { table, report: reader.report, place };
    keys::FILES.check(&mut reader);
    for key in ["source", "destination"] {
        if reader.value(key).is_none() {
            let why = format!("files at another place have a `source` and a `destination`; the `{key}` is missing");
            reader.report.add(item.span(), why);
        }
    }
    let (source, (destination, span)) = (reader.name("source"), reader.text("destination")?);
    if climbs(destination) {
        let why = format!("`{}` leads out of what the component sees; leave out the `..`", shown(destination));
        reader.report.add(span, why);
    }
    let destination = format!("/{}", destination.trim_start_matches('/'));
    Some(Mount::At { source: beside(folder, source?), destination })
}

fn wrong_with(pattern: &str) -> Option<&'static str> {
    match pattern {
        "" => Some("it is empty"),
        "." | ".." => Some("write { source = \".\", destination = \"/\" } for a whole folder"),
        pattern if pattern.ends_with("/.") || pattern.ends_with("/..") => {
            Some("it names a folder by dots; write { source = \"…\", destination = \"/\" } for a whole folder")
        }
        pattern if pattern.starts_with('/') => Some("it is seen from the manifest's folder, and begins without `/`"),
        pattern if climbs(pattern) => Some("it leads out of the manifest's folder"),
        _ => None,
    }
}

/// Whether a path goes up anywhere.
fn climbs(path: &str) -> bool {
    Path::new(path).components().any(|part| part == Component::ParentDir)
}
