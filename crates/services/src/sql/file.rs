//! A file that holds one database, for all guests of an app.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::session::Session;
use crate::StorageError;
use crate::alarm::{Alarm, Report};
use crate::sqlite;
use crate::told::Told;

/// How many statements of one file run at once, each on a thread. Some functions of SQLite cannot be interrupted, so a
/// hostile app may keep as many busy for a while.
const AT_ONCE: usize = 8;
/// How many connections that nobody uses stay open. Opening one costs more than most statements.
const IDLE: usize = 4;
/// How much longer than the database its log may be. It grows while somebody reads and others write.
const LOG_SLACK: u64 = 64 << 20;

/// The file.
pub(crate) struct DatabaseFile {
    pub(super) path: PathBuf,
    log: PathBuf,
    /// A folder that must be there for the file to be made.
    inside: Option<PathBuf>,
    idle: Mutex<Vec<Session>>,
    pub(super) running: Arc<Semaphore>,
    pub(super) alarm: Alarm,
    /// Told of what guests are refused.
    pub(super) told: Arc<Told>,
}

impl DatabaseFile {
    /// The file at `path`, which is opened when it is first used.
    pub(crate) fn at(path: &Path, inside: Option<&Path>, report: Option<Report>, told: &Arc<Told>) -> Self {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        Self {
            path: path.to_owned(),
            log: log.into(),
            inside: inside.map(ToOwned::to_owned),
            idle: Mutex::default(),
            running: Arc::new(Semaphore::new(AT_ONCE)),
            alarm: Alarm::new(report),
            told: Arc::clone(told),
        }
    }

    /// A connection that nobody uses. Blocks.
    pub(super) fn session(&self) -> Result<Session, StorageError> {
        if let Some(idle) = self.lock().pop() {
            return Ok(idle);
        }
        match &self.inside {
            Some(folder) if !folder.is_dir() => Err(sqlite::gone(folder.clone())),
            _ => Session::open(&self.path).inspect_err(|error| self.alarm.ring(error)),
        }
    }

    /// Whether its log has outgrown what the database may have.
    pub(super) fn log_is_full(&self, room: u64) -> bool {
        std::fs::metadata(&self.log).is_ok_and(|log| log.len() > room.saturating_add(LOG_SLACK))
    }

    /// Takes a connection back, if another guest finds it as new. Blocks.
    pub(super) fn give_back(&self, session: Session) {
        if session.is_clean() {
            let mut idle = self.lock();
            if idle.len() < IDLE {
                idle.push(session);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last to close a file tidies up in it, for which the task that lets go of an idle app must not wait.
impl Drop for DatabaseFile {
    fn drop(&mut self) {
        let idle = std::mem::take(&mut *self.lock());
        if let (false, Ok(runtime)) = (idle.is_empty(), Handle::try_current()) {
            runtime.spawn_blocking(move || drop(idle));
        }
    }
}
