//! What apps made for Spin need beside what all apps do.

pub(crate) mod archive;
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
