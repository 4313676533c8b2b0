//! `spin.toml` and `runtime-config.toml`: apps made for Spin, as apps of ours.
//!
//! What the files may hold is read from Spin's sources (github.com/spinframework/spin, `crates/manifest`, `crates/loader`,
//! `crates/runtime-config`) and the documentation of its triggers.

mod build;
mod component;
mod dependencies;
mod files;
mod hosts;
mod import;
pub(crate) mod keys;
mod names;
mod profile;
mod runtime;
mod source;
mod trigger;
mod v1;
mod v2;
mod variables;

pub use hosts::outbound_grant;
#[cfg(test)]
pub(crate) use runtime::keys as runtime_keys;
pub use runtime::{ClientTls, Folder, Networking, RuntimeConfig};

use crate::app::App;
use crate::document;
use crate::error::ManifestError;
use crate::services::VariableSource;
use crate::triggers::{Platform, Variable};
use crate::values::{Reader, as_number};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// How many components, and how many triggers of one kind, an app made for Spin may have.
pub const MOST_COMPONENTS: usize = 256;

/// What components and triggers are read with.
struct Around<'p> {
    /// The manifest's folder.
    folder: &'p Path,
    /// The profile that was asked for.
    profile: Option<&'p str>,
    /// The app's variables.
    variables: BTreeMap<String, Variable>,
}

impl App {
    /// Reads a `spin.toml` of version 2 or 1, which is at `path`: what its components may touch becomes grants, their
    /// triggers routes and more, and its paths are seen from its folder. Nothing else is read from disk.
    ///
    /// `profile` is the build profile that was asked for; components that do not have it are as they are without.
    ///
    /// # Errors
    /// As [`App::parse`].
    pub fn parse_spin(text: &str, path: &Path, profile: Option<&str>) -> Result<App, ManifestError> {
        let folder = path.parent().unwrap_or(Path::new(""));
        document::parse_any(text, path, |reader| read(reader, folder, profile))
    }

    /// Reads the `spin.toml` at `path`.
    ///
    /// # Errors
    /// As [`App::load`].
    pub fn load_spin(path: &Path) -> Result<App, ManifestError> {
        App::load_spin_profile(path, None)
    }

    /// As [`App::load_spin`], with a build profile.
    ///
    /// # Errors
    /// As [`App::load`].
    pub fn load_spin_profile(path: &Path, profile: Option<&str>) -> Result<App, ManifestError> {
        App::parse_spin(&document::load(path)?, path, profile)
    }
}

fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path, profile: Option<&str>) -> App {
    let mut app = match version(reader) {
        Some(1) => v1::read(reader, folder),
        Some(_) => v2::read(reader, folder, profile),
        None => App::default(),
    };
    // What everybody has, behind what a runtime-config.toml says.
    let dotenv = Some(folder.join(".env"));
    app.services.variables = vec![VariableSource::Env { prefix: runtime::PREFIX.to_owned(), dotenv }];
    app.guests.iter_mut().for_each(|guest| guest.platform = Platform::Spin);
    App { platform: Platform::Spin, ..app }
}

const VERSION: &str = "spin_manifest_version";
/// What the first version's was called before.
const OLD_VERSION: &str = "spin_version";

/// The version of a manifest, which is a number for the second and a text for the first.
fn version(reader: &mut Reader<'_, '_, '_>) -> Option<u64> {
    let old = reader.value(VERSION).is_none();
    let Some(value) = reader.value(if old { OLD_VERSION } else { VERSION }) else {
        let why = format!("the manifest's version is missing; begin it with `{VERSION} = 2`");
        reader.report.add(0..0, why);
        return None;
    };
    match (value.get_ref().as_str(), as_number(value.get_ref())) {
        (Some("1"), _) => return Some(1),
        (_, Some(2)) if !old => return Some(2),
        (_, Some(1)) => reader.report.add(value.span(), format!("version 1 is written `{VERSION} = \"1\"`")),
        (Some("2"), _) => reader.report.add(value.span(), format!("version 2 is written `{VERSION} = 2`")),
        _ => {
            let why =
                format!("a Spin manifest has version 2, written `{VERSION} = 2`, or 1, written `{VERSION} = \"1\"`");
            reader.report.add(value.span(), why);
        }
    }
    None
}

/// Reads each table in the table under `key`, with its name and where that stands. `wanted` says how one is written.
fn each<'t, 'a>(
    reader: &mut Reader<'t, '_, 'a>,
    key: &str,
    wanted: &str,
    mut read: impl FnMut(&mut Reader<'t, '_, 'a>, &'t str, Range<usize>),
) {
    let place = reader.below(key);
    let Some(tables) = reader.inside_like(key, wanted).map(|inner| inner.table) else { return };
    for (name, value) in tables {
        let (name, span) = (name.get_ref().as_ref(), name.span());
        let expected = format!("a table, written {wanted}");
        let Some(table) = reader.expect(&names::shown(name), value, &expected, value.get_ref().as_table()) else {
            continue;
        };
        let place = format!("{place}.{}", names::shown(name));
        read(&mut Reader { table, report: reader.report, place }, name, span);
    }
}

/// Reads each table of the array under `key`, `[[PLACE]]`, with where it stands. A table alone is an array of one.
fn each_of<'t, 'a>(
    reader: &mut Reader<'t, '_, 'a>,
    key: &str,
    place: &str,
    mut read: impl FnMut(&mut Reader<'t, '_, 'a>, Range<usize>),
) {
    let Some(value) = reader.value(key) else { return };
    for item in crate::values::items(value).into_iter().take(MOST_COMPONENTS + 1) {
        let wanted = format!("tables, written [[{place}]]");
        if let Some(table) = reader.expect(key, item, &wanted, item.get_ref().as_table()) {
            read(&mut Reader { table, report: reader.report, place: format!("[{place}]") }, heading(item, table));
        }
    }
}

/// Where to point for a table: its own span may be that of all it holds.
fn heading(item: &Spanned<DeValue<'_>>, table: &DeTable<'_>) -> Range<usize> {
    let first = table.keys().map(Spanned::span).min_by_key(|span| span.start);
    match item.span() {
        span if !span.is_empty() => span,
        span => first.unwrap_or(span),
    }
}

/// Reports keys that say nothing to Holm only if they hold what they may not: texts, and texts in arrays.
fn skip_texts(reader: &mut Reader<'_, '_, '_>, texts: &[&str], lists: &[&str]) {
    for key in texts {
        reader.text(key);
    }
    for key in lists {
        reader.texts(key);
    }
}

/// As [`skip_texts`], of the tables of other tools.
fn skip_tables(reader: &mut Reader<'_, '_, '_>, key: &str) {
    let place = reader.below(key);
    each(reader, key, &format!("[{place}.NAME]"), |_, _, _| {});
}

/// As [`skip_texts`], of the environments that something shall run in: names, or tables that say where one is described.
fn skip_targets(reader: &mut Reader<'_, '_, '_>) {
    let items: &DeArray<'_> = match reader.value("targets").map(|value| (value, value.get_ref().as_array())) {
        Some((_, Some(items))) => items,
        Some((value, None)) => {
            reader.expect::<()>("targets", value, "an array of strings or tables", None);
            return;
        }
        None => return,
    };
    for item in items {
        let fits = item.get_ref().is_str() || item.get_ref().is_table();
        reader.expect("targets", item, "an array of strings or tables", fits.then_some(()));
    }
}
