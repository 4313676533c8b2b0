use super::limits::{MAX_CONTAINER_NAME, MAX_NAMES, MAX_OBJECT_NAME};
use crate::StorageError;

/// Why an operation on blobs failed.
///
/// The display form is for the host's operator and may name files and servers of the host; what a guest may read is
/// [`BlobError::guest_message`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// A container's name that is empty or too long.
    #[error("the name of a container has 1 to {MAX_CONTAINER_NAME} bytes, this one has {length}")]
    ContainerName {
        /// Its length in bytes.
        length: usize,
    },
    /// An object's name that is empty or too long.
    #[error("the name of an object has 1 to {MAX_OBJECT_NAME} bytes, this one has {length}")]
    Name {
        /// Its length in bytes.
        length: usize,
    },
    /// There is no such container, or it was deleted.
    #[error("there is no container `{name}`")]
    NoContainer {
        /// Its name.
        name: String,
    },
    /// There is no such object.
    #[error("there is no object `{name}`")]
    NoObject {
        /// Its name.
        name: String,
    },
    /// A range that ends before it starts.
    #[error("the range from {start} to {end} ends before it starts")]
    Range {
        /// Its first byte.
        start: u64,
        /// Its last byte.
        end: u64,
    },
    /// More names in one call than one call may carry.
    #[error("one call deletes at most {MAX_NAMES} objects; split it")]
    TooMany,
    /// An object larger than [`BlobLimits::max_object`](super::BlobLimits::max_object).
    #[error("an object may have {limit} bytes, and this one has more")]
    TooLarge {
        /// The most bytes an object may have.
        limit: u64,
    },
    /// The object would take its container over [`BlobLimits::max_total`](super::BlobLimits::max_total).
    #[error("the container `{name}` is full: it may hold {limit} bytes; delete objects or raise the limit")]
    ContainerFull {
        /// The container's name.
        name: String,
        /// The most bytes its objects may have.
        limit: u64,
    },
    /// The object would take all stores together over [`BlobLimits::max_all`](super::BlobLimits::max_all).
    #[error("all stores together may hold {limit} bytes, and are full; delete something or raise the limit `store`")]
    Full {
        /// The most bytes they may have.
        limit: u64,
    },
    /// More objects read and written at once than there may be.
    #[error("too many objects are read and written at once; finish some")]
    TooManyOpen,
    /// A name that this place cannot have.
    #[error("the container `{name}` cannot be kept there: {why}")]
    Unfit {
        /// The container's name.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// What keeps the containers could not be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl BlobError {
    /// The message for a guest: as the display form, without the names of the host's files and servers.
    pub fn guest_message(&self) -> String {
        match self {
            Self::Storage(error) => error.guest_message().to_owned(),
            other => other.to_string(),
        }
    }
}
