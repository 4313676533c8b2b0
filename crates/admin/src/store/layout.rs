//! Where everything is.
//!
//! ```text
//! lock                         held by the server that has the directory
//! tmp/                         what is being written; emptied when the store is opened
//! blobs/sha256/<hex>           guests
//! blobs/corrupt/<hex>          guests that were found damaged, for whoever wants to know why
//! apps/<name>/<version>.json   one version; never changed once it is there
//! apps/<name>/current          which version is current
//! apps/<name>/stores/          what the app's guests keep; the server's, but it goes with the app
//! ```

use std::path::{Path, PathBuf};

use super::{StoreError, files};
use crate::{AppName, Digest};

/// The paths under one state directory. Names and digests are checked types, so none leaves it.
#[derive(Debug)]
pub(super) struct Layout {
    root: PathBuf,
    pub(super) tmp: PathBuf,
    pub(super) apps: PathBuf,
    pub(super) blobs: PathBuf,
}

impl Layout {
    /// The layout under `root`.
    pub(super) fn new(root: &Path) -> Self {
        let blobs = root.join("blobs").join("sha256");
        Self { root: root.to_owned(), tmp: root.join("tmp"), apps: root.join("apps"), blobs }
    }

    /// Creates what is missing.
    pub(super) fn create(&self) -> Result<(), StoreError> {
        for dir in [&self.tmp, &self.apps, &self.blobs] {
            files::create_dir(dir)?;
            files::sync_parent(dir)?;
        }
        files::sync_parent(&self.apps)
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(super) fn blob(&self, digest: &Digest) -> PathBuf {
        self.blobs.join(digest.hex())
    }

    pub(super) fn corrupt_blob(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs").join("corrupt").join(digest.hex())
    }

    pub(super) fn app(&self, name: &AppName) -> PathBuf {
        self.apps.join(name.as_str())
    }

    pub(super) fn current(&self, name: &AppName) -> PathBuf {
        self.app(name).join("current")
    }

    pub(super) fn record(&self, name: &AppName, version: u64) -> PathBuf {
        self.app(name).join(format!("{version}.json"))
    }

    /// The numbers of the versions that have a file, ascending.
    pub(super) fn versions(&self, name: &AppName) -> Result<Vec<u64>, StoreError> {
        let number = |path: PathBuf| path.file_name()?.to_str()?.strip_suffix(".json")?.parse().ok();
        let mut versions: Vec<u64> = files::entries(&self.app(name))?.into_iter().filter_map(number).collect();
        versions.sort_unstable();
        Ok(versions)
    }
}
