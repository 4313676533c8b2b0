use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::limits::{self, entry_size};
use super::{KvError, PAGE_KEYS, Page, Store, StoreLimits, Stores, Swap, number};

/// Stores in this process's memory, gone when it ends.
#[derive(Debug, Default)]
pub struct MemoryStores {
    limits: StoreLimits,
    stores: Mutex<HashMap<String, Arc<MemoryStore>>>,
}

impl MemoryStores {
    /// A backend without stores.
    pub fn new(limits: StoreLimits) -> Self {
        Self { limits, stores: Mutex::default() }
    }
}

#[async_trait]
impl Stores for MemoryStores {
    async fn open(&self, name: &str) -> Result<Arc<dyn Store>, KvError> {
        limits::check_name(name)?;
        let mut stores = lock(&self.stores);
        let store = stores.entry(name.to_owned()).or_insert_with(|| Arc::new(MemoryStore::new(name, self.limits)));
        Ok(Arc::clone(store) as Arc<dyn Store>)
    }
}

#[derive(Debug)]
struct MemoryStore {
    name: String,
    limits: StoreLimits,
    entries: Mutex<Entries>,
}

impl MemoryStore {
    fn new(name: &str, limits: StoreLimits) -> Self {
        Self { name: name.to_owned(), limits, entries: Mutex::default() }
    }

    fn put(&self, entries: &mut Entries, key: &str, value: Vec<u8>) -> Result<(), KvError> {
        let total = entries.total_with(key, value.len());
        self.limits.check_total(&self.name, entries.total, total)?;
        entries.values.insert(key.to_owned(), value);
        entries.total = total;
        Ok(())
    }

    /// The store's size after all of `pairs`, each of which counts once, with its last value.
    fn check_all(&self, entries: &Entries, pairs: &[(String, Vec<u8>)]) -> Result<(), KvError> {
        let last: HashMap<&str, usize> = pairs.iter().map(|(key, value)| (key.as_str(), value.len())).collect();
        let after = last
            .iter()
            .fold(entries.total, |total, (key, length)| total - entries.size_of(key) + entry_size(key, *length));
        self.limits.check_total(&self.name, entries.total, after)
    }
}

#[derive(Debug, Default)]
struct Entries {
    values: BTreeMap<String, Vec<u8>>,
    total: u64,
}

impl Entries {
    fn size_of(&self, key: &str) -> u64 {
        self.values.get(key).map_or(0, |value| entry_size(key, value.len()))
    }

    fn total_with(&self, key: &str, length: usize) -> u64 {
        self.total - self.size_of(key) + entry_size(key, length)
    }

    fn remove(&mut self, key: &str) {
        self.total -= self.size_of(key);
        self.values.remove(key);
    }
}

// A panic while the lock is held leaves entries that are each whole; refusing them all would turn
// one guest's failure into everybody's.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        limits::check_key(key)?;
        Ok(lock(&self.entries).values.get(key).cloned())
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), KvError> {
        limits::check_key(key)?;
        self.limits.check_value(&value)?;
        self.put(&mut lock(&self.entries), key, value)
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        limits::check_key(key)?;
        lock(&self.entries).remove(key);
        Ok(())
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        limits::check_key(key)?;
        Ok(lock(&self.entries).values.contains_key(key))
    }

    async fn list_keys(&self, cursor: Option<&str>) -> Result<Page, KvError> {
        let start = cursor.map_or(Bound::Unbounded, Bound::Excluded);
        let entries = lock(&self.entries);
        let keys = entries.values.range::<str, _>((start, Bound::Unbounded));
        Ok(Page::of(keys.map(|(key, _)| key.clone()).take(PAGE_KEYS + 1).collect()))
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        limits::check_key(key)?;
        let mut entries = lock(&self.entries);
        let sum = number::add(key, entries.values.get(key).map(Vec::as_slice), delta)?;
        self.put(&mut entries, key, sum.to_string().into_bytes())?;
        Ok(sum)
    }

    async fn compare_and_swap(&self, key: &str, expected: Option<Vec<u8>>, value: Vec<u8>) -> Result<Swap, KvError> {
        limits::check_key(key)?;
        self.limits.check_value(&value)?;
        let mut entries = lock(&self.entries);
        let current = entries.values.get(key);
        if current != expected.as_ref() {
            return Ok(Swap::Conflict(current.cloned()));
        }
        self.put(&mut entries, key, value)?;
        Ok(Swap::Done)
    }

    async fn get_many(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>, KvError> {
        limits::check_keys(keys.iter())?;
        let mut batch = limits::Batch::default();
        let entries = lock(&self.entries);
        keys.iter()
            .map(|key| {
                let value = entries.values.get(key);
                batch.add(value.map_or(0, Vec::len))?;
                Ok(value.cloned())
            })
            .collect()
    }

    async fn set_many(&self, pairs: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        limits::check_pairs(&pairs, &self.limits)?;
        let mut entries = lock(&self.entries);
        self.check_all(&entries, &pairs)?;
        for (key, value) in pairs {
            entries.total = entries.total_with(&key, value.len());
            entries.values.insert(key, value);
        }
        Ok(())
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        limits::check_keys(keys.iter())?;
        let mut entries = lock(&self.entries);
        for key in &keys {
            entries.remove(key);
        }
        Ok(())
    }
}
