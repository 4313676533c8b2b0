use super::limits::{MAX_BATCH_KEYS, MAX_BATCH_VALUES, MAX_KEY, MAX_NAME};
use crate::StorageError;

/// Why a key-value operation failed.
///
/// The display form is for the host's operator and may name files of the host; what a guest may
/// read is [`KvError::guest_message`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KvError {
    /// A store name that is empty or too long.
    #[error("a store name has 1 to {MAX_NAME} bytes, this one has {length}")]
    Name {
        /// Its length in bytes.
        length: usize,
    },
    /// A key longer than [`MAX_KEY`](super::MAX_KEY).
    #[error("the key has {length} bytes; the limit is {MAX_KEY}")]
    KeyTooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A value longer than [`StoreLimits::max_value`](super::StoreLimits::max_value).
    #[error("the value has {length} bytes; the limit is {limit}")]
    ValueTooLarge {
        /// Its length in bytes.
        length: u64,
        /// The most bytes a value may have.
        limit: u64,
    },
    /// The write would take the store over [`StoreLimits::max_total`](super::StoreLimits::max_total).
    #[error("the store `{store}` is full: it may hold {limit} bytes; delete keys or raise the limit")]
    StoreFull {
        /// The store's name.
        store: String,
        /// The most bytes of keys and values it may hold.
        limit: u64,
    },
    /// The write would take all stores together over [`StoreLimits::max_all`](super::StoreLimits::max_all).
    #[error("all stores together may hold {limit} bytes, and are full; delete something or raise the limit `store`")]
    Full {
        /// The most bytes they may hold.
        limit: u64,
    },
    /// A name, or a key, that this store cannot keep.
    #[error("the store `{store}` cannot be kept there: {why}")]
    Unfit {
        /// The store's name.
        store: String,
        /// Why not.
        why: &'static str,
    },
    /// Others wrote to the key again and again meanwhile.
    #[error("the value at `{key}` is written too often to be changed; try again")]
    Contended {
        /// The key.
        key: String,
    },
    /// More keys or values in one call than one call may carry.
    #[error("a batch carries at most {MAX_BATCH_KEYS} keys and {MAX_BATCH_VALUES} bytes of values; split it")]
    BatchTooLarge,
    /// An increment of something that is not a number.
    #[error("the value at `{key}` is not a decimal number, so it cannot be incremented")]
    NotANumber {
        /// The key.
        key: String,
    },
    /// An increment past the range of an `i64`.
    #[error("incrementing the value at `{key}` would overflow a signed 64-bit number")]
    Overflow {
        /// The key.
        key: String,
    },
    /// What keeps the store could not be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl KvError {
    /// The message for a guest: as the display form, without the names of the host's files and servers.
    pub fn guest_message(&self) -> String {
        match self {
            Self::Storage(error) => error.guest_message().to_owned(),
            other => other.to_string(),
        }
    }

    /// Whether the host, not the guest, has something to put right.
    pub fn is_host_fault(&self) -> bool {
        matches!(self, Self::Storage(_))
    }
}
