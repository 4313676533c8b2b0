//! One connection to a file, which guests have one after the other.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use super::lockdown::{self, Watch};
use super::run::{self, Sink};
use super::{SqlError, Value};
use crate::StorageError;
use crate::sqlite::{self, Failure};

/// An open connection.
pub(super) struct Session {
    connection: Connection,
    watch: Arc<Watch>,
    /// How many bytes its file may have, as it was last told.
    room: u64,
}

/// What a statement did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Did {
    /// The row it inserted last, if it inserts.
    pub(super) rowid: Option<i64>,
    /// How many rows it changed, if it changes any.
    pub(super) changes: Option<u64>,
}

impl Session {
    /// Opens the file at `path`, which is made, with its folder, if it is not there.
    pub(super) fn open(path: &Path) -> Result<Self, StorageError> {
        sqlite::create(path)?;
        Self::connect(path).map_err(|error| sqlite::explain(&error, path))
    }

    fn connect(path: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        sqlite::use_write_ahead_log(&connection)?;
        // As for Holm's own file: a commit is in the kernel's hands when it returns.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        // Whoever waits for another guest does so without a thread.
        connection.busy_timeout(Duration::ZERO)?;
        let watch = Arc::<Watch>::default();
        lockdown::apply(&mut connection, &watch)?;
        Ok(Self { connection, watch, room: u64::MAX })
    }

    /// Lets the file have so many bytes, which cannot be less than it has.
    pub(super) fn allow(&mut self, room: u64) -> rusqlite::Result<()> {
        if room == self.room {
            return Ok(());
        }
        let size: i64 = self.connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        // The most that SQLite knows of (https://www.sqlite.org/limits.html).
        let pages = (room / size.max(1).cast_unsigned()).clamp(1, 4_294_967_294).cast_signed();
        self.watch.ours.store(true, Relaxed);
        let told = self.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()));
        self.watch.ours.store(false, Relaxed);
        self.room = room;
        told
    }

    /// Runs one statement, for `time` at most, unless `stop` is set.
    pub(super) fn run(
        &mut self,
        statement: &str,
        parameters: &[Value],
        time: Duration,
        stop: &Arc<AtomicBool>,
        sink: &mut dyn Sink,
    ) -> Result<Did, Failure<SqlError>> {
        let deadline = Instant::now() + time;
        self.watch.begin(Arc::clone(stop), deadline);
        let ran = run::run(&self.connection, &self.watch, statement, parameters, sink);
        if let Err(error) = ran {
            return Err(self.judge(error, time, stop));
        }
        let rowid = self.watch.inserts.load(Relaxed).then(|| self.connection.last_insert_rowid());
        let changes = self.watch.writes.load(Relaxed).then(|| self.connection.changes());
        Ok(Did { rowid, changes })
    }

    fn judge(&self, failure: Failure<SqlError>, time: Duration, stop: &AtomicBool) -> Failure<SqlError> {
        use rusqlite::ErrorCode as Code;
        let Failure::Sql(error) = failure else { return failure };
        Failure::Refused(match error.sqlite_error_code() {
            Some(Code::OperationInterrupted) if stop.load(Relaxed) => SqlError::Interrupted,
            Some(Code::OperationInterrupted) => SqlError::Slow { seconds: time.as_secs() },
            // Its own bound is far more often reached than the disk's.
            Some(Code::DiskFull) if self.room < u64::MAX => SqlError::Full { limit: self.room },
            Some(Code::AuthorizationForStatementDenied) => match self.watch.take_refused() {
                Some(why) => SqlError::Statement(format!("not authorized: {why}")),
                None => SqlError::Statement(error.to_string()),
            },
            // The file's owner has to hear of these.
            Some(
                Code::DatabaseCorrupt
                | Code::NotADatabase
                | Code::CannotOpen
                | Code::PermissionDenied
                | Code::ReadOnly
                | Code::DiskFull
                | Code::SystemIoFailure
                | Code::DatabaseBusy
                | Code::DatabaseLocked,
            ) => return Failure::Sql(error),
            _ => SqlError::Statement(short(&error.to_string())),
        })
    }

    /// Whether another guest finds it as if it were new. A transaction that is open is taken back.
    pub(super) fn is_clean(&self) -> bool {
        let settled = self.connection.is_autocommit() || self.connection.execute_batch("ROLLBACK").is_ok();
        settled && !self.watch.marked.load(Relaxed)
    }

    /// Whether a transaction is open.
    pub(super) fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }
}

/// The words of an error, which may repeat the whole statement.
fn short(text: &str) -> String {
    match text.char_indices().nth(2000) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}
