//! Databases in files of this machine.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;

use super::file::DatabaseFile;
use super::run::{Collect, HandOn, Sink};
use super::session::{Did, Session};
use super::{Answer, Connection, Rows, SqlError, Value, check_given};
use crate::StorageError;
use crate::sqlite::{Failure, blocking, explain, is_busy};
use crate::streamed;

/// How long one statement may take.
const TIME: Duration = Duration::from_secs(30);
/// How long one waits for others that write.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it looks whether they are done, at first and in the end.
const LOOKS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// A connection of one guest, which has its session from the first statement on.
pub(super) struct EmbeddedConnection {
    core: Arc<Core>,
}

struct Core {
    file: Arc<DatabaseFile>,
    /// How many bytes the file may have.
    room: u64,
    session: Arc<Mutex<Option<Session>>>,
    rowid: AtomicI64,
    changes: AtomicU64,
}

impl EmbeddedConnection {
    pub(super) fn new(file: Arc<DatabaseFile>, room: u64) -> Self {
        let (rowid, changes) = (AtomicI64::new(0), AtomicU64::new(0));
        Self { core: Arc::new(Core { file, room, session: Arc::default(), rowid, changes }) }
    }
}

#[async_trait]
impl Connection for EmbeddedConnection {
    async fn execute(&self, statement: String, parameters: Vec<Value>) -> Result<Answer, SqlError> {
        check_given(&statement, &parameters)?;
        let stop = Stop::default();
        let sink = self.core.run(statement, parameters, &stop, Collect::default()).await?;
        Ok(sink.answer)
    }

    async fn stream(&self, statement: String, parameters: Vec<Value>) -> Result<Rows, SqlError> {
        check_given(&statement, &parameters)?;
        let (source, coming) = streamed::channel();
        let core = Arc::clone(&self.core);
        tokio::spawn(async move {
            let (stop, gone) = (Stop::default(), source.rows.clone());
            let columns = Arc::new(StdMutex::new(Some(source.columns)));
            let sink = Coming { columns: Arc::clone(&columns), rows: source.rows };
            let ended = tokio::select! {
                ended = core.run(statement, parameters, &stop, sink) => ended.map(drop),
                () = gone.closed() => Err(SqlError::Interrupted),
            };
            let waiting = columns.lock().unwrap_or_else(PoisonError::into_inner).take();
            match (waiting, ended) {
                // It failed before there was anything.
                (Some(waiting), Err(error)) => drop(waiting.send(Err(error))),
                (_, ended) => drop(source.end.send(ended)),
            }
        });
        coming.columns(|| SqlError::Storage(StorageError::Stopped)).await
    }

    fn last_insert_rowid(&self) -> i64 {
        self.core.rowid.load(Relaxed)
    }

    fn changes(&self) -> u64 {
        self.core.changes.load(Relaxed)
    }
}

/// Who waits for the names of columns.
type Waiting = tokio::sync::oneshot::Sender<Result<Vec<String>, SqlError>>;

/// A sink of rows whose columns somebody waits for, over several attempts.
struct Coming {
    columns: Arc<StdMutex<Option<Waiting>>>,
    rows: tokio::sync::mpsc::Sender<Vec<Value>>,
}

impl Sink for Coming {
    fn columns(&mut self, columns: Vec<String>) -> Result<(), SqlError> {
        let waiting = self.columns.lock().unwrap_or_else(PoisonError::into_inner).take();
        HandOn { columns: waiting, rows: self.rows.clone() }.columns(columns)
    }

    fn room(&self) -> u64 {
        super::MAX_RESULT
    }

    fn row(&mut self, row: Vec<Value>, _: u64) -> Result<(), SqlError> {
        self.rows.blocking_send(row).map_err(|_| SqlError::Interrupted)
    }
}

/// Interrupts a statement when it is dropped.
#[derive(Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

impl Core {
    /// Runs a statement, and waits while others write.
    async fn run<S: Sink + 'static>(
        &self,
        statement: String,
        parameters: Vec<Value>,
        stop: &Stop,
        sink: S,
    ) -> Result<S, SqlError> {
        let mut session = Arc::clone(&self.session).lock_owned().await;
        let mut given = (statement, parameters, sink);
        let (deadline, mut pause) = (Instant::now() + PATIENCE, LOOKS.0);
        loop {
            let attempt = self.attempt(session, given, Arc::clone(&stop.0)).await?;
            (session, given) = (attempt.session, attempt.given);
            match attempt.ended {
                Ok(did) => {
                    self.file.alarm.rest();
                    self.note(did);
                    return Ok(given.2);
                }
                Err(Failure::Refused(error)) => return Err(self.told(error)),
                Err(Failure::Sql(error)) if is_busy(&error) => {
                    // Nobody else's commit makes a snapshot of the past writable.
                    let hopeless = error.sqlite_extended_error_code() == Some(rusqlite::ffi::SQLITE_BUSY_SNAPSHOT);
                    if hopeless || Instant::now() >= deadline {
                        let locked = "database is locked: another transaction writes".to_owned();
                        return Err(self.told(SqlError::Statement(locked)));
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LOOKS.1);
                }
                Err(Failure::Sql(error)) => return Err(self.told(explain(&error, &self.file.path).into())),
            }
        }
    }

    async fn attempt<S: Sink + 'static>(
        &self,
        mut session: OwnedMutexGuard<Option<Session>>,
        mut given: (String, Vec<Value>, S),
        stop: Arc<AtomicBool>,
    ) -> Result<Attempt<S>, SqlError> {
        let running = Arc::clone(&self.file.running).acquire_owned();
        let running = tokio::time::timeout(PATIENCE, running).await.map_err(|_| SqlError::Crowded)?;
        let running = running.map_err(|_| StorageError::Stopped)?;
        let (file, room) = (Arc::clone(&self.file), self.room);
        let attempt = blocking(move || {
            let _running = running;
            let ended = attempt(&file, room, &mut session, &mut given, &stop);
            Attempt { session, given, ended }
        });
        Ok(attempt.await?)
    }

    fn note(&self, did: Did) {
        if let Some(rowid) = did.rowid {
            self.rowid.store(rowid, Relaxed);
        }
        if let Some(changes) = did.changes {
            self.changes.store(changes, Relaxed);
        }
    }

    /// The error, of which the operator hears if it is theirs.
    fn told(&self, error: SqlError) -> SqlError {
        match &error {
            SqlError::Storage(storage) => self.file.alarm.ring(storage),
            // Nobody is there any more.
            SqlError::Interrupted => {}
            error => self.file.told.tell(&self.file.path.display().to_string(), error),
        }
        error
    }
}

/// How one attempt ended, and what the next one needs.
struct Attempt<S> {
    session: OwnedMutexGuard<Option<Session>>,
    given: (String, Vec<Value>, S),
    ended: Result<Did, Failure<SqlError>>,
}

fn attempt<S: Sink>(
    file: &DatabaseFile,
    room: u64,
    held: &mut Option<Session>,
    given: &mut (String, Vec<Value>, S),
    stop: &Arc<AtomicBool>,
) -> Result<Did, Failure<SqlError>> {
    if stop.load(Relaxed) {
        return Err(Failure::Refused(SqlError::Interrupted));
    }
    let session = match held {
        Some(session) => session,
        None => held.insert(file.session().map_err(|error| Failure::Refused(error.into()))?),
    };
    session.allow(room)?;
    if !session.in_transaction() && file.log_is_full(room) {
        return Err(Failure::Refused(SqlError::Full { limit: room }));
    }
    let (statement, parameters, sink) = given;
    session.run(statement, parameters, TIME, stop, sink)
}

/// What is open is taken back where it keeps nobody waiting.
impl Drop for Core {
    fn drop(&mut self) {
        let (session, file) = (Arc::clone(&self.session), Arc::clone(&self.file));
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn_blocking(move || {
                if let Some(session) = session.blocking_lock().take() {
                    file.give_back(session);
                }
            });
        }
    }
}
