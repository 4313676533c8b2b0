//! Every statement that touches the tables of blobs, which `crate::sqlite` makes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension as _, Transaction};

use crate::blob::limits::object_size;
use crate::blob::{BlobError, Info};

type Failure = crate::sqlite::Failure<BlobError>;

/// The number of a container in its file; none is given twice.
pub(super) type ContainerId = i64;

/// An object, and the file that has its bytes.
pub(super) struct Row {
    pub(super) file: String,
    pub(super) info: Info,
}

pub(super) fn find_container(connection: &Connection, name: &str) -> Result<Option<ContainerId>, Failure> {
    let mut select = connection.prepare_cached("SELECT id FROM containers WHERE name = ?1")?;
    Ok(select.query_row([name], |row| row.get(0)).optional()?)
}

/// The container of this name; and whether it is new.
pub(super) fn create_container(transaction: &Transaction<'_>, name: &str) -> Result<(ContainerId, bool), Failure> {
    let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO containers (name, created) VALUES (?1, ?2)")?;
    let new = insert.execute((name, millis(SystemTime::now())))? > 0;
    let id = find_container(transaction, name)?.ok_or_else(|| no_container(name))?;
    Ok((id, new))
}

pub(super) fn created(connection: &Connection, id: ContainerId, name: &str) -> Result<SystemTime, Failure> {
    let mut select = connection.prepare_cached("SELECT created FROM containers WHERE id = ?1")?;
    let created = select.query_row([id], |row| row.get(0)).optional()?;
    created.map(time).ok_or_else(|| no_container(name))
}

/// The bytes of all objects of a container.
pub(super) fn total(connection: &Connection, id: ContainerId, name: &str) -> Result<u64, Failure> {
    let mut select = connection.prepare_cached("SELECT bytes FROM containers WHERE id = ?1")?;
    let bytes: Option<i64> = select.query_row([id], |row| row.get(0)).optional()?;
    bytes.map(|bytes| bytes.max(0).cast_unsigned()).ok_or_else(|| no_container(name))
}

fn no_container(name: &str) -> Failure {
    Failure::Refused(BlobError::NoContainer { name: name.to_owned() })
}

pub(super) fn find(connection: &Connection, id: ContainerId, name: &str) -> Result<Option<Row>, Failure> {
    let mut select =
        connection.prepare_cached("SELECT file, size, created FROM objects WHERE container = ?1 AND name = ?2")?;
    let row = |row: &rusqlite::Row<'_>| {
        let size: i64 = row.get(1)?;
        Ok(Row { file: row.get(0)?, info: Info { size: size.max(0).cast_unsigned(), created: time(row.get(2)?) } })
    };
    Ok(select.query_row((id, name), row).optional()?)
}

/// Puts an object in its place, and answers the one that was there.
pub(super) fn put(
    transaction: &Transaction<'_>,
    id: ContainerId,
    name: &str,
    file: &str,
    size: u64,
) -> Result<Option<Row>, Failure> {
    let old = take(transaction, id, name)?;
    transaction
        .prepare_cached("INSERT INTO objects (container, name, file, size, created) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((id, name, file, size.cast_signed(), millis(SystemTime::now())))?;
    transaction.prepare_cached("DELETE FROM loose WHERE file = ?1")?.execute([file])?;
    grow(transaction, id, object_size(name, size).cast_signed())?;
    Ok(old)
}

/// Takes an object away. Its file is loose then.
pub(super) fn take(transaction: &Transaction<'_>, id: ContainerId, name: &str) -> Result<Option<Row>, Failure> {
    let Some(row) = find(transaction, id, name)? else { return Ok(None) };
    transaction.prepare_cached("DELETE FROM objects WHERE container = ?1 AND name = ?2")?.execute((id, name))?;
    loosen(transaction, &row.file)?;
    grow(transaction, id, -object_size(name, row.info.size).cast_signed())?;
    Ok(Some(row))
}

/// Takes all objects of a container away. Their files are loose then.
pub(super) fn take_all(transaction: &Transaction<'_>, id: ContainerId) -> Result<(), Failure> {
    transaction.execute("INSERT OR IGNORE INTO loose SELECT file FROM objects WHERE container = ?1", [id])?;
    transaction.execute("DELETE FROM objects WHERE container = ?1", [id])?;
    transaction.execute("UPDATE containers SET bytes = 0 WHERE id = ?1", [id])?;
    Ok(())
}

pub(super) fn delete_container(transaction: &Transaction<'_>, id: ContainerId) -> Result<(), Failure> {
    take_all(transaction, id)?;
    transaction.execute("DELETE FROM containers WHERE id = ?1", [id])?;
    Ok(())
}

/// Up to `limit` names in byte order, after `cursor`.
pub(super) fn names_after(
    connection: &Connection,
    id: ContainerId,
    cursor: &str,
    limit: u32,
) -> Result<Vec<String>, Failure> {
    let mut select = connection
        .prepare_cached("SELECT name FROM objects WHERE container = ?1 AND name > ?2 ORDER BY name LIMIT ?3")?;
    let names = select.query_map((id, cursor, limit), |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// Notes a file that no object has.
pub(super) fn loosen(transaction: &Transaction<'_>, file: &str) -> Result<(), Failure> {
    transaction.prepare_cached("INSERT OR IGNORE INTO loose (file) VALUES (?1)")?.execute([file])?;
    Ok(())
}

/// Up to `limit` files that no object has, after `cursor`.
pub(super) fn loose_after(connection: &Connection, cursor: &str, limit: u32) -> Result<Vec<String>, Failure> {
    let mut select = connection.prepare_cached("SELECT file FROM loose WHERE file > ?1 ORDER BY file LIMIT ?2")?;
    let files = select.query_map((cursor, limit), |row| row.get(0))?;
    Ok(files.collect::<Result<_, _>>()?)
}

/// Those of these files that no object has.
pub(super) fn loose_of(connection: &Connection, files: Vec<String>) -> Result<Vec<String>, Failure> {
    let mut select = connection.prepare_cached("SELECT 1 FROM loose WHERE file = ?1")?;
    let mut loose = Vec::with_capacity(files.len());
    for file in files {
        if select.exists([&file])? {
            loose.push(file);
        }
    }
    Ok(loose)
}

/// Forgets files that are removed.
pub(super) fn forget(transaction: &Transaction<'_>, files: &[String]) -> Result<(), Failure> {
    let mut delete = transaction.prepare_cached("DELETE FROM loose WHERE file = ?1")?;
    files.iter().try_for_each(|file| delete.execute([file]).map(drop)).map_err(Failure::from)
}

fn grow(transaction: &Transaction<'_>, id: ContainerId, bytes: i64) -> Result<(), Failure> {
    transaction.prepare_cached("UPDATE containers SET bytes = bytes + ?2 WHERE id = ?1")?.execute((id, bytes))?;
    Ok(())
}

fn millis(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

fn time(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis.max(0).cast_unsigned())
}
