//! Every statement that touches the tables of key-value stores, which `crate::sqlite` makes.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::KvError;
use super::limits::entry_size;

type Failure = crate::sqlite::Failure<KvError>;

/// The number of a store in its file.
pub(super) type StoreId = i64;

pub(super) fn find_store(connection: &Connection, name: &str) -> Result<Option<StoreId>, Failure> {
    let mut select = connection.prepare_cached("SELECT id FROM stores WHERE name = ?1")?;
    Ok(select.query_row([name], |row| row.get(0)).optional()?)
}

pub(super) fn create_store(transaction: &Transaction<'_>, name: &str) -> Result<StoreId, Failure> {
    // Another process may have created it since it was looked for.
    transaction.execute("INSERT OR IGNORE INTO stores (name) VALUES (?1)", [name])?;
    Ok(transaction.query_row("SELECT id FROM stores WHERE name = ?1", [name], |row| row.get(0))?)
}

/// The bytes of all keys and values of a store.
pub(super) fn total(transaction: &Transaction<'_>, store: StoreId) -> Result<u64, Failure> {
    let mut select = transaction.prepare_cached("SELECT bytes FROM stores WHERE id = ?1")?;
    let bytes: i64 = select.query_row([store], |row| row.get(0))?;
    Ok(bytes.max(0).cast_unsigned())
}

pub(super) fn get(connection: &Connection, store: StoreId, key: &str) -> Result<Option<Vec<u8>>, Failure> {
    let mut select = connection.prepare_cached("SELECT value FROM entries WHERE store = ?1 AND key = ?2")?;
    Ok(select.query_row((store, key), |row| row.get(0)).optional()?)
}

/// As [`get`]; `None` if the value has more than `most` bytes.
pub(super) fn get_small(
    connection: &Connection,
    store: StoreId,
    key: &str,
    most: usize,
) -> Result<Option<Option<Vec<u8>>>, Failure> {
    let mut select = connection.prepare_cached(
        "SELECT CASE WHEN length(value) <= ?3 THEN value END FROM entries WHERE store = ?1 AND key = ?2",
    )?;
    let found: Option<Option<Vec<u8>>> = select.query_row((store, key, most as i64), |row| row.get(0)).optional()?;
    Ok(match found {
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
        None => Some(None),
    })
}

pub(super) fn exists(connection: &Connection, store: StoreId, key: &str) -> Result<bool, Failure> {
    Ok(value_length(connection, store, key)?.is_some())
}

/// Returns by how many bytes the store has grown.
pub(super) fn put(transaction: &Transaction<'_>, store: StoreId, key: &str, value: &[u8]) -> Result<i64, Failure> {
    let old = size_of(transaction, store, key)?;
    transaction
        .prepare_cached(
            "INSERT INTO entries (store, key, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (store, key) DO UPDATE SET value = excluded.value",
        )?
        .execute((store, key, value))?;
    grow(transaction, store, entry_size(key, value.len()).cast_signed() - old)
}

pub(super) fn delete(transaction: &Transaction<'_>, store: StoreId, key: &str) -> Result<(), Failure> {
    let old = size_of(transaction, store, key)?;
    transaction.prepare_cached("DELETE FROM entries WHERE store = ?1 AND key = ?2")?.execute((store, key))?;
    grow(transaction, store, -old)?;
    Ok(())
}

/// Up to `limit` keys in byte order, after `cursor`.
pub(super) fn keys_after(
    connection: &Connection,
    store: StoreId,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Vec<String>, Failure> {
    let mut select = connection.prepare_cached(
        "SELECT key FROM entries WHERE store = ?1 AND key >= ?2 AND key IS NOT ?3
         ORDER BY key LIMIT ?4",
    )?;
    // `>=` and a second test rather than `>`: without a cursor the empty key must be found too.
    let from = cursor.unwrap_or("");
    let keys = select.query_map((store, from, cursor, limit), |row| row.get(0))?;
    Ok(keys.collect::<Result<_, _>>()?)
}

fn value_length(connection: &Connection, store: StoreId, key: &str) -> Result<Option<u32>, Failure> {
    let mut select = connection.prepare_cached("SELECT length(value) FROM entries WHERE store = ?1 AND key = ?2")?;
    Ok(select.query_row((store, key), |row| row.get(0)).optional()?)
}

fn size_of(transaction: &Transaction<'_>, store: StoreId, key: &str) -> Result<i64, Failure> {
    let length = value_length(transaction, store, key)?;
    Ok(length.map_or(0, |length| entry_size(key, length as usize).cast_signed()))
}

fn grow(transaction: &Transaction<'_>, store: StoreId, bytes: i64) -> Result<i64, Failure> {
    // Many a value is replaced by one as long, and the total is on a page of its own.
    if bytes != 0 {
        transaction.prepare_cached("UPDATE stores SET bytes = bytes + ?2 WHERE id = ?1")?.execute((store, bytes))?;
    }
    Ok(bytes)
}
