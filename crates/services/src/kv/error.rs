use std::path::PathBuf;

use super::limits::{MAX_BATCH_KEYS, MAX_BATCH_VALUES, MAX_KEY, MAX_NAME};

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
    /// Another process kept the file locked for too long.
    #[error("{}: locked by another process for over {seconds} s; try again, or find who holds it", file.display())]
    Busy {
        /// The database file.
        file: PathBuf,
        /// How long the lock was waited for.
        seconds: u64,
    },
    /// The runtime that would have done the work is shutting down.
    #[error("the host is shutting down")]
    Stopped,
    /// The file cannot be used. Nothing in it was removed.
    #[error("{}: {problem}; {advice}", file.display())]
    File {
        /// The database file, or the directory it should be in.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What its owner can do.
        advice: &'static str,
    },
}

impl KvError {
    /// The message for a guest: as the display form, without the names of the host's files.
    pub fn guest_message(&self) -> String {
        match self {
            Self::Busy { .. } => "the key-value store is busy; try again".to_owned(),
            Self::File { .. } => "the key-value store is unavailable".to_owned(),
            other => other.to_string(),
        }
    }

    /// Whether the host, not the guest, has something to put right.
    pub fn is_host_fault(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::File { .. } | Self::Stopped)
    }
}
