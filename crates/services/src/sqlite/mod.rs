//! SQLite files that many processes may use at once.
// SQLite rather than an embedded store that one process owns (redb, sled): a server, a `holm run`
// beside it and a second server taking over from the first all open the same file at once.

mod failure;
mod file;
mod prompt;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OnceCell};

use crate::StorageError;
use crate::alarm::{Alarm, Report};
use crate::tally::Tally;
pub(crate) use failure::Failure;
pub(crate) use failure::{explain, is_busy};
pub(crate) use file::{create, use_write_ahead_log};
use prompt::Prompt;

pub(crate) use prompt::SMALL;

/// One file of Holm's, which holds key-value stores and the index of blobs.
///
/// A write that was answered survives the death of the process, `kill -9` included. A power failure may lose the last
/// writes, but leaves the file whole. The file must be on a local disk: SQLite's write-ahead log shares memory between
/// processes, and a network file system cannot.
#[derive(Debug)]
pub(crate) struct Database {
    path: PathBuf,
    /// A folder that must be there for the file to be created.
    inside: Option<PathBuf>,
    connections: OnceCell<Connections>,
    pub(crate) alarm: Alarm,
    /// Bytes beside the file that count towards what may be kept: blobs that are being written, or still being read.
    pub(crate) beside: Tally,
    prompt: Arc<Prompt>,
}

// Reads have a connection of their own, so that they never wait for a write that itself waits for another process. The
// locks are tokio's so that waiters are tasks and not threads.
#[derive(Debug)]
struct Connections {
    reader: Arc<Mutex<Connection>>,
    writer: Arc<Mutex<Connection>>,
}

impl Connections {
    fn open(path: &Path) -> Result<Self, StorageError> {
        let (reader, writer) = file::open(path)?;
        Ok(Self { reader: Arc::new(Mutex::new(reader)), writer: Arc::new(Mutex::new(writer)) })
    }
}

impl Database {
    /// The file at `path`, which is opened, and created with its directory, when it is first used.
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            inside: None,
            connections: OnceCell::new(),
            alarm: Alarm::default(),
            beside: Tally::default(),
            prompt: Arc::default(),
        }
    }

    /// The same, which is only opened while there is this folder, and tells `report` of what its owner has to put right.
    pub(crate) fn inside(mut self, folder: Option<&Path>, report: Option<Report>) -> Self {
        self.inside = folder.map(ToOwned::to_owned);
        self.alarm = Alarm::new(report);
        self
    }

    /// Opens the file now. Blocks, for milliseconds unless another process holds a lock.
    pub(crate) fn open(path: impl Into<PathBuf>) -> Result<Self, StorageError> {
        let path = path.into();
        let connections = Connections::open(&path)?;
        let mut database = Self::at(path);
        database.connections = OnceCell::new_with(Some(connections));
        Ok(database)
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of everything that is kept: in the file, as `transaction` sees it, and beside it.
    pub(crate) fn total(&self, transaction: &Transaction<'_>) -> rusqlite::Result<u64> {
        let mut select = transaction.prepare_cached(
            "SELECT (SELECT coalesce(sum(bytes), 0) FROM stores) + (SELECT coalesce(sum(bytes), 0) FROM containers)",
        )?;
        let kept: i64 = select.query_row([], |row| row.get(0))?;
        Ok(kept.max(0).cast_unsigned().saturating_add(self.beside.bytes()))
    }

    /// Does `work` on a connection that only reads.
    pub(crate) async fn read<T, E>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure<E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let connection = Arc::clone(&self.connections().await?.reader).lock_owned().await;
        self.blocking(move || work(&connection)).await
    }

    /// Does short work on a connection that only reads, at once: handing it to a thread that may wait, and the answer back,
    /// takes several times as long as reading what is in memory. `None`: it is to be done with [`Self::read`], because
    /// `work` says so, or because somebody would have to wait.
    pub(crate) async fn read_now<T, E: From<StorageError>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<Option<T>, Failure<E>>,
    ) -> Result<Option<T>, E> {
        if !self.prompt.may_read() {
            return Ok(None);
        }
        let connection = self.connections().await?.reader.lock().await;
        self.at_once(|| without_waiting(&connection, || work(&connection)))
    }

    /// Does `work` in a transaction, which is taken back if that fails.
    pub(crate) async fn write<T, E>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure<E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let connection = Arc::clone(&self.connections().await?.writer).lock_owned().await;
        let prompt = Arc::clone(&self.prompt);
        self.blocking(move || {
            let answer = transact(&connection, work)?;
            if prompt.waited() {
                file::catch_up(&connection)?;
                prompt.caught_up();
            }
            Ok(answer)
        })
        .await
    }

    /// Does short work that writes so many bytes, at once. `None`: nothing happened, and it is to be done with
    /// [`Self::write`].
    pub(crate) async fn write_now<T, E: From<StorageError>>(
        &self,
        bytes: usize,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure<E>>,
    ) -> Result<Option<T>, E> {
        if bytes > SMALL || !self.prompt.may_write() {
            return Ok(None);
        }
        let connection = self.connections().await?.writer.lock().await;
        let answer = self.at_once(|| without_waiting(&connection, || transact(&connection, work).map(Some)));
        self.prompt.wrote(bytes as u64);
        answer
    }

    fn at_once<T, E: From<StorageError>>(
        &self,
        work: impl FnOnce() -> Result<Option<T>, Failure<E>>,
    ) -> Result<Option<T>, E> {
        match self.prompt.watch(work) {
            Err(Failure::Sql(error)) if is_busy(&error) => Ok(None),
            ended => self.ended(ended),
        }
    }

    async fn connections(&self) -> Result<&Connections, StorageError> {
        self.connections
            .get_or_try_init(|| async {
                let (path, inside) = (self.path.clone(), self.inside.clone());
                blocking(move || match inside {
                    Some(folder) if !folder.is_dir() => Err(gone(folder)),
                    _ => Connections::open(&path),
                })
                .await?
                .inspect_err(|error| self.alarm.ring(error))
            })
            .await
    }

    async fn blocking<T, E>(&self, work: impl FnOnce() -> Result<T, Failure<E>> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        self.ended(blocking(work).await?)
    }

    fn ended<T, E: From<StorageError>>(&self, ended: Result<T, Failure<E>>) -> Result<T, E> {
        match ended {
            Ok(answer) => {
                self.alarm.rest();
                Ok(answer)
            }
            Err(Failure::Refused(error)) => Err(error),
            Err(Failure::Sql(error)) => {
                let error = explain(&error, &self.path);
                self.alarm.ring(&error);
                Err(error.into())
            }
        }
    }
}

/// Does `work` in a transaction, which is taken back if that fails.
fn transact<T, E>(
    connection: &Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure<E>>,
) -> Result<T, Failure<E>> {
    // Immediate: a transaction that reads first and then finds another process writing could only fail, where this one
    // waits its turn.
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let answer = work(&transaction)?;
    transaction.commit()?;
    Ok(answer)
}

/// Does work that fails where it would wait for another process.
fn without_waiting<T, E>(
    connection: &Connection,
    work: impl FnOnce() -> Result<T, Failure<E>>,
) -> Result<T, Failure<E>> {
    connection.busy_timeout(Duration::ZERO)?;
    let answer = work();
    connection.busy_timeout(file::BUSY_TIMEOUT)?;
    answer
}

/// The last to close a file tidies up in it, for which the task that lets go of an idle app must not wait.
impl Drop for Database {
    fn drop(&mut self) {
        let connections = self.connections.take();
        if let (Some(connections), Ok(runtime)) = (connections, Handle::try_current()) {
            runtime.spawn_blocking(move || drop(connections));
        }
    }
}

pub(crate) fn gone(folder: PathBuf) -> StorageError {
    let problem = "it is gone, and with it what it belonged to".to_owned();
    StorageError::File { file: folder, problem, advice: "deploy the app again" }
}

/// Runs what waits for a disk where it keeps nobody else waiting.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StorageError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => Ok(answer),
        Err(join) => match join.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(StorageError::Stopped),
        },
    }
}
