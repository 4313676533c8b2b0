//! Opening the database file, and making sure it is ours before anything in it changes.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::failure::{explain, is_busy};
use crate::StorageError;

/// How long one operation waits for another process.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// "Holm" in ASCII: SQLite's field for telling whose database a file is.
const APPLICATION_ID: i32 = 0x486f_6c6d;
const VERSION: i32 = 2;

/// `bytes` is kept with each write, because adding up a store would read all of it.
const KV: &str = "
    CREATE TABLE stores (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        bytes INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE entries (
        store INTEGER NOT NULL,
        key TEXT NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (store, key)
    ) STRICT;
";

/// What came with version 2. `loose` are files that no object has: they are being written, or wait to be removed.
const BLOB: &str = "
    CREATE TABLE containers (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        created INTEGER NOT NULL,
        bytes INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE objects (
        container INTEGER NOT NULL,
        name TEXT NOT NULL,
        file TEXT NOT NULL,
        size INTEGER NOT NULL,
        created INTEGER NOT NULL,
        PRIMARY KEY (container, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE loose (
        file TEXT NOT NULL PRIMARY KEY
    ) STRICT, WITHOUT ROWID;
";

/// A reader and a writer on the file at `path`.
pub(super) fn open(path: &Path) -> Result<(Connection, Connection), StorageError> {
    create(path)?;
    let explain = |error: rusqlite::Error| explain(&error, path);
    let writer = connect(path).map_err(explain)?;
    prepare(&writer, path)?;
    // What is written ahead is put into the file by `catch_up`, at which nobody waits who must not.
    writer.pragma_update(None, "wal_autocheckpoint", 0).map_err(explain)?;
    let reader = connect(path).map_err(explain)?;
    reader.pragma_update(None, "query_only", true).map_err(explain)?;
    Ok((reader, writer))
}

/// Creates the file before SQLite would, so that it never exists with a wider mode. SQLite gives
/// the journal files the mode of the database.
pub(crate) fn create(path: &Path) -> Result<(), StorageError> {
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_directory(directory).map_err(|error| unusable(directory, "created", &error))?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| unusable(path, "opened for writing", &error))
}

fn create_directory(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

fn unusable(path: &Path, verb: &str, error: &io::Error) -> StorageError {
    StorageError::File {
        file: path.to_owned(),
        problem: format!("it cannot be {verb} ({error})"),
        advice: "make its directory writable for the user Holm runs as, or name another place",
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // Without the URI flag, so that a path starting with `file:` stays a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // NORMAL: in WAL mode a commit is in the kernel's hands when it returns, which a killed process
    // cannot take back; waiting for the disk each time would cost milliseconds a write.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

fn prepare(connection: &Connection, path: &Path) -> Result<(), StorageError> {
    let explain = |error: rusqlite::Error| explain(&error, path);
    let state = settled_state(connection).map_err(explain)?;
    check(state, path)?;
    use_write_ahead_log(connection).map_err(explain)?;
    if state != State::Ours(VERSION) {
        create_schema(connection, path)?;
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Ours(i32),
    Foreign,
}

fn state(connection: &Connection) -> rusqlite::Result<State> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    if application == APPLICATION_ID {
        return Ok(State::Ours(version));
    }
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let untouched = application == 0 && version == 0 && objects == 0;
    Ok(if untouched { State::New } else { State::Foreign })
}

/// The state at one moment: whoever makes the file ours meanwhile must not be seen half-way.
fn settled_state(connection: &Connection) -> rusqlite::Result<State> {
    state(&*connection.unchecked_transaction()?)
}

fn check(state: State, path: &Path) -> Result<(), StorageError> {
    let (problem, advice) = match state {
        State::New | State::Ours(1..=VERSION) => return Ok(()),
        State::Ours(version) => (
            format!("its format is version {version} and this Holm knows {VERSION}"),
            "use the Holm that wrote it, or name another file",
        ),
        State::Foreign => ("the database belongs to another program".to_owned(), "name another file"),
    };
    Err(StorageError::File { file: path.to_owned(), problem, advice })
}

/// Puts what was written ahead into the file, as far as nobody still reads what was there before. Waits for the disk.
pub(super) fn catch_up(writer: &Connection) -> rusqlite::Result<()> {
    writer.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// SQLite does not apply the busy timeout to this switch, so two processes that create the file
/// together would see one of them fail.
pub(crate) fn use_write_ahead_log(connection: &Connection) -> rusqlite::Result<()> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}

fn create_schema(connection: &Connection, path: &Path) -> Result<(), StorageError> {
    let explain = |error: rusqlite::Error| explain(&error, path);
    let transaction =
        rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(explain)?;
    // Another process may have been first.
    let state = state(&transaction).map_err(explain)?;
    check(state, path)?;
    let missing = match state {
        State::New => [KV, BLOB].concat(),
        State::Ours(1) => BLOB.to_owned(),
        _ => String::new(),
    };
    transaction.execute_batch(&missing).map_err(explain)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(explain)?;
    transaction.pragma_update(None, "user_version", VERSION).map_err(explain)?;
    transaction.commit().map_err(explain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_who_create_a_file_together_all_have_it() {
        let directory = tempfile::tempdir().unwrap();
        for round in 0..50 {
            let path = directory.path().join(format!("{round}.db"));
            thread::scope(|scope| {
                let openers: Vec<_> = (0..4).map(|_| scope.spawn(|| open(&path).map(drop))).collect();
                for opener in openers {
                    opener.join().unwrap().unwrap();
                }
            });
        }
    }
}
