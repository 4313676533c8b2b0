//! Key-value stores with the semantics of `wasi:keyvalue@0.2.0-draft2`.
//!
//! A backend ([`Stores`]) holds named stores ([`Store`]); a store maps text keys to bytes. Every
//! write is visible to every later read, in this process and, for backends on disk, in others.

mod error;
mod limits;
mod memory;
#[cfg(feature = "remote")]
mod nats;
mod number;
#[cfg(feature = "remote")]
mod redis;
mod rows;
mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;

pub use error::KvError;
pub use limits::{MAX_BATCH_KEYS, MAX_BATCH_VALUES, MAX_KEY, MAX_NAME, StoreLimits};
pub use memory::MemoryStores;
#[cfg(feature = "remote")]
pub use nats::NatsStores;
#[cfg(feature = "remote")]
pub use redis::RedisStores;
pub use sqlite::SqliteStores;

/// The most keys one [`Page`] holds.
pub const PAGE_KEYS: usize = 1000;

/// A place that keeps named stores.
#[async_trait]
pub trait Stores: Send + Sync {
    /// Opens the store called `name`, creating it empty when it does not exist.
    ///
    /// Names are 1 to [`MAX_NAME`] bytes. Which names a guest may open is not decided here.
    ///
    /// # Errors
    /// [`KvError::Name`] for a name of another length.
    async fn open(&self, name: &str) -> Result<Arc<dyn Store>, KvError>;
}

/// A map from text keys to bytes.
///
/// Keys are at most [`MAX_KEY`] bytes of UTF-8, the empty key included; the limits on values are
/// the backend's [`StoreLimits`]. Each method is atomic. A method whose future is dropped may
/// still take effect.
///
/// # Errors
/// Every method refuses a longer key with [`KvError::KeyTooLong`], and answers
/// [`KvError::Storage`] when what keeps the store cannot be used.
#[async_trait]
pub trait Store: Send + Sync {
    /// The value at `key`, or `None`.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError>;

    /// Puts `value` at `key`, in place of what was there.
    ///
    /// # Errors
    /// [`KvError::ValueTooLarge`] and [`KvError::StoreFull`]; the old value then stays.
    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), KvError>;

    /// Removes `key`. A key that is not there is no error.
    async fn delete(&self, key: &str) -> Result<(), KvError>;

    /// Whether there is a value at `key`.
    async fn exists(&self, key: &str) -> Result<bool, KvError>;

    /// Up to [`PAGE_KEYS`] keys in byte order, starting after `cursor`, or at the first.
    ///
    /// A key that is there from the first page to the last is listed once, whatever is written
    /// meanwhile.
    async fn list_keys(&self, cursor: Option<&str>) -> Result<Page, KvError>;

    /// Adds `delta` to the decimal number at `key`, 0 when there is none, and answers the sum.
    ///
    /// The number is kept as decimal text, as Redis does, so that `get` shows what was counted.
    ///
    /// # Errors
    /// [`KvError::NotANumber`] when the value is not the decimal text of an `i64`,
    /// [`KvError::Overflow`] when the sum would not fit one.
    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError>;

    /// Puts `value` at `key` if the value there equals `expected` (`None`: if there is none).
    ///
    /// Values are compared, not versions: a value that changed and changed back counts as equal.
    ///
    /// # Errors
    /// As for [`set`](Store::set).
    async fn compare_and_swap(&self, key: &str, expected: Option<Vec<u8>>, value: Vec<u8>) -> Result<Swap, KvError>;

    /// The values at `keys`, in the order asked.
    ///
    /// # Errors
    /// [`KvError::BatchTooLarge`] beyond [`MAX_BATCH_KEYS`] keys or [`MAX_BATCH_VALUES`] bytes of
    /// answer.
    async fn get_many(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>, KvError>;

    /// Sets every pair, in order, or none at all.
    ///
    /// # Errors
    /// As for [`set`](Store::set), and [`KvError::BatchTooLarge`] beyond [`MAX_BATCH_KEYS`] pairs
    /// or [`MAX_BATCH_VALUES`] bytes of values.
    async fn set_many(&self, pairs: Vec<(String, Vec<u8>)>) -> Result<(), KvError>;

    /// Removes every key, or none at all.
    ///
    /// # Errors
    /// [`KvError::BatchTooLarge`] beyond [`MAX_BATCH_KEYS`] keys.
    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError>;
}

/// Some of a store's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The keys, in byte order.
    pub keys: Vec<String>,
    /// Where the next page starts; `None` on the last one.
    pub cursor: Option<String>,
}

impl Page {
    /// Makes a page of keys fetched with a limit of [`PAGE_KEYS`] and one: the extra one says that
    /// there is more.
    fn of(mut keys: Vec<String>) -> Self {
        let more = keys.len() > PAGE_KEYS;
        keys.truncate(PAGE_KEYS);
        let cursor = if more { keys.last().cloned() } else { None };
        Self { keys, cursor }
    }
}

/// How a compare-and-swap ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swap {
    /// The new value is in place.
    Done,
    /// Nothing changed, because this is the value that was there.
    Conflict(Option<Vec<u8>>),
}
