//! Deployed apps on disk.
//!
//! Guests are blobs under their SHA-256 digests. Each version of an app is one file that never
//! changes, and a small file says which version is current; changing that file, by a rename, is the
//! moment a deploy or a rollback happens. Every file is synced before it gets its name, and every
//! directory after, so a process killed at any step, or a machine without power, leaves the old
//! version or the new one.
//!
//! Everything here blocks on the disk: in asynchronous code, call it from `spawn_blocking`.

mod apps;
mod blobs;
mod collect;
mod error;
mod files;
mod layout;
mod lock;
mod record;
mod scan;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::AppName;

pub use blobs::{BlobWriter, Stored};
pub use collect::Collected;
pub use error::StoreError;
pub use record::{Draft, Guest, Record};
pub use scan::Problem;

use error::failed;
use layout::Layout;
use lock::Lock;

/// What a store keeps.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many versions of each app to keep, the newest ones; the current one always stays.
    pub keep_versions: usize,
    /// How long a blob stays after it was uploaded, asked for or deployed, needed or not.
    pub blob_grace: Duration,
}

impl Default for Options {
    /// 10 versions, one hour.
    fn default() -> Self {
        Self { keep_versions: 10, blob_grace: Duration::from_secs(3600) }
    }
}

/// The deployed apps of one state directory, which no other process has while this lives.
///
/// In memory it holds the names of the apps and two numbers for each, no more.
#[derive(Debug)]
pub struct Store {
    layout: Layout,
    options: Options,
    index: Mutex<BTreeMap<AppName, Entry>>,
    /// Held by whoever changes the disk, so that readers of `index` never wait for it.
    writing: Arc<Mutex<()>>,
    problems: Mutex<Vec<Problem>>,
    _lock: Lock,
}

/// An app in the index.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The version to serve; `None` when none is whole.
    current: Option<u64>,
    /// See [`record::Pointer::latest`].
    latest: u64,
}

impl Store {
    /// Opens the store in `dir`, creating it when it is missing, with the default [`Options`].
    ///
    /// # Errors
    /// See [`open_with`](Self::open_with).
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_with(dir, Options::default())
    }

    /// Opens the store in `dir`, creating it when it is missing.
    ///
    /// An app whose current version is damaged, or lacks a guest, goes back to the newest earlier
    /// version that is whole; [`problems`](Self::problems) then says so. Guests are compared by
    /// size here; [`read_blob`](Self::read_blob) compares every byte.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Exposed`], [`StoreError::Full`], [`StoreError::Io`].
    pub fn open_with(dir: &Path, options: Options) -> Result<Self, StoreError> {
        files::create_dir(dir)?;
        let mode = fs::metadata(dir).map_err(failed("look at", dir))?.permissions().mode() & 0o777;
        if mode & 0o022 != 0 {
            return Err(StoreError::Exposed { dir: dir.to_owned(), mode });
        }
        let layout = Layout::new(dir);
        let lock = Lock::take(&layout)?;
        layout.create()?;
        files::empty(&layout.tmp)?;
        let (index, problems) = scan::scan(&layout)?;
        let (index, problems) = (Mutex::new(index), Mutex::new(problems));
        Ok(Self { layout, options, index, writing: Arc::default(), problems, _lock: lock })
    }

    /// Where it is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.layout.root()
    }

    /// The folder of an app in the store that is in `dir`: there while the app is deployed, and removed with all that is
    /// in it when the app is. What its guests keep may lie there, in `stores`.
    #[must_use]
    pub fn app_dir(dir: &Path, name: &AppName) -> PathBuf {
        Layout::new(dir).app(name)
    }

    /// Where the blob of `digest` is, or would be. Its bytes may not be what they should:
    /// [`read_blob`](Self::read_blob) checks that.
    #[must_use]
    pub fn blob_path(&self, digest: &crate::Digest) -> PathBuf {
        self.layout.blob(digest)
    }

    /// What was found damaged, in the order it was found.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        locked(&self.problems).clone()
    }

    /// The right to change the disk.
    fn begin(&self) -> MutexGuard<'_, ()> {
        locked(&self.writing)
    }

    fn entry(&self, name: &AppName) -> Option<Entry> {
        locked(&self.index).get(name).copied()
    }

    fn set_entry(&self, name: &AppName, entry: Entry) {
        locked(&self.index).insert(name.clone(), entry);
    }
}

/// Locks what no panic can leave half changed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
