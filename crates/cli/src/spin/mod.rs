//! What apps made for Spin need beside what all apps do.

pub(crate) mod archive;
pub(crate) mod configure;
pub(crate) mod fetch;
pub(crate) mod matching;
#[cfg(feature = "registry")]
pub(crate) mod package;

use std::path::Path;

use holm_engine::{Error, Result};
use holm_grants::DirGrant;
use holm_manifest::Guest;
use tempfile::TempDir;

/// Where guests see their files.
const ROOT: &str = "/";

/// Shows `guest` the files that its manifest, in the folder `root`, has for it: as long as what is returned lives, if it
/// takes a folder of their own.
///
/// # Errors
/// As [`matching::matched`], and where there is no room.
pub(crate) fn see(guest: &mut Guest, root: &Path) -> Result<Option<TempDir>> {
    if guest.files.is_empty() {
        return Ok(None);
    }
    if let Some(folder) = matching::only_folder(guest).map(Path::to_owned) {
        show(guest, &folder);
        return Ok(None);
    }
    let failed = |error| Error::io("show a component its files", &error);
    let folder = tempfile::Builder::new().prefix("holm-seen-").tempdir().map_err(failed)?;
    matching::matched(guest, root)?.copy(folder.path())?;
    show(guest, folder.path());
    Ok(Some(folder))
}

/// Puts all that `guest` sees into one file, for as long as what is returned lives. `root` is the manifest's folder.
///
/// # Errors
/// As [`see`].
#[cfg(feature = "serve")]
pub(crate) fn packed(guest: &mut Guest, root: &Path) -> Result<Option<tempfile::TempPath>> {
    if guest.files.is_empty() {
        return Ok(None);
    }
    let failed = |error| Error::io("keep a component's files", &error);
    let packed = tempfile::NamedTempFile::new().map_err(failed)?;
    archive::write(&matching::matched(guest, root)?, std::io::BufWriter::new(packed.as_file()))?;
    let path = packed.into_temp_path();
    guest.files = vec![holm_manifest::Mount::Archive(path.to_path_buf())];
    guest.exclude_files.clear();
    Ok(Some(path))
}

/// What else than components and the manifest, in the folder `root`, an app is made of.
#[cfg(all(feature = "build", feature = "serve"))]
pub(crate) fn watched(app: &holm_manifest::App, root: &Path) -> Vec<std::path::PathBuf> {
    let mut watched = Vec::new();
    for guest in app.guests.iter().filter(|guest| matching::only_folder(guest).is_none()) {
        // What is wrong with them is told when they are served.
        let Ok(matched) = matching::matched(guest, root) else { continue };
        watched.extend(matched.sources().map(Path::to_owned));
        watched.extend(matched.folders);
    }
    let args = crate::args::HostArgs::default();
    watched.extend(configure::files(app, &args).map(Path::to_owned));
    watched
}

/// Lets `guest`, and what it is composed with where that inherits it, read `folder`.
pub(crate) fn show(guest: &mut Guest, folder: &Path) {
    let grant = DirGrant { host: folder.to_owned(), guest: ROOT.to_owned(), read_only: true };
    for (component, dependency) in guest.components.iter_mut().zip(&guest.dependencies) {
        if dependency.inherits.has("files") {
            component.grants.dirs.push(grant.clone());
        }
    }
    guest.grants.dirs.push(grant);
}
