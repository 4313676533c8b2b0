use std::path::Path;

use rusqlite::ErrorCode;

use super::file::BUSY_TIMEOUT;
use crate::StorageError;

/// What went wrong inside a piece of blocking work, which does not know its file's name.
#[derive(Debug)]
pub(crate) enum Failure<E> {
    Sql(rusqlite::Error),
    Refused(E),
}

impl<E> From<rusqlite::Error> for Failure<E> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// An SQLite error on `file`, for whoever owns it.
pub(crate) fn explain(error: &rusqlite::Error, file: &Path) -> StorageError {
    let file = file.to_owned();
    if is_busy(error) {
        return StorageError::Busy { file, seconds: BUSY_TIMEOUT.as_secs() };
    }
    let (problem, advice) = describe(error);
    StorageError::File { file, problem, advice }
}

pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn describe(error: &rusqlite::Error) -> (String, &'static str) {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            ("this is not an SQLite database".to_owned(), "name another file, or move this one away")
        }
        Some(ErrorCode::DatabaseCorrupt) => (
            format!("the database is damaged ({error})"),
            "restore a backup, or save what can be read with `sqlite3 FILE .recover`",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => (
            format!("the database cannot be written ({error})"),
            "make the file and its directory writable for the user Holm runs as",
        ),
        Some(ErrorCode::DiskFull) => ("the disk is full".to_owned(), "free some space; what was stored is still there"),
        Some(ErrorCode::SystemIoFailure) => (format!("reading or writing failed ({error})"), "check the disk it is on"),
        _ => (format!("the database refused ({error})"), "please report this as a bug in Holm"),
    }
}
