use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::limits::{self, entry_size};
use super::{KvError, PAGE_KEYS, Page, Store, StoreLimits, Stores, Swap, number};
use crate::tally::Tally;

/// What an entry counts beside its key and value towards what all stores may have: what leads to it takes room as well.
const ENTRY: u64 = 128;

/// Stores in this process's memory, gone when it ends. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MemoryStores {
    limits: StoreLimits,
    stores: Arc<Mutex<HashMap<String, Arc<Mutex<Entries>>>>>,
    total: Arc<Tally>,
}

impl MemoryStores {
    /// A backend without stores.
    pub fn new(limits: StoreLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// A backend without stores, whose bytes are counted in `total`.
    pub(crate) fn counted(total: &Arc<Tally>) -> Self {
        Self { total: Arc::clone(total), ..Self::default() }
    }

    /// The same stores under other limits.
    pub(crate) fn under(&self, limits: StoreLimits) -> Self {
        Self { limits, ..self.clone() }
    }
}

#[async_trait]
impl Stores for MemoryStores {
    async fn open(&self, name: &str) -> Result<Arc<dyn Store>, KvError> {
        limits::check_name(name)?;
        let mut stores = lock(&self.stores);
        let entries = Arc::clone(stores.entry(name.to_owned()).or_default());
        Ok(Arc::new(MemoryStore {
            name: name.to_owned(),
            limits: self.limits,
            entries,
            total: Arc::clone(&self.total),
        }))
    }
}

#[derive(Debug)]
struct MemoryStore {
    name: String,
    limits: StoreLimits,
    entries: Arc<Mutex<Entries>>,
    /// Of all stores in memory.
    total: Arc<Tally>,
}

impl MemoryStore {
    /// Makes room for a write that takes the store to `after` bytes, with `new` keys that are not there yet.
    fn make_room(&self, entries: &mut Entries, after: u64, new: usize) -> Result<(), KvError> {
        let before = entries.total;
        self.limits.check_total(&self.name, before, after)?;
        let grown = after + new as u64 * ENTRY;
        if grown <= before {
            self.total.shrink(before - grown);
        } else if !self.total.grow(grown - before, 0, self.limits.max_all) {
            return Err(KvError::Full { limit: self.limits.max_all });
        }
        entries.total = after;
        Ok(())
    }

    fn put(&self, entries: &mut Entries, key: &str, value: Vec<u8>) -> Result<(), KvError> {
        let after = entries.total - entries.size_of(key) + entry_size(key, value.len());
        self.make_room(entries, after, usize::from(!entries.values.contains_key(key)))?;
        entries.values.insert(key.to_owned(), value);
        Ok(())
    }

    fn remove(&self, entries: &mut Entries, key: &str) {
        let size = entries.size_of(key);
        if entries.values.remove(key).is_some() {
            entries.total -= size;
            self.total.shrink(size + ENTRY);
        }
    }

    /// The store's size after all of `pairs`, each of which counts once, with its last value; and how many are new.
    fn size_with(entries: &Entries, pairs: &[(String, Vec<u8>)]) -> (u64, usize) {
        let last: HashMap<&str, usize> = pairs.iter().map(|(key, value)| (key.as_str(), value.len())).collect();
        let with = |total, (key, length): (&&str, &usize)| total - entries.size_of(key) + entry_size(key, *length);
        let new = last.keys().filter(|key| !entries.values.contains_key(**key)).count();
        (last.iter().fold(entries.total, with), new)
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
        self.remove(&mut lock(&self.entries), key);
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
        let (after, new) = Self::size_with(&entries, &pairs);
        self.make_room(&mut entries, after, new)?;
        entries.values.extend(pairs);
        Ok(())
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        limits::check_keys(keys.iter())?;
        let mut entries = lock(&self.entries);
        for key in &keys {
            self.remove(&mut entries, key);
        }
        Ok(())
    }
}
