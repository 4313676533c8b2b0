//! Statements on a connection that a guest has.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;
use tokio_postgres::{Row, Statement};

use super::decode::{self, Raw};
use super::encode::Parameter;
use super::live::{Live, Running};
use super::{Column, MAX_RESULT, PgError, PgType, PgValue};
use crate::servers::pool::Lease;
use crate::streamed::{self, Streamed};
use crate::told::Told;

/// How long the rest of an answer may take that nobody reads any more, before its statement is cancelled.
const REST: Duration = Duration::from_millis(500);

/// A connection to a server, with a session of its own. Its statements run one after the other.
///
/// A statement whose future, or rows, are dropped is cancelled in the server. The connection goes back to the others of the
/// app when it is dropped.
pub struct Connection {
    lease: Arc<Mutex<Lease<Live>>>,
    told: Arc<Told>,
    server: String,
}

/// All rows of a statement.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowSet {
    /// Its columns.
    pub columns: Vec<Column>,
    /// A value for each of them.
    pub rows: Vec<Vec<PgValue>>,
}

/// Columns, and rows as they come.
pub type Rows = Streamed<Column, Vec<PgValue>, PgError>;

/// Where rows go.
enum Sink {
    Nowhere,
    Collect(Vec<Vec<PgValue>>, u64),
    Send(mpsc::Sender<Vec<PgValue>>),
}

impl Connection {
    pub(super) fn new(lease: Lease<Live>, told: Arc<Told>, server: String) -> Self {
        Self { lease: Arc::new(Mutex::new(lease)), told, server }
    }

    /// Runs a statement, and answers how many rows it wrote.
    ///
    /// # Errors
    /// See [`PgError`].
    pub async fn execute(&self, statement: &str, parameters: Vec<PgValue>) -> Result<u64, PgError> {
        self.tell(self.executed(statement, parameters).await)
    }

    async fn executed(&self, statement: &str, parameters: Vec<PgValue>) -> Result<u64, PgError> {
        let parameters = checked(statement, parameters)?;
        let lease = self.lease.lock().await;
        let live = live(&lease)?;
        let running = live.begin();
        match prepare(live, statement, &parameters).await {
            Ok(prepared) => rows(live, running, &prepared, &parameters, &mut Sink::Nowhere).await,
            Err(error) => {
                running.finish();
                Err(error)
            }
        }
    }

    /// Runs a statement, and answers its rows.
    ///
    /// # Errors
    /// See [`PgError`]; [`PgError::Query`] as well for more than [`MAX_RESULT`] bytes of values.
    pub async fn query(&self, statement: &str, parameters: Vec<PgValue>) -> Result<RowSet, PgError> {
        self.tell(self.queried(statement, parameters).await)
    }

    async fn queried(&self, statement: &str, parameters: Vec<PgValue>) -> Result<RowSet, PgError> {
        let parameters = checked(statement, parameters)?;
        let lease = self.lease.lock().await;
        let live = live(&lease)?;
        let running = live.begin();
        let mut sink = Sink::Collect(Vec::new(), 0);
        let prepared = match prepare(live, statement, &parameters).await {
            Ok(prepared) => prepared,
            Err(error) => {
                running.finish();
                return Err(error);
            }
        };
        rows(live, running, &prepared, &parameters, &mut sink).await?;
        let columns = columns(&prepared);
        let Sink::Collect(rows, _) = sink else { return Ok(RowSet { columns, rows: Vec::new() }) };
        Ok(RowSet { columns, rows })
    }

    /// Runs a statement, and answers its rows as they come, of which only each single one is bounded.
    ///
    /// # Errors
    /// See [`PgError`]. What fails after the first row is told at the end of them.
    pub async fn stream(&self, statement: String, parameters: Vec<PgValue>) -> Result<Rows, PgError> {
        self.tell(self.streamed(statement, parameters).await)
    }

    /// The operator hears of what the guest is told.
    fn tell<T>(&self, result: Result<T, PgError>) -> Result<T, PgError> {
        result.inspect_err(|error| self.told.tell(&self.server, error))
    }

    async fn streamed(&self, statement: String, parameters: Vec<PgValue>) -> Result<Rows, PgError> {
        let parameters = checked(&statement, parameters)?;
        let (source, coming) = streamed::channel();
        let lease = Arc::clone(&self.lease);
        tokio::spawn(async move {
            let lease = lease.lock_owned().await;
            let live = match live(&lease) {
                Ok(live) => live,
                Err(error) => return drop(source.columns.send(Err(error))),
            };
            let running = live.begin();
            let gone = source.rows.clone();
            let prepared = tokio::select! {
                prepared = prepare(live, &statement, &parameters) => prepared,
                () = gone.closed() => return,
            };
            let prepared = match prepared {
                Ok(prepared) => prepared,
                Err(error) => {
                    running.finish();
                    return drop(source.columns.send(Err(error)));
                }
            };
            let mut sink = Sink::Send(source.rows);
            let _ = source.columns.send(Ok(columns(&prepared)));
            let reading = rows(live, running, &prepared, &parameters, &mut sink);
            if let Some(ended) = while_read(reading, &gone).await {
                let _ = source.end.send(ended.map(drop));
            }
        });
        coming.columns(|| PgError::Other("the host is shutting down".to_owned())).await
    }
}

/// What `reading` ends with; `None` if nobody reads any more and there is much left.
async fn while_read<T>(reading: impl Future<Output = T>, reader: &mpsc::Sender<Vec<PgValue>>) -> Option<T> {
    let mut reading = Box::pin(reading);
    tokio::select! {
        ended = &mut reading => Some(ended),
        () = reader.closed() => timeout(REST, reading).await.ok(),
    }
}

/// The session is put in order where nobody waits for it.
impl Drop for Connection {
    fn drop(&mut self) {
        let lease = Arc::clone(&self.lease);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let mut lease = lease.lock_owned().await;
                if let Some(live) = &lease.connection
                    && !live.clean().await
                {
                    lease.connection = None;
                }
            });
        }
    }
}

fn live(lease: &Lease<Live>) -> Result<&Live, PgError> {
    let live = lease.connection.as_ref().filter(|live| live.is_fit());
    live.ok_or_else(|| PgError::Connection("the connection to the server broke; open another".to_owned()))
}

fn checked(statement: &str, parameters: Vec<PgValue>) -> Result<Vec<Parameter>, PgError> {
    let parameters = parameters.into_iter().map(Parameter::new).collect::<Result<Vec<_>, _>>()?;
    let given = statement.len() as u64 + parameters.iter().map(Parameter::bytes).sum::<u64>();
    match given > MAX_RESULT {
        true => Err(PgError::Parameter(format!("a statement may be given {MAX_RESULT} bytes"))),
        false => Ok(parameters),
    }
}

fn columns(prepared: &Statement) -> Vec<Column> {
    let column =
        |column: &tokio_postgres::Column| Column { name: column.name().to_owned(), kind: PgType::of(column.type_()) };
    prepared.columns().iter().map(column).collect()
}

async fn prepare(live: &Live, statement: &str, parameters: &[Parameter]) -> Result<Statement, PgError> {
    let prepared = live.client.prepare(statement).await.map_err(|error| judge(live, &error))?;
    let (wants, given) = (prepared.params().len(), parameters.len());
    match wants == given {
        true => Ok(prepared),
        false => Err(PgError::query(format!("the statement takes {wants} parameters, and was given {given}"))),
    }
}

/// Reads every row, and answers how many were written.
async fn rows(
    live: &Live,
    running: Running<'_>,
    prepared: &Statement,
    parameters: &[Parameter],
    sink: &mut Sink,
) -> Result<u64, PgError> {
    let started = match live.client.query_raw(prepared, parameters).await {
        Ok(started) => started,
        Err(error) => {
            running.finish();
            return Err(judge(live, &error));
        }
    };
    let mut started = pin!(started);
    while let Some(row) = started.next().await {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                running.finish();
                return Err(judge(live, &error));
            }
        };
        live.allowance.renew();
        if let Err(error) = hand_on(&row, sink).await {
            // The next answer comes after the rest of this one.
            let rest = async {
                while let Some(Ok(_)) = started.next().await {
                    live.allowance.renew();
                }
            };
            if timeout(REST, rest).await.is_ok() {
                running.finish();
            }
            return Err(error);
        }
    }
    running.finish();
    Ok(started.rows_affected().unwrap_or(0))
}

async fn hand_on(row: &Row, sink: &mut Sink) -> Result<(), PgError> {
    match sink {
        Sink::Nowhere => Ok(()),
        Sink::Collect(rows, bytes) => {
            let (values, more) = read(row, MAX_RESULT - *bytes)?;
            *bytes += more;
            rows.push(values);
            Ok(())
        }
        Sink::Send(waiting) => {
            let (values, _) = read(row, MAX_RESULT)?;
            // Whoever waited may be gone.
            let _ = waiting.send(values).await;
            Ok(())
        }
    }
}

fn read(row: &Row, room: u64) -> Result<(Vec<PgValue>, u64), PgError> {
    let mut values = Vec::with_capacity(row.len());
    let mut bytes = 64;
    for (index, column) in row.columns().iter().enumerate() {
        let raw: Option<Raw<'_>> = row.try_get(index).map_err(|error| PgError::Value(error.to_string()))?;
        if raw.as_ref().is_some_and(|raw| raw.0.len() as u64 > room) {
            return Err(too_large());
        }
        let value = decode::value(column.type_(), column.name(), raw)?;
        bytes += value.bytes();
        if bytes > room {
            return Err(too_large());
        }
        values.push(value);
    }
    Ok((values, bytes))
}

fn too_large() -> PgError {
    PgError::query(format!("query result exceeds limit of {MAX_RESULT} bytes; ask for fewer rows or columns at a time"))
}

fn judge(live: &Live, error: &tokio_postgres::Error) -> PgError {
    if live.allowance.is_spent() { too_large() } else { PgError::of(error) }
}
