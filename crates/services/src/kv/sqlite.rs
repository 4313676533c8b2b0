use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, Transaction};

use super::limits;
use super::rows::{self, StoreId};
use super::{KvError, PAGE_KEYS, Page, Store, StoreLimits, Stores, Swap, number};
use crate::sqlite::{Database, SMALL};

type Failure = crate::sqlite::Failure<KvError>;

impl From<KvError> for Failure {
    fn from(error: KvError) -> Self {
        Self::Refused(error)
    }
}

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
    pub(crate) database: Arc<Database>,
    pub(crate) limits: StoreLimits,
}

impl SqliteStores {
    /// Opens the file at `path`, creating it (mode 0600) and its directory (mode 0700) when they
    /// do not exist. Blocks, for milliseconds unless another process holds a lock.
    ///
    /// # Errors
    /// [`StorageError::File`](crate::StorageError::File) when the file cannot be written, is not a
    /// database, is damaged, or belongs to another program or a newer Holm;
    /// [`StorageError::Busy`](crate::StorageError::Busy) when another process keeps it locked. What
    /// is in the file stays as it was.
    pub fn open(path: impl Into<PathBuf>, limits: StoreLimits) -> Result<Self, KvError> {
        Ok(Self { database: Arc::new(Database::open(path)?), limits })
    }

    /// The same stores under other limits.
    pub(crate) fn under(&self, limits: StoreLimits) -> Self {
        Self { limits, ..self.clone() }
    }

    /// Stores in the file at `path`, which is not touched, nor created, before one of them is opened: most guests never
    /// do, and opening takes longer than running many of them.
    pub fn at(path: impl Into<PathBuf>, limits: StoreLimits) -> Self {
        Self { database: Arc::new(Database::at(path)), limits }
    }
}

#[async_trait]
impl Stores for SqliteStores {
    async fn open(&self, name: &str) -> Result<Arc<dyn Store>, KvError> {
        limits::check_name(name)?;
        // Most stores exist already, and finding one takes no write lock.
        let found = match self.database.read_now(|connection| rows::find_store(connection, name).map(Some)).await? {
            Some(found) => found,
            None => {
                let owned = name.to_owned();
                self.database.read(move |connection| rows::find_store(connection, &owned)).await?
            }
        };
        let id = match found {
            Some(id) => id,
            None => {
                let owned = name.to_owned();
                self.database.write(move |transaction| rows::create_store(transaction, &owned)).await?
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
    /// Runs `work`, which returns by how many bytes it made the store grow, then fails and takes it back if that is
    /// beyond the limit.
    async fn limited_write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, StoreId) -> Result<(T, i64), Failure> + Send + 'static,
    ) -> Result<T, KvError> {
        let (id, name, stores) = (self.id, Arc::clone(&self.name), self.stores.clone());
        self.stores.database.write(move |transaction| limited(&stores, &name, id, transaction, work)).await
    }
}

fn limited<T>(
    stores: &SqliteStores,
    name: &str,
    id: StoreId,
    transaction: &Transaction<'_>,
    work: impl FnOnce(&Transaction<'_>, StoreId) -> Result<(T, i64), Failure>,
) -> Result<T, Failure> {
    let limits = &stores.limits;
    let (answer, grown) = work(transaction, id)?;
    if let Ok(grown @ 1..) = u64::try_from(grown) {
        let after = rows::total(transaction, id)?;
        limits.check_total(name, after.saturating_sub(grown), after)?;
        // What all stores have grown by is what this one has.
        if limits.max_all < u64::MAX && stores.database.total(transaction)? > limits.max_all {
            return Err(KvError::Full { limit: limits.max_all }.into());
        }
    }
    Ok(answer)
}

#[async_trait]
impl Store for SqliteStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        limits::check_key(key)?;
        let database = &self.stores.database;
        let read = |connection: &Connection| rows::get_small(connection, self.id, key, SMALL);
        if let Some(value) = database.read_now(read).await? {
            return Ok(value);
        }
        let (id, key) = (self.id, key.to_owned());
        database.read(move |connection| rows::get(connection, id, &key)).await
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), KvError> {
        limits::check_key(key)?;
        self.stores.limits.check_value(&value)?;
        let put = |transaction: &Transaction<'_>| {
            let put = |transaction: &Transaction<'_>, id| Ok(((), rows::put(transaction, id, key, &value)?));
            limited(&self.stores, &self.name, self.id, transaction, put)
        };
        if let Some(done) = self.stores.database.write_now(value.len(), put).await? {
            return Ok(done);
        }
        let key = key.to_owned();
        self.limited_write(move |transaction, id| Ok(((), rows::put(transaction, id, &key, &value)?))).await
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        limits::check_key(key)?;
        let (id, database) = (self.id, &self.stores.database);
        if let Some(done) = database.write_now(0, |transaction| rows::delete(transaction, id, key)).await? {
            return Ok(done);
        }
        let key = key.to_owned();
        database.write(move |transaction| rows::delete(transaction, id, &key)).await
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        limits::check_key(key)?;
        let database = &self.stores.database;
        let read = |connection: &Connection| rows::exists(connection, self.id, key).map(Some);
        if let Some(there) = database.read_now(read).await? {
            return Ok(there);
        }
        let (id, key) = (self.id, key.to_owned());
        database.read(move |connection| rows::exists(connection, id, &key)).await
    }

    async fn list_keys(&self, cursor: Option<&str>) -> Result<Page, KvError> {
        let (id, cursor) = (self.id, cursor.map(str::to_owned));
        let keys = self
            .stores
            .database
            .read(move |connection| rows::keys_after(connection, id, cursor.as_deref(), PAGE_KEYS as u32 + 1))
            .await?;
        Ok(Page::of(keys))
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        limits::check_key(key)?;
        let key = key.to_owned();
        self.limited_write(move |transaction, id| {
            let sum = number::add(&key, rows::get(transaction, id, &key)?.as_deref(), delta)?;
            let grown = rows::put(transaction, id, &key, sum.to_string().as_bytes())?;
            Ok((sum, grown))
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
                return Ok((Swap::Conflict(current), 0));
            }
            Ok((Swap::Done, rows::put(transaction, id, &key, &value)?))
        })
        .await
    }

    async fn get_many(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>, KvError> {
        limits::check_keys(keys.iter())?;
        let id = self.id;
        self.stores
            .database
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
            let grown: Result<i64, Failure> =
                pairs.iter().map(|(key, value)| rows::put(transaction, id, key, value)).sum();
            Ok(((), grown?))
        })
        .await
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        limits::check_keys(keys.iter())?;
        let id = self.id;
        self.stores
            .database
            .write(move |transaction| keys.iter().try_for_each(|key| rows::delete(transaction, id, key)))
            .await
    }
}
