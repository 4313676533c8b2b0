// SQLite rather than an embedded store that one process owns (redb, sled): a server, a `holm run`
// beside it and a second server taking over from the first all open the same file at once.

mod failure;
mod file;
mod rows;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::Mutex;

use super::limits;
use super::{KvError, PAGE_KEYS, Page, Store, StoreLimits, Stores, Swap, number};
use failure::Failure;
use rows::StoreId;

/// Stores in one SQLite file, which many processes may open at once.
///
/// A write that was answered survives the death of the process, `kill -9` included. A power
/// failure may lose the last writes, but leaves the file whole. The file must be on a local disk:
/// SQLite's write-ahead log shares memory between processes, and a network file system cannot.
///
/// The methods of this type's [`Store`]s must be called within a tokio runtime, of either kind.
/// Cloning is cheap and shares the connections.
#[derive(Debug, Clone)]
pub struct SqliteStores {
    path: Arc<Path>,
    limits: StoreLimits,
    // Reads have a connection of their own, so that they never wait for a write that itself waits
    // for another process. The locks are tokio's so that waiters are tasks and not threads.
    reader: Arc<Mutex<Connection>>,
    writer: Arc<Mutex<Connection>>,
}

impl SqliteStores {
    /// Opens the file at `path`, creating it (mode 0600) and its directory (mode 0700) when they
    /// do not exist. Blocks, for milliseconds unless another process holds a lock.
    ///
    /// # Errors
    /// [`KvError::File`] when the file cannot be written, is not a database, is damaged, or
    /// belongs to another program or a newer Holm; [`KvError::Busy`] when another process keeps it
    /// locked. What is in the file stays as it was.
    pub fn open(path: impl Into<PathBuf>, limits: StoreLimits) -> Result<Self, KvError> {
        let path = path.into();
        let (reader, writer) = file::open(&path)?;
        Ok(Self {
            path: path.into(),
            limits,
            reader: Arc::new(Mutex::new(reader)),
            writer: Arc::new(Mutex::new(writer)),
        })
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, KvError> {
        let connection = Arc::clone(&self.reader).lock_owned().await;
        self.blocking(move || work(&connection)).await
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, KvError> {
        let mut connection = Arc::clone(&self.writer).lock_owned().await;
        self.blocking(move || {
            // Immediate: a transaction that reads first and then finds another process writing
            // could only fail, where this one waits its turn.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let answer = work(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, KvError> {
        match tokio::task::spawn_blocking(work).await {
            Ok(answer) => answer.map_err(|failure| failure.into_error(&self.path)),
            Err(join) => match join.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(KvError::Stopped),
            },
        }
    }
}

#[async_trait]
impl Stores for SqliteStores {
    async fn open(&self, name: &str) -> Result<Arc<dyn Store>, KvError> {
        limits::check_name(name)?;
        let owned = name.to_owned();
        // Most stores exist already, and finding one takes no write lock.
        let found = self.read(move |connection| rows::find_store(connection, &owned)).await?;
        let id = match found {
            Some(id) => id,
            None => {
                let owned = name.to_owned();
                self.write(move |transaction| rows::create_store(transaction, &owned)).await?
            }
        };
        Ok(Arc::new(SqliteStore { stores: self.clone(), name: name.into(), id }))
    }
}

struct SqliteStore {
    stores: SqliteStores,
    name: Arc<str>,
    id: StoreId,
}

impl SqliteStore {
    /// Runs `work`, then fails and takes it back if the store has grown beyond its limit.
    async fn limited_write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, StoreId) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, KvError> {
        let (id, name, limits) = (self.id, Arc::clone(&self.name), self.stores.limits);
        self.stores
            .write(move |transaction| {
                let before = rows::total(transaction, id)?;
                let answer = work(transaction, id)?;
                limits.check_total(&name, before, rows::total(transaction, id)?)?;
                Ok(answer)
            })
            .await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        limits::check_key(key)?;
        let (id, key) = (self.id, key.to_owned());
        self.stores.read(move |connection| rows::get(connection, id, &key)).await
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), KvError> {
        limits::check_key(key)?;
        self.stores.limits.check_value(&value)?;
        let key = key.to_owned();
        self.limited_write(move |transaction, id| rows::put(transaction, id, &key, &value)).await
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        limits::check_key(key)?;
        let (id, key) = (self.id, key.to_owned());
        self.stores.write(move |transaction| rows::delete(transaction, id, &key)).await
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        limits::check_key(key)?;
        let (id, key) = (self.id, key.to_owned());
        self.stores.read(move |connection| rows::exists(connection, id, &key)).await
    }

    async fn list_keys(&self, cursor: Option<&str>) -> Result<Page, KvError> {
        let (id, cursor) = (self.id, cursor.map(str::to_owned));
        let keys = self
            .stores
            .read(move |connection| rows::keys_after(connection, id, cursor.as_deref(), PAGE_KEYS as u32 + 1))
            .await?;
        Ok(Page::of(keys))
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        limits::check_key(key)?;
        let key = key.to_owned();
        self.limited_write(move |transaction, id| {
            let sum = number::add(&key, rows::get(transaction, id, &key)?.as_deref(), delta)?;
            rows::put(transaction, id, &key, sum.to_string().as_bytes())?;
            Ok(sum)
        })
        .await
    }

    async fn compare_and_swap(&self, key: &str, expected: Option<Vec<u8>>, value: Vec<u8>) -> Result<Swap, KvError> {
        limits::check_key(key)?;
        self.stores.limits.check_value(&value)?;
        let key = key.to_owned();
        self.limited_write(move |transaction, id| {
            let current = rows::get(transaction, id, &key)?;
            if current != expected {
                return Ok(Swap::Conflict(current));
            }
            rows::put(transaction, id, &key, &value)?;
            Ok(Swap::Done)
        })
        .await
    }

    async fn get_many(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>, KvError> {
        limits::check_keys(keys.iter())?;
        let id = self.id;
        self.stores
            .read(move |connection| {
                // One snapshot for all of them.
                let snapshot = connection.unchecked_transaction()?;
                let mut batch = limits::Batch::default();
                keys.iter()
                    .map(|key| {
                        let value = rows::get(&snapshot, id, key)?;
                        batch.add(value.as_ref().map_or(0, Vec::len))?;
                        Ok(value)
                    })
                    .collect()
            })
            .await
    }

    async fn set_many(&self, pairs: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        limits::check_pairs(&pairs, &self.stores.limits)?;
        self.limited_write(move |transaction, id| {
            pairs.iter().try_for_each(|(key, value)| rows::put(transaction, id, key, value))
        })
        .await
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        limits::check_keys(keys.iter())?;
        let id = self.id;
        self.stores.write(move |transaction| keys.iter().try_for_each(|key| rows::delete(transaction, id, key))).await
    }
}
