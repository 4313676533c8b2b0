//! An app as its manifest describes it.

use crate::error::ManifestError;
use crate::grants::{self, beside};
use crate::keys;
use crate::limits;
use crate::report::Report;
use crate::values::{Reader, as_number};
use holm_grants::{Grants, Limits};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// The manifest version this crate reads, the value of the key `holm`.
pub const VERSION: u64 = 1;
/// The largest manifest that is read, in bytes.
pub const MAX_BYTES: u64 = 1 << 20;

/// What a manifest says. Nothing in it has been looked up: files may be missing, and the names of
/// ABIs and features may be unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct App {
    /// The app's name, if it was given one.
    pub name: Option<String>,
    /// The guest's file, joined to the manifest's folder. `None`: it lies beside the manifest, for
    /// the caller to find.
    pub guest: Option<PathBuf>,
    /// The guest's arguments, without the program's name.
    pub args: Vec<String>,
    /// The name of the ABI to use instead of the detected one.
    pub abi: Option<String>,
    /// Whether every run has to behave the same, clocks and random numbers included.
    pub deterministic: bool,
    /// WebAssembly proposals to switch on, by name.
    pub features: Vec<String>,
    /// What the guest may touch. Directories of the host are joined to the manifest's folder.
    pub grants: Grants,
    /// How much the guest may use.
    pub limits: Limits,
    /// Environment variables granted with the value the host has for them.
    pub env_from_host: Vec<String>,
}

impl App {
    /// Reads a manifest's `text`. `path` is where it came from: paths in it are relative to the
    /// folder of that file, and messages name it. Nothing is read from disk.
    ///
    /// # Errors
    /// Every problem in the text at once; but when it is not TOML, or of another version, only that.
    pub fn parse(text: &str, path: &Path) -> Result<App, ManifestError> {
        if text.len() as u64 > MAX_BYTES {
            return Err(ManifestError::TooLarge { path: path.to_owned() });
        }
        let mut report = Report::new(text);
        let app = match table(text, &mut report) {
            Some(table) => read(&mut Reader { table: &table, report: &mut report }, path),
            None => App::default(),
        };
        report.finish(path, app)
    }

    /// Reads the manifest at `path`.
    ///
    /// # Errors
    /// As [`App::parse`], or because the file cannot be read as text.
    pub fn load(path: &Path) -> Result<App, ManifestError> {
        let failed = |source| ManifestError::Read { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(failed)?;
        // One byte more than allowed is enough to know.
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(ManifestError::TooLarge { path: path.to_owned() });
        }
        let text = String::from_utf8(bytes).map_err(|_| failed(not_text()))?;
        App::parse(&text, path)
    }
}

fn not_text() -> io::Error {
    let why = "it is not UTF-8 text, so it cannot be a manifest; is it the guest itself?";
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn table<'a>(text: &'a str, report: &mut Report<'_>) -> Option<DeTable<'a>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        report.add(error.span().unwrap_or(0..0), error.message());
    }
    errors.is_empty().then(|| table.into_inner())
}

fn read(reader: &mut Reader<'_, '_, '_>, path: &Path) -> App {
    // The keys of another version may mean other things, so complaining about them would mislead.
    if !is_our_version(reader) {
        return App::default();
    }
    keys::APP.check(reader.table, reader.report);
    let folder = path.parent().unwrap_or(Path::new(""));
    let (grants, env_from_host) = read_grants(reader, folder);
    App {
        name: reader.text("name").map(|(name, _)| name.to_owned()),
        guest: guest(reader, folder),
        args: owned(reader, "args"),
        abi: reader.text("abi").map(|(abi, _)| abi.to_owned()),
        deterministic: reader.flag("deterministic"),
        features: owned(reader, "features"),
        grants,
        limits: read_limits(reader),
        env_from_host,
    }
}

fn is_our_version(reader: &mut Reader<'_, '_, '_>) -> bool {
    let Some(value) = reader.value("holm") else {
        let missing = format!("the manifest's version is missing; begin it with `holm = {VERSION}`");
        reader.report.add(0..0, missing);
        return false;
    };
    let ours = as_number(value.get_ref()) == Some(VERSION);
    if !ours {
        let other = format!(
            "this Holm reads manifests of version {VERSION}, written `holm = {VERSION}`; for a \
             newer one, update Holm"
        );
        reader.report.add(value.span(), other);
    }
    ours
}

fn guest(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> Option<PathBuf> {
    let (guest, span) = reader.text("guest")?;
    if guest.is_empty() {
        reader.report.add(span, "`guest` is empty; name the guest's file, or leave the key out");
    }
    Some(beside(folder, guest))
}

fn owned(reader: &mut Reader<'_, '_, '_>, key: &str) -> Vec<String> {
    reader.texts(key).into_iter().map(|(text, _)| text.to_owned()).collect()
}

fn read_grants(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> (Grants, Vec<String>) {
    let Some(table) = reader.table("grants") else {
        return Default::default();
    };
    keys::GRANTS.check(table, reader.report);
    grants::read(&mut Reader { table, report: reader.report }, folder)
}

fn read_limits(reader: &mut Reader<'_, '_, '_>) -> Limits {
    let Some(table) = reader.table("limits") else {
        return Limits::default();
    };
    keys::LIMITS.check(table, reader.report);
    limits::read(&mut Reader { table, report: reader.report })
}
