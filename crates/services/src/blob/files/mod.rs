//! Blobs in files: their names in an SQLite file, their bytes in a file each, in a folder beside it.
//
// Not in the database: what is read from a file is there until it was read, even when the object is replaced meanwhile,
// and large objects neither pass through the write-ahead log nor hold up other writers.

mod place;
mod reader;
mod rows;
mod writer;

use std::fs::File;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use super::limits::{self, MAX_NAMES};
use super::{BlobError, BlobLimits, Container, Containers, Info, PAGE_NAMES, Page, Reader, Writer};
use crate::sqlite::{Database, blocking};
use place::Place;
use reader::FileReader;
use rows::{ContainerId, Row};
use writer::FileWriter;

/// Containers whose index is an SQLite file, and whose objects are files in the folder `FILE-blobs`. Many processes may
/// use them at once; the same file may hold key-value stores.
///
/// An object that was answered as written survives the death of the process, and a power failure leaves every object
/// whole or as it was. The files must be on a local disk. Nothing is opened or created before it is used.
///
/// Must be used within a tokio runtime, of either kind. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct FileContainers {
    place: Arc<Place>,
    limits: BlobLimits,
}

impl FileContainers {
    /// Containers in the file at `path`, which is not touched yet.
    pub fn at(path: impl Into<PathBuf>, limits: BlobLimits) -> Self {
        Self::of(Arc::new(Database::at(path)), limits)
    }

    pub(crate) fn of(database: Arc<Database>, limits: BlobLimits) -> Self {
        Self { place: Arc::new(Place::of(database)), limits }
    }

    /// The same containers under other limits.
    pub(crate) fn under(&self, limits: BlobLimits) -> Self {
        Self { limits, ..self.clone() }
    }

    fn container(&self, name: &str, id: ContainerId) -> Arc<dyn Container> {
        Arc::new(FileContainer { place: Arc::clone(&self.place), limits: self.limits, name: name.to_owned(), id })
    }
}

#[async_trait]
impl Containers for FileContainers {
    async fn open(&self, name: &str) -> Result<Option<Arc<dyn Container>>, BlobError> {
        limits::check_container(name)?;
        self.place.ready().await?;
        let owned = name.to_owned();
        let found = self.place.database.read(move |connection| rows::find_container(connection, &owned)).await?;
        Ok(found.map(|id| self.container(name, id)))
    }

    async fn create(&self, name: &str) -> Result<(Arc<dyn Container>, bool), BlobError> {
        // Most exist already, and finding one takes no write lock.
        if let Some(found) = self.open(name).await? {
            return Ok((found, false));
        }
        let owned = name.to_owned();
        let created = self.place.database.write(move |transaction| rows::create_container(transaction, &owned));
        let (id, new) = created.await?;
        Ok((self.container(name, id), new))
    }

    async fn delete(&self, name: &str) -> Result<(), BlobError> {
        limits::check_container(name)?;
        self.place.ready().await?;
        let owned = name.to_owned();
        let deleted = self.place.database.write(move |transaction| {
            let found = rows::find_container(transaction, &owned)?;
            found.map_or(Ok(()), |id| rows::delete_container(transaction, id))
        });
        deleted.await?;
        self.place.sweep().await
    }
}

#[derive(Debug, Clone)]
struct FileContainer {
    place: Arc<Place>,
    limits: BlobLimits,
    name: String,
    id: ContainerId,
}

impl FileContainer {
    async fn find(&self, name: &str) -> Result<Option<Row>, BlobError> {
        limits::check_object(name)?;
        let (id, container, name) = (self.id, self.name.clone(), name.to_owned());
        let found = self.place.database.read(move |connection| match rows::find(connection, id, &name)? {
            Some(row) => Ok(Some(row)),
            None => rows::total(connection, id, &container).map(|_| None),
        });
        found.await
    }
}

#[async_trait]
impl Container for FileContainer {
    fn name(&self) -> &str {
        &self.name
    }

    async fn created(&self) -> Result<SystemTime, BlobError> {
        let (id, name) = (self.id, self.name.clone());
        self.place.database.read(move |connection| rows::created(connection, id, &name)).await
    }

    async fn info(&self, name: &str) -> Result<Option<Info>, BlobError> {
        Ok(self.find(name).await?.map(|row| row.info))
    }

    async fn read(&self, name: &str, start: u64, end: u64) -> Result<Box<dyn Reader>, BlobError> {
        let turn = self.place.turn()?;
        let mut gone = None;
        loop {
            let found = self.find(name).await?.ok_or_else(|| BlobError::NoObject { name: name.to_owned() })?;
            let (at, size) = limits::part(found.info.size, start, end)?;
            let reading = self.place.reading(&found.file);
            let path = reading.path();
            match blocking(move || File::open(path)).await? {
                Ok(file) => {
                    let (place, file) = (Arc::clone(&self.place), Arc::new(file));
                    return Ok(Box::new(FileReader { place, file, size, at, left: size, reading, _turn: turn }));
                }
                // Somebody put another in its place since, as long as it is another each time.
                Err(error) if error.kind() == ErrorKind::NotFound && gone.as_ref() != Some(&found.file) => {
                    gone = Some(found.file);
                }
                Err(error) => return Err(self.place.unusable(&reading.path(), &error).into()),
            }
        }
    }

    async fn write(&self, name: &str) -> Result<Box<dyn Writer>, BlobError> {
        limits::check_object(name)?;
        Ok(Box::new(FileWriter::begin(self.clone(), name).await?))
    }

    async fn list(&self, cursor: Option<&str>) -> Result<Page, BlobError> {
        let (id, name) = (self.id, self.name.clone());
        // No name is empty.
        let cursor = cursor.unwrap_or_default().to_owned();
        let names = self.place.database.read(move |connection| {
            rows::total(connection, id, &name)?;
            rows::names_after(connection, id, &cursor, PAGE_NAMES as u32 + 1)
        });
        Ok(Page::of(names.await?))
    }

    async fn delete(&self, names: Vec<String>) -> Result<(), BlobError> {
        limits::check_objects(&names)?;
        let (id, container) = (self.id, self.name.clone());
        let taken = self.place.database.write(move |transaction| {
            rows::total(transaction, id, &container)?;
            let mut files = Vec::with_capacity(names.len().min(MAX_NAMES));
            for name in &names {
                files.extend(rows::take(transaction, id, name)?.map(|row| row.file));
            }
            Ok(files)
        });
        let files = taken.await?;
        self.place.remove(files).await
    }

    async fn clear(&self) -> Result<(), BlobError> {
        let (id, name) = (self.id, self.name.clone());
        let taken = self.place.database.write(move |transaction| {
            rows::total(transaction, id, &name)?;
            rows::take_all(transaction, id)
        });
        taken.await?;
        self.place.sweep().await
    }
}
