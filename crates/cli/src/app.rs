//! From what was named on the command line to an app, the same way for every command that takes one.

use std::path::{Path, PathBuf};

use holm_admin::{AppName, BadName};
use holm_engine::{Error, Kind, Result};
use holm_manifest::{App as Manifest, Guest, Platform, called, is_on_registry};

use crate::guest::plain;
use crate::manifests::{self, is_manifest};

/// An app that was named.
pub(crate) struct Found {
    /// What it is. Each of its guests has a file or an upstream.
    pub(crate) manifest: Manifest,
    /// Where it is from: a manifest, or a guest without one.
    pub(crate) from: PathBuf,
}

impl Found {
    /// The name it gives itself, else that of its folder or file.
    ///
    /// # Errors
    /// [`Kind::Usage`] for one that no server takes.
    pub(crate) fn name(&self) -> Result<AppName> {
        let name = match (&self.manifest.name, self.manifest.platform) {
            // Spin's may be called anything.
            (Some(name), Platform::Spin) => plain(name),
            (Some(name), Platform::Holm) => name.clone(),
            (None, _) => name_of(&self.from),
        };
        name.parse().map_err(|error: BadName| Error::new(Kind::Usage, format!("{}: {error}", self.from.display())))
    }

    /// The manifest's file, if there is one.
    pub(crate) fn manifest_file(&self) -> Option<&Path> {
        Some(self.from.as_path()).filter(|file| is_manifest(file))
    }
}

/// The app at `path`: a guest, a manifest, or a folder that holds one.
///
/// # Errors
/// There is none, its manifest is wrong, or it does not say which its guest is.
pub(crate) fn find(path: &Path) -> Result<Found> {
    let (mut manifest, from) = manifest(path)?;
    for guest in &mut manifest.guests {
        guest.compose();
        find_file(guest, &from)?;
    }
    Ok(Found { manifest, from })
}

fn manifest(path: &Path) -> Result<(Manifest, PathBuf)> {
    if is_on_registry(path) {
        return Ok((of_guest(path.to_owned()), path.to_owned()));
    }
    let in_folder = || manifests::in_folder(path).unwrap_or_else(|| path.join("holm.toml"));
    let file = if path.is_dir() { in_folder() } else { path.to_owned() };
    if !file.exists() {
        let what = if path.is_dir() {
            format!("{} has no holm.toml and no spin.toml", path.display())
        } else {
            not_there(path)
        };
        return Err(Error::new(Kind::NotFound, what).note("name a .wasm, a manifest, or a folder with one"));
    }
    if is_manifest(&file) {
        return Ok((manifests::load(&file)?, file));
    }
    let beside = file.with_file_name("holm.toml");
    if beside.exists() {
        let manifest = Manifest::load(&beside).map_err(|error| Error::new(Kind::Usage, error.to_string()))?;
        if !crate::described::is_of_others(&manifest, &file.to_string_lossy()) {
            return Ok((manifest, beside));
        }
    }
    Ok((of_guest(file.clone()), file))
}

/// The app of a guest without a manifest.
fn of_guest(file: PathBuf) -> Manifest {
    let guest = Guest { file: Some(file), ..Guest::default() };
    Manifest { guests: vec![guest], ..Manifest::default() }
}

fn not_there(path: &Path) -> String {
    format!("{} does not exist", path.display())
}

/// A manifest may leave the file of its only guest out when there is only one beside it.
fn find_file(guest: &mut Guest, manifest: &Path) -> Result<()> {
    if guest.file.is_some() || guest.upstream.is_some() || guest.respond.is_some() {
        return Ok(());
    }
    let folder = manifest.parent().unwrap_or(Path::new("."));
    let entries =
        std::fs::read_dir(folder).map_err(|error| Error::io(format_args!("read {}", folder.display()), &error))?;
    let mut guests = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_wasm = |path: &Path| path.extension().is_some_and(|extension| extension == "wasm");
    let mut guests = guests.by_ref().filter(|path| is_wasm(path) && guest.files().all(|file| file != path));
    match (guests.next(), guests.next()) {
        (Some(only), None) => guest.file = Some(only),
        (None, _) => {
            let message = format!("{} names no guest, and there is no .wasm beside it", manifest.display());
            return Err(Error::new(Kind::NotFound, message).note("guest = \"app.wasm\" names one"));
        }
        (Some(_), Some(_)) => {
            let message = format!("{} names no guest, and there are several .wasm beside it", manifest.display());
            return Err(Error::new(Kind::Usage, message).note("guest = \"app.wasm\" names one"));
        }
    }
    Ok(())
}

/// The name of an app that has none: its guest's file, or its folder's, without what does not belong into a name.
fn name_of(from: &Path) -> String {
    let named = match from.file_name() {
        Some(_) if manifests::is_usual(from) => {
            from.canonicalize().ok().and_then(|path| Some(path.parent()?.file_name()?.to_os_string()))
        }
        _ => Some(called(from).into()),
    };
    plain(&named.unwrap_or_default().to_string_lossy())
}
