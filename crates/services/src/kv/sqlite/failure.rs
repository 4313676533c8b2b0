use std::path::Path;

use rusqlite::ErrorCode;

use super::file::BUSY_TIMEOUT;
use crate::kv::KvError;

/// What went wrong inside a piece of blocking work, which does not know its file's name.
#[derive(Debug)]
pub(super) enum Failure {
    Sql(rusqlite::Error),
    Kv(KvError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<KvError> for Failure {
    fn from(error: KvError) -> Self {
        Self::Kv(error)
    }
}

impl Failure {
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Self::Sql(error) if is_busy(error))
    }

    pub(super) fn into_error(self, file: &Path) -> KvError {
        match self {
            Self::Kv(error) => error,
            Self::Sql(error) if is_busy(&error) => {
                KvError::Busy { file: file.to_owned(), seconds: BUSY_TIMEOUT.as_secs() }
            }
            Self::Sql(error) => {
                let (problem, advice) = explain(&error);
                KvError::File { file: file.to_owned(), problem, advice }
            }
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn explain(error: &rusqlite::Error) -> (String, &'static str) {
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
