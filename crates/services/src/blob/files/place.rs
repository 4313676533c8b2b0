//! The folder with the files of blobs, beside the index.

use std::collections::HashMap;
use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use super::rows;
use super::writer::Fresh;
use crate::StorageError;
use crate::blob::BlobError;
use crate::sqlite::{Database, blocking};

/// The most files that are read and written at once, of each place: they count towards what this process may open.
const MOST_OPEN: usize = 256;
/// How many loose files are looked at in one step.
const SWEEP: u32 = 500;

/// An index, and the folder with the files that it names.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) database: Arc<Database>,
    folder: PathBuf,
    swept: OnceCell<()>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    count: usize,
    read: HashMap<String, Read>,
}

/// A file that is being read.
#[derive(Debug, Default)]
struct Read {
    readers: usize,
    /// Its bytes, if it was removed meanwhile: they are there until the last has read it.
    removed: u64,
}

impl Place {
    pub(super) fn of(database: Arc<Database>) -> Self {
        let mut folder = database.path().as_os_str().to_owned();
        folder.push("-blobs");
        Self { database, folder: folder.into(), swept: OnceCell::new(), open: Mutex::default() }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates the folder and removes what a process that was killed left there, once for each process.
    pub(super) async fn ready(self: &Arc<Self>) -> Result<(), BlobError> {
        let prepared = self.swept.get_or_try_init(|| async {
            // The index first: it creates the folder that both are in.
            self.database.read(|_| Ok::<_, crate::sqlite::Failure<BlobError>>(())).await?;
            let place = Arc::clone(self);
            let created = blocking(move || create_private(&place.folder)).await?;
            created.map_err(|error| self.unusable(&self.folder, &error))?;
            self.sweep().await
        });
        prepared.await.map(drop)
    }

    /// Removes the loose files that nobody is writing.
    pub(super) async fn sweep(self: &Arc<Self>) -> Result<(), BlobError> {
        let mut cursor = String::new();
        loop {
            let after = cursor.clone();
            let files = self.database.read(move |connection| rows::loose_after(connection, &after, SWEEP)).await?;
            let Some(last) = files.last() else { return Ok(()) };
            cursor = last.clone();
            let place = Arc::clone(self);
            let gone = blocking(move || files.into_iter().filter(|file| place.unlink_unlocked(file)).collect()).await?;
            self.forget(gone).await?;
        }
    }

    /// Removes files that are known to be nobody's.
    pub(super) async fn remove(self: &Arc<Self>, files: Vec<String>) -> Result<(), BlobError> {
        if files.is_empty() {
            return Ok(());
        }
        let place = Arc::clone(self);
        let gone = blocking(move || files.into_iter().filter(|file| place.unlink(file)).collect()).await?;
        self.forget(gone).await
    }

    async fn forget(&self, files: Vec<String>) -> Result<(), BlobError> {
        self.database.write(move |transaction| rows::forget(transaction, &files)).await
    }

    /// Whether the file is gone: a writer holds a lock on its file for as long as it lives.
    fn unlink_unlocked(&self, file: &str) -> bool {
        match File::open(self.path(file)) {
            Ok(opened) => opened.try_lock().is_ok() && self.unlink(file),
            Err(error) => error.kind() == ErrorKind::NotFound,
        }
    }

    /// Whether the file is gone. What cannot be removed now is loose until another time.
    fn unlink(&self, file: &str) -> bool {
        let path = self.path(file);
        let size = path.metadata().map_or(0, |metadata| metadata.len());
        match std::fs::remove_file(&path) {
            Ok(()) => {
                if let Some(read) = self.open().read.get_mut(file) {
                    read.removed = size;
                    self.database.beside.grow(size, 0, u64::MAX);
                }
                true
            }
            Err(error) => error.kind() == ErrorKind::NotFound,
        }
    }

    /// A new file, which goes with the value unless the index names it.
    pub(super) fn create(&self) -> Result<Fresh, BlobError> {
        Fresh::create(&self.folder).map_err(|error| self.unusable(&self.folder, &error).into())
    }

    /// Makes the names in the folder survive a loss of power.
    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    pub(super) fn unusable(&self, path: &Path, error: &io::Error) -> StorageError {
        let advice = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space; what was stored is still there",
            ErrorKind::NotFound => "restore a backup: the index names it",
            _ => "make its directory writable for the user Holm runs as, and check the disk it is on",
        };
        let problem = format!("it cannot be used ({error})");
        let error = StorageError::File { file: path.to_owned(), problem, advice };
        self.database.alarm.ring(&error);
        error
    }

    /// A turn at having a file open.
    pub(super) fn turn(self: &Arc<Self>) -> Result<Turn, BlobError> {
        let mut open = self.open();
        if open.count >= MOST_OPEN {
            return Err(BlobError::TooManyOpen);
        }
        open.count += 1;
        Ok(Turn(Arc::clone(self)))
    }

    /// Notes that a file is read, until the value is dropped.
    pub(super) fn reading(self: &Arc<Self>, file: &str) -> Reading {
        self.open().read.entry(file.to_owned()).or_default().readers += 1;
        Reading { place: Arc::clone(self), file: file.to_owned() }
    }
}

fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        created => created,
    }
}

/// A turn at having a file open.
#[derive(Debug)]
pub(super) struct Turn(Arc<Place>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.open().count -= 1;
    }
}

/// A file that is being read.
#[derive(Debug)]
pub(super) struct Reading {
    place: Arc<Place>,
    file: String,
}

impl Reading {
    pub(super) fn path(&self) -> PathBuf {
        self.place.path(&self.file)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut open = self.place.open();
        let Some(read) = open.read.get_mut(&self.file) else { return };
        read.readers -= 1;
        if read.readers == 0 {
            self.place.database.beside.shrink(read.removed);
            open.read.remove(&self.file);
        }
    }
}
