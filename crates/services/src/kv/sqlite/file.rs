//! Opening the database file, and making sure it is ours before anything in it changes.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::failure::Failure;
use super::rows::SCHEMA;
use crate::kv::KvError;

/// How long one operation waits for another process.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// "Holm" in ASCII: SQLite's field for telling whose database a file is.
const APPLICATION_ID: i32 = 0x486f_6c6d;
const VERSION: i32 = 1;

/// A reader and a writer on the file at `path`.
pub(super) fn open(path: &Path) -> Result<(Connection, Connection), KvError> {
    create(path)?;
    let writer = connect(path).map_err(|failure| failure.into_error(path))?;
    prepare(&writer, path)?;
    let reader = connect(path).map_err(|failure| failure.into_error(path))?;
    reader.pragma_update(None, "query_only", true).map_err(|e| Failure::from(e).into_error(path))?;
    Ok((reader, writer))
}

/// Creates the file before SQLite would, so that it never exists with a wider mode. SQLite gives
/// the journal files the mode of the database.
fn create(path: &Path) -> Result<(), KvError> {
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

fn unusable(path: &Path, verb: &str, error: &io::Error) -> KvError {
    KvError::File {
        file: path.to_owned(),
        problem: format!("it cannot be {verb} ({error})"),
        advice: "make its directory writable for the user Holm runs as, or name another place",
    }
}

fn connect(path: &Path) -> Result<Connection, Failure> {
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

fn prepare(connection: &Connection, path: &Path) -> Result<(), KvError> {
    let explain = |failure: Failure| failure.into_error(path);
    let state = state(connection).map_err(explain)?;
    check(state, path)?;
    use_write_ahead_log(connection).map_err(explain)?;
    if state == State::New {
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

fn state(connection: &Connection) -> Result<State, Failure> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    if application == APPLICATION_ID {
        return Ok(State::Ours(version));
    }
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let untouched = application == 0 && version == 0 && objects == 0;
    Ok(if untouched { State::New } else { State::Foreign })
}

fn check(state: State, path: &Path) -> Result<(), KvError> {
    let (problem, advice) = match state {
        State::New | State::Ours(VERSION) => return Ok(()),
        State::Ours(version) => (
            format!("its format is version {version} and this Holm knows {VERSION}"),
            "use the Holm that wrote it, or name another file",
        ),
        State::Foreign => ("the database belongs to another program".to_owned(), "name another file"),
    };
    Err(KvError::File { file: path.to_owned(), problem, advice })
}

/// SQLite does not apply the busy timeout to this switch, so two processes that create the file
/// together would see one of them fail.
fn use_write_ahead_log(connection: &Connection) -> Result<(), Failure> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        let switched = connection.pragma_update(None, "journal_mode", "WAL").map_err(Failure::from);
        match switched {
            Err(failure) if failure.is_busy() && Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}

fn create_schema(connection: &Connection, path: &Path) -> Result<(), KvError> {
    let explain = |error: rusqlite::Error| Failure::from(error).into_error(path);
    let transaction =
        rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(explain)?;
    // Another process may have been first.
    let state = state(&transaction).map_err(|failure| failure.into_error(path))?;
    check(state, path)?;
    if state == State::New {
        transaction.execute_batch(SCHEMA).map_err(explain)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(explain)?;
        transaction.pragma_update(None, "user_version", VERSION).map_err(explain)?;
    }
    transaction.commit().map_err(explain)
}
