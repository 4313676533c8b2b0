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
/// How many loose files are looked at in one step, all of them open.
const SWEEP: u32 = 100;

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
            self.remove_abandoned(files).await?;
        }
    }

    /// Removes those of these files that were loose a moment ago, if they still are and nobody is writing them.
    async fn remove_abandoned(self: &Arc<Self>, files: Vec<String>) -> Result<(), BlobError> {
        let place = Arc::clone(self);
        let locked: Vec<Locked> =
            blocking(move || files.into_iter().filter_map(|name| place.lock(name)).collect()).await?;
        let names: Vec<String> = locked.iter().map(|locked| locked.name.clone()).collect();
        // Whoever wrote one may have had the index name it before the lock was to be had. From here on nobody can.
        let loose = self.database.read(move |connection| rows::loose_of(connection, names)).await?;
        let place = Arc::clone(self);
        let gone = blocking(move || {
            let gone = loose.into_iter().filter(|name| place.unlink(name)).collect();
            drop(locked);
            gone
        });
        self.forget(gone.await?).await
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

    /// Takes the lock on a file, which its writer holds for as long as it lives. A file that is gone needs none.
    fn lock(&self, name: String) -> Option<Locked> {
        match File::open(self.path(&name)) {
            Ok(file) => file.try_lock().is_ok().then_some(Locked { name, _file: Some(file) }),
            Err(error) => (error.kind() == ErrorKind::NotFound).then_some(Locked { name, _file: None }),
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

/// A file that nobody writes for as long as this is there.
struct Locked {
    name: String,
    _file: Option<File>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::{BlobLimits, Containers as _, FileContainers};

    #[tokio::test]
    async fn a_file_that_was_loose_when_somebody_looked_and_is_an_object_now_stays() {
        let directory = tempfile::tempdir().unwrap();
        let containers = FileContainers::at(directory.path().join("stores.db"), BlobLimits::default());
        let (container, _) = containers.create("images").await.unwrap();
        let mut writer = container.write("a").await.unwrap();
        writer.write("content".into()).await.unwrap();
        let place = Arc::clone(&containers.place);
        let loose = || place.database.read(|connection| rows::loose_after(connection, "", SWEEP));
        let seen = loose().await.unwrap();
        assert_eq!(seen.len(), 1);
        place.remove_abandoned(seen.clone()).await.unwrap();
        assert_eq!(loose().await.unwrap(), seen, "somebody writes it");
        writer.finish().await.unwrap();
        place.remove_abandoned(seen).await.unwrap();
        let mut reader = container.read("a", 0, u64::MAX).await.unwrap();
        assert_eq!(reader.next().await.unwrap().unwrap(), "content");
    }

    #[tokio::test]
    async fn a_loose_file_goes_whether_it_is_there_or_not() {
        let directory = tempfile::tempdir().unwrap();
        let containers = FileContainers::at(directory.path().join("stores.db"), BlobLimits::default());
        containers.create("images").await.unwrap();
        let place = Arc::clone(&containers.place);
        std::fs::write(place.path("here"), "x").unwrap();
        let loosen = |transaction: &rusqlite::Transaction<'_>| {
            rows::loosen(transaction, "here")?;
            rows::loosen(transaction, "missing")
        };
        place.database.write(loosen).await.unwrap();
        place.sweep().await.unwrap();
        assert!(!place.path("here").exists());
        let loose = place.database.read(|connection| rows::loose_after(connection, "", SWEEP)).await.unwrap();
        assert_eq!(loose, Vec::<String>::new());
    }
}
