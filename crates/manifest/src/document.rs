//! What all of our files have in common: they are TOML, say their version, and are told every problem at once.

use crate::error::ManifestError;
use crate::report::Report;
use crate::values::{Reader, as_number};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// The largest manifest, or configuration of a server, that is read, in bytes.
pub const MAX_BYTES: u64 = 1 << 20;

/// One kind of file.
pub(crate) struct Format {
    /// The key that says which version of the format a file is written in.
    pub(crate) key: &'static str,
    /// The version this crate reads.
    pub(crate) version: u64,
    /// What one such file is called, and several.
    pub(crate) names: (&'static str, &'static str),
    /// The version key of another kind of file that people may confuse with it, and what they meant to do.
    pub(crate) other: (&'static str, &'static str),
}

/// The text at `path`.
pub(crate) fn load(path: &Path) -> Result<String, ManifestError> {
    let failed = |source| ManifestError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    // One byte more than allowed is enough to know.
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ManifestError::TooLarge { path: path.to_owned() });
    }
    String::from_utf8(bytes).map_err(|_| failed(not_text()))
}

fn not_text() -> io::Error {
    let why = "it is not UTF-8 text, so it cannot be a manifest; is it the guest itself?";
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// What `read` makes of the file's topmost table, or everything that is wrong. `read` sees files of our version only:
/// the keys of another may mean other things, so complaining about them would mislead.
pub(crate) fn parse<T: Default>(
    text: &str,
    path: &Path,
    format: &Format,
    read: impl FnOnce(&mut Reader<'_, '_, '_>) -> T,
) -> Result<T, ManifestError> {
    parse_any(text, path, |reader| if format.is_version_of(reader) { read(reader) } else { T::default() })
}

/// As [`parse`], for files that say their version in another way, or not at all: `read` sees every one.
pub(crate) fn parse_any<T: Default>(
    text: &str,
    path: &Path,
    read: impl FnOnce(&mut Reader<'_, '_, '_>) -> T,
) -> Result<T, ManifestError> {
    if text.len() as u64 > MAX_BYTES {
        return Err(ManifestError::TooLarge { path: path.to_owned() });
    }
    let mut report = Report::new(text);
    let mut value = T::default();
    if let Some(table) = table(text, &mut report) {
        value = read(&mut Reader::new(&table, &mut report));
    }
    report.finish(path, value)
}

fn table<'a>(text: &'a str, report: &mut Report<'_>) -> Option<DeTable<'a>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let table = table.into_inner();
    let mut last = None;
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        // The parser tells some problems once for each thing they spoil.
        if last.replace(span.clone()) == Some(span.clone()) {
            continue;
        }
        match is_second_guest(&table, text.get(span.clone())) {
            true => report.add(span, SECOND_GUEST),
            false => report.add(span, error.message()),
        }
    }
    errors.is_empty().then_some(table)
}

const SECOND_GUEST: &str = "`guest = \"FILE\"` is for a single guest; with [guest.NAME] tables, write its file as \
                            `file` in one of them";

/// Whether `[guest.NAME]` follows on `guest = "FILE"`, of which TOML itself only says that it cannot extend a string.
fn is_second_guest(table: &DeTable<'_>, at: Option<&str>) -> bool {
    at == Some("guest") && matches!(table.get("guest").map(|value| value.get_ref()), Some(DeValue::String(_)))
}

impl Format {
    fn is_version_of(&self, reader: &mut Reader<'_, '_, '_>) -> bool {
        let Format { key, version, names: (file, files), other: (other, meant) } = self;
        let Some(value) = reader.value(key) else {
            let missing = match reader.value(other) {
                Some(_) => format!("this has the key `{other}`, so it is not a {file}: {meant}"),
                None => format!("the {file}'s version is missing; begin it with `{key} = {version}`"),
            };
            reader.report.add(0..0, missing);
            return false;
        };
        let ours = as_number(value.get_ref()) == Some(*version);
        if !ours {
            let other = format!(
                "this Holm reads {files} of version {version}, written `{key} = {version}`; for a newer one, update \
                 Holm"
            );
            reader.report.add(value.span(), other);
        }
        ours
    }
}
