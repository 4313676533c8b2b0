//! Blob stores with the semantics of `wasi:blobstore@0.2.0-draft`: containers of named objects.
//!
//! A backend ([`Containers`]) holds named containers ([`Container`]); a container maps text names to objects of any
//! size, which are read and written in pieces, so that none is ever in memory whole. An object is there as soon as its
//! writer is finished, and then whole; whoever reads one meanwhile goes on reading what was there.

mod copy;
mod error;
mod files;
mod limits;
mod memory;
#[cfg(feature = "remote")]
mod nats;
mod spool;

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

pub use copy::{copy, rename};
pub use error::BlobError;
pub use files::FileContainers;
pub use limits::{BlobLimits, MAX_CONTAINER_NAME, MAX_NAMES, MAX_OBJECT_NAME, OBJECT};
pub use memory::MemoryContainers;
#[cfg(feature = "remote")]
pub use nats::NatsContainers;
pub use spool::{Spool, Spooled, Unspooling};

/// The most names one [`Page`] holds.
pub const PAGE_NAMES: usize = 1000;
/// The most bytes of one piece of an object, in either direction.
pub const PIECE: usize = 64 << 10;

/// A place that keeps named containers.
///
/// Names are 1 to [`MAX_CONTAINER_NAME`] bytes. Which names a guest may use is not decided here.
#[async_trait]
pub trait Containers: Send + Sync {
    /// The container called `name`; `None` if there is none.
    async fn open(&self, name: &str) -> Result<Option<Arc<dyn Container>>, BlobError>;

    /// The container called `name`, which is created empty if there is none; and whether it was.
    async fn create(&self, name: &str) -> Result<(Arc<dyn Container>, bool), BlobError>;

    /// Removes a container with all its objects. One that is not there is no error.
    async fn delete(&self, name: &str) -> Result<(), BlobError>;
}

/// A map from text names to objects.
///
/// Names of objects are 1 to [`MAX_OBJECT_NAME`] bytes of UTF-8. A method whose future is dropped may still take effect.
///
/// # Errors
/// Every method answers [`BlobError::NoContainer`] when the container was deleted, [`BlobError::Name`] for a name of
/// another length, and [`BlobError::Storage`] when what keeps it cannot be used.
#[async_trait]
pub trait Container: Send + Sync {
    /// Its name.
    fn name(&self) -> &str;

    /// When it was created.
    async fn created(&self) -> Result<SystemTime, BlobError>;

    /// What is known of an object; `None` if there is none.
    async fn info(&self, name: &str) -> Result<Option<Info>, BlobError>;

    /// Reads the bytes of an object from `start` to `end`, both included; what lies beyond its end is left out.
    ///
    /// # Errors
    /// [`BlobError::NoObject`]; [`BlobError::Range`] for one that ends before it starts.
    async fn read(&self, name: &str, start: u64, end: u64) -> Result<Box<dyn Reader>, BlobError>;

    /// Begins to write an object, in place of what is there under this name. Nothing changes before
    /// [`Writer::finish`]; a writer that is dropped leaves no trace.
    async fn write(&self, name: &str) -> Result<Box<dyn Writer>, BlobError>;

    /// Up to [`PAGE_NAMES`] names of objects in byte order, starting after `cursor`, or at the first.
    ///
    /// A name that is there from the first page to the last is listed once, whatever is written meanwhile.
    async fn list(&self, cursor: Option<&str>) -> Result<Page, BlobError>;

    /// Removes objects, of which up to [`MAX_NAMES`] may be named. Those that are not there are no error.
    async fn delete(&self, names: Vec<String>) -> Result<(), BlobError>;

    /// Removes all objects.
    async fn clear(&self) -> Result<(), BlobError>;
}

/// The bytes of an object, or of a part of it, as they were when reading began.
#[async_trait]
pub trait Reader: Send {
    /// How many bytes there are in all.
    fn size(&self) -> u64;

    /// The next piece, of 1 to [`PIECE`] bytes; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, BlobError>;
}

/// An object that is being written.
#[async_trait]
pub trait Writer: Send {
    /// Adds a piece, of up to [`PIECE`] bytes.
    ///
    /// # Errors
    /// [`BlobError::TooLarge`], [`BlobError::ContainerFull`] and [`BlobError::Full`]. Nothing more can be written then.
    async fn write(&mut self, piece: Bytes) -> Result<(), BlobError>;

    /// Puts the object in its place.
    ///
    /// # Errors
    /// As for [`write`](Writer::write). What was there before then stays.
    async fn finish(self: Box<Self>) -> Result<(), BlobError>;
}

/// What is known of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info {
    /// In bytes.
    pub size: u64,
    /// When it was written.
    pub created: SystemTime,
}

/// Some of a container's names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The names, in byte order.
    pub names: Vec<String>,
    /// Where the next page starts; `None` on the last one.
    pub cursor: Option<String>,
}

impl Page {
    /// Makes a page of names fetched with a limit of [`PAGE_NAMES`] and one: the extra one says that there is more.
    fn of(mut names: Vec<String>) -> Self {
        let more = names.len() > PAGE_NAMES;
        names.truncate(PAGE_NAMES);
        let cursor = if more { names.last().cloned() } else { None };
        Self { names, cursor }
    }
}
