use super::KvError;

/// The most bytes a store's name may have.
pub const MAX_NAME: usize = 255;
/// The most bytes a key may have.
pub const MAX_KEY: usize = 1024;
/// The most keys one batch call may carry.
pub const MAX_BATCH_KEYS: usize = 1000;
/// The most bytes of values one batch call may carry, in or out.
// A batch is held in memory whole, once here and once in the guest.
pub const MAX_BATCH_VALUES: u64 = 64 << 20;

/// How much a backend keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreLimits {
    /// The most bytes one value may have.
    pub max_value: u64,
    /// The most bytes the keys and values of one store may have together. What a backend needs
    /// beside them (indexes, journals) is not counted.
    pub max_total: u64,
    /// The most bytes that everything kept in the same place may have: all stores, and blobs, of one file, or all of
    /// those in memory.
    pub max_all: u64,
}

impl Default for StoreLimits {
    /// 16 MiB a value, 1 GiB a store, as many stores as there is room for.
    fn default() -> Self {
        Self { max_value: 16 << 20, max_total: 1 << 30, max_all: u64::MAX }
    }
}

impl StoreLimits {
    pub(super) fn check_value(&self, value: &[u8]) -> Result<(), KvError> {
        let length = value.len() as u64;
        if length > self.max_value {
            return Err(KvError::ValueTooLarge { length, limit: self.max_value });
        }
        Ok(())
    }

    /// Checks a write that takes a store from `before` to `after` bytes. One that makes it no
    /// larger passes even over the limit: the limit may have been lowered since.
    pub(super) fn check_total(&self, store: &str, before: u64, after: u64) -> Result<(), KvError> {
        if after > self.max_total && after > before {
            return Err(KvError::StoreFull { store: store.to_owned(), limit: self.max_total });
        }
        Ok(())
    }
}

/// What an entry counts towards a store's total.
pub(super) fn entry_size(key: &str, value_length: usize) -> u64 {
    key.len() as u64 + value_length as u64
}

pub(super) fn check_name(name: &str) -> Result<(), KvError> {
    if name.is_empty() || name.len() > MAX_NAME {
        return Err(KvError::Name { length: name.len() });
    }
    Ok(())
}

pub(super) fn check_key(key: &str) -> Result<(), KvError> {
    if key.len() > MAX_KEY {
        return Err(KvError::KeyTooLong { length: key.len() });
    }
    Ok(())
}

pub(super) fn check_keys<'a>(keys: impl ExactSizeIterator<Item = &'a String>) -> Result<(), KvError> {
    if keys.len() > MAX_BATCH_KEYS {
        return Err(KvError::BatchTooLarge);
    }
    for key in keys {
        check_key(key)?;
    }
    Ok(())
}

pub(super) fn check_pairs(pairs: &[(String, Vec<u8>)], limits: &StoreLimits) -> Result<(), KvError> {
    check_keys(pairs.iter().map(|(key, _)| key))?;
    let mut batch = Batch::default();
    for (_, value) in pairs {
        limits.check_value(value)?;
        batch.add(value.len())?;
    }
    Ok(())
}

/// Counts the bytes of values in one batch.
#[derive(Default)]
pub(super) struct Batch(u64);

impl Batch {
    pub(super) fn add(&mut self, length: usize) -> Result<(), KvError> {
        self.0 += length as u64;
        if self.0 > MAX_BATCH_VALUES {
            return Err(KvError::BatchTooLarge);
        }
        Ok(())
    }
}
