use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use async_trait::async_trait;
use bytes::Bytes;

use super::FileContainer;
use super::place::{Place, Turn};
use super::rows;
use crate::StorageError;
use crate::blob::limits::object_size;
use crate::blob::{BlobError, Writer};
use crate::sqlite::blocking;

type Failure = crate::sqlite::Failure<BlobError>;

/// A file that becomes an object when it is finished. Dropped before, it goes.
pub(super) struct FileWriter {
    container: FileContainer,
    name: String,
    file: Arc<Fresh>,
    size: u64,
    /// What all stores had when this began.
    kept: u64,
    reserved: Reserved,
    _turn: Turn,
}

/// A new file, which goes with the value unless the index names it.
pub(super) struct Fresh {
    file: File,
    path: PathBuf,
    named: AtomicBool,
}

impl Fresh {
    /// A file with a lock on it, which tells others that somebody lives who knows of it.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        let (file, path) = tempfile::Builder::new().prefix("").rand_bytes(20).tempfile_in(folder)?.keep()?;
        let fresh = Self { file, path, named: AtomicBool::new(false) };
        fresh.file.lock()?;
        Ok(fresh)
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.named.load(Relaxed) {
            // If that fails it is loose, and found again.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Bytes that count before the index has them.
struct Reserved {
    place: Arc<Place>,
    bytes: u64,
}

impl Reserved {
    fn grow(&mut self, bytes: u64, kept: u64, limit: u64) -> Result<(), BlobError> {
        if !self.place.database.beside.grow(bytes, kept, limit) {
            return Err(BlobError::Full { limit });
        }
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.place.database.beside.shrink(self.bytes);
    }
}

impl FileWriter {
    pub(super) async fn begin(container: FileContainer, name: &str) -> Result<Self, BlobError> {
        let place = Arc::clone(&container.place);
        let turn = place.turn()?;
        let (id, called, database) = (container.id, container.name.clone(), Arc::clone(&place.database));
        let creating = Arc::clone(&place);
        let (file, kept) = place
            .database
            .write(move |transaction| {
                rows::total(transaction, id, &called)?;
                // Noted as loose before it has bytes: whatever happens after this, somebody finds it.
                let file = creating.create().map_err(Failure::Refused)?;
                rows::loosen(transaction, &file.name())?;
                let kept = database.total(transaction)?.saturating_sub(database.beside.bytes());
                Ok((file, kept))
            })
            .await?;
        let mut reserved = Reserved { place, bytes: 0 };
        reserved.grow(object_size(name, 0), kept, container.limits.max_all)?;
        Ok(Self { container, name: name.to_owned(), file: Arc::new(file), size: 0, kept, reserved, _turn: turn })
    }

    fn unusable(&self, error: &std::io::Error) -> StorageError {
        self.container.place.unusable(&self.file.path, error)
    }

    /// Has the index name the file in place of the one before, which it answers.
    async fn commit(&self) -> Result<Option<String>, BlobError> {
        let (container, name, file) = (self.container.clone(), self.name.clone(), Arc::clone(&self.file));
        let (size, reserved) = (self.size, self.reserved.bytes);
        let place = Arc::clone(&container.place);
        place
            .database
            .write(move |transaction| {
                let FileContainer { place, limits, id, name: called } = container;
                let before = rows::total(transaction, id, &called)?;
                let old = rows::put(transaction, id, &name, &file.name(), size)?;
                let after = rows::total(transaction, id, &called)?;
                limits.check_total(&called, before, after).map_err(Failure::Refused)?;
                let all = place.database.total(transaction)?.saturating_sub(reserved);
                if all > limits.max_all && after > before {
                    return Err(Failure::Refused(BlobError::Full { limit: limits.max_all }));
                }
                // From here on only the index may lose it: this process may end before it hears of its success.
                file.named.store(true, Relaxed);
                Ok(old.map(|old| old.file))
            })
            .await
    }
}

#[async_trait]
impl Writer for FileWriter {
    async fn write(&mut self, piece: Bytes) -> Result<(), BlobError> {
        let length = piece.len() as u64;
        self.container.limits.check_size(self.size + length)?;
        self.reserved.grow(length, self.kept, self.container.limits.max_all)?;
        self.size += length;
        let file = Arc::clone(&self.file);
        let written = blocking(move || (&file.file).write_all(&piece)).await?;
        Ok(written.map_err(|error| self.unusable(&error))?)
    }

    async fn finish(self: Box<Self>) -> Result<(), BlobError> {
        // In a task that nobody can end half-way: between what the index says and what is in the folder.
        let finished = tokio::spawn(self.finish_all());
        finished.await.unwrap_or(Err(StorageError::Stopped.into()))
    }
}

impl FileWriter {
    async fn finish_all(self: Box<Self>) -> Result<(), BlobError> {
        let (file, place) = (Arc::clone(&self.file), Arc::clone(&self.container.place));
        // Before the index names it: after a loss of power it would name a file without bytes.
        let synced = blocking(move || file.file.sync_data().and_then(|()| place.sync())).await?;
        synced.map_err(|error| self.unusable(&error))?;
        let old = self.commit().await?;
        let place = Arc::clone(&self.container.place);
        drop(self);
        place.remove(old.into_iter().collect()).await
    }
}
