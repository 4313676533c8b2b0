use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;

use crate::alarm::Report;
use crate::blob::{BlobError, BlobLimits, Container, Containers, FileContainers};
use crate::kv::{KvError, SqliteStores, Store, StoreLimits, Stores};
use crate::sqlite::Database;

/// What is open, for as long as somebody holds it.
pub(super) struct Opened<K, T: ?Sized>(Mutex<Vec<(K, Weak<T>)>>);

impl<K, T: ?Sized> Default for Opened<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + PartialEq, T: ?Sized> Opened<K, T> {
    /// What is open at `key`; else what `open` answers.
    pub(super) fn get(&self, key: &K, open: impl FnOnce() -> Arc<T>) -> Arc<T> {
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        opened.retain(|(_, held)| held.strong_count() > 0);
        let found = opened.iter().find(|(known, _)| known == key).and_then(|(_, held)| held.upgrade());
        found.unwrap_or_else(|| {
            let new = open();
            opened.push((key.clone(), Arc::downgrade(&new)));
            new
        })
    }
}

/// Stores of both kinds in one file.
pub(super) struct Files {
    kv: SqliteStores,
    blob: FileContainers,
}

impl Files {
    pub(super) fn at(path: &Path, inside: Option<&Path>, report: Option<Report>) -> Self {
        let database = Arc::new(Database::at(path).inside(inside, report));
        let blob = FileContainers::of(Arc::clone(&database), BlobLimits::default());
        Self { kv: SqliteStores { database, limits: StoreLimits::default() }, blob }
    }

    /// Its key-value stores under these limits.
    pub(super) fn kv(self: Arc<Self>, limits: StoreLimits) -> KvIn {
        KvIn { stores: self.kv.under(limits), _held: self }
    }

    /// Its containers under these limits.
    pub(super) fn blob(self: Arc<Self>, limits: BlobLimits) -> BlobIn {
        BlobIn { containers: self.blob.under(limits), _held: self }
    }
}

/// Key-value stores of a file that stays open with them.
pub(super) struct KvIn {
    stores: SqliteStores,
    _held: Arc<Files>,
}

#[async_trait]
impl Stores for KvIn {
    async fn open(&self, name: &str) -> Result<Arc<dyn Store>, KvError> {
        self.stores.open(name).await
    }
}

/// Containers of a file that stays open with them.
pub(super) struct BlobIn {
    containers: FileContainers,
    _held: Arc<Files>,
}

#[async_trait]
impl Containers for BlobIn {
    async fn open(&self, name: &str) -> Result<Option<Arc<dyn Container>>, BlobError> {
        self.containers.open(name).await
    }

    async fn create(&self, name: &str) -> Result<(Arc<dyn Container>, bool), BlobError> {
        self.containers.create(name).await
    }

    async fn delete(&self, name: &str) -> Result<(), BlobError> {
        self.containers.delete(name).await
    }
}
