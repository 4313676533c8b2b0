//! Statements on a connection that a guest has.

use std::sync::Arc;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, Row, Value};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::timeout;

use super::live::{Live, Running};
use super::{Column, MAX_RESULT, MyError, MyValue, too_large};
use crate::servers::pool::Lease;
use crate::streamed::{self, Streamed};
use crate::told::Told;

/// How long the rest of an answer may take that nobody reads any more, before its statement is stopped.
const REST: Duration = Duration::from_millis(500);

/// What servers say of statements that cannot be prepared (`ER_UNSUPPORTED_PS`).
const NOT_PREPARED: u16 = 1295;

/// A connection to a server, with a session of its own. Its statements run one after the other.
///
/// A statement whose future, or rows, are dropped is stopped in the server, and the connection with it. Else the connection
/// goes back to the others of the app when it is dropped.
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
    pub rows: Vec<Vec<MyValue>>,
}

/// Columns, and rows as they come.
pub type Rows = Streamed<Column, Vec<MyValue>, MyError>;

/// Where columns and rows go.
enum Sink {
    Nowhere,
    Collect(RowSet, u64),
    Send { columns: Option<oneshot::Sender<Result<Vec<Column>, MyError>>>, rows: mpsc::Sender<Vec<MyValue>> },
}

impl Connection {
    pub(super) fn new(lease: Lease<Live>, told: Arc<Told>, server: String) -> Self {
        Self { lease: Arc::new(Mutex::new(lease)), told, server }
    }

    /// The operator hears of what the guest is told.
    fn tell<T>(&self, result: Result<T, MyError>) -> Result<T, MyError> {
        result.inspect_err(|error| self.told.tell(&self.server, error))
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// See [`MyError`].
    pub async fn execute(&self, statement: &str, parameters: Vec<MyValue>) -> Result<(), MyError> {
        self.tell(self.run(statement, parameters, &mut Sink::Nowhere).await)
    }

    /// Runs a statement, and answers its rows.
    ///
    /// # Errors
    /// See [`MyError`]; [`MyError::Other`] for more than [`MAX_RESULT`] bytes of values.
    pub async fn query(&self, statement: &str, parameters: Vec<MyValue>) -> Result<RowSet, MyError> {
        let mut sink = Sink::Collect(RowSet::default(), 0);
        self.tell(self.run(statement, parameters, &mut sink).await)?;
        let Sink::Collect(rows, _) = sink else { return Ok(RowSet::default()) };
        Ok(rows)
    }

    async fn run(&self, statement: &str, parameters: Vec<MyValue>, sink: &mut Sink) -> Result<(), MyError> {
        let parameters = checked(statement, parameters)?;
        let mut lease = self.lease.lock().await;
        rows(running(&mut lease)?, statement, parameters, sink).await
    }

    /// Runs a statement, and answers its rows as they come, of which only each single one is bounded.
    ///
    /// # Errors
    /// See [`MyError`]. What fails after the first row is told at the end of them.
    pub async fn stream(&self, statement: String, parameters: Vec<MyValue>) -> Result<Rows, MyError> {
        self.tell(self.streamed(statement, parameters).await)
    }

    async fn streamed(&self, statement: String, parameters: Vec<MyValue>) -> Result<Rows, MyError> {
        let parameters = checked(&statement, parameters)?;
        let (source, coming) = streamed::channel();
        let lease = Arc::clone(&self.lease);
        tokio::spawn(async move {
            let gone_away = source.rows.clone();
            let mut sink = Sink::Send { columns: Some(source.columns), rows: source.rows };
            let mut lease = lease.lock_owned().await;
            let ended = match running(&mut lease) {
                Err(error) => Some(Err(error)),
                Ok(running) => while_read(rows(running, &statement, parameters, &mut sink), &gone_away).await,
            };
            let Some(ended) = ended else { return };
            match (sink, ended) {
                (Sink::Send { columns: Some(columns), .. }, Err(error)) => drop(columns.send(Err(error))),
                (_, ended) => drop(source.end.send(ended)),
            }
        });
        coming.columns(|| MyError::Other("the host is shutting down".to_owned())).await
    }
}

/// What `reading` ends with; `None` if nobody reads any more and there is much left.
async fn while_read<T>(reading: impl Future<Output = T>, reader: &mpsc::Sender<Vec<MyValue>>) -> Option<T> {
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
                if let Some(live) = &mut lease.connection
                    && !live.clean().await
                {
                    lease.connection = None;
                }
            });
        }
    }
}

fn gone() -> MyError {
    MyError::Connection("the connection to the server broke; open another".to_owned())
}

fn running(lease: &mut Lease<Live>) -> Result<Running<'_>, MyError> {
    lease.connection.as_mut().and_then(Live::begin).ok_or_else(gone)
}

fn checked(statement: &str, parameters: Vec<MyValue>) -> Result<Vec<Value>, MyError> {
    let given = statement.len() as u64 + parameters.iter().map(MyValue::bytes).sum::<u64>();
    match given > MAX_RESULT {
        true => Err(MyError::Other(format!("a statement may be given {MAX_RESULT} bytes"))),
        false => Ok(parameters.into_iter().map(Value::from).collect()),
    }
}

/// Reads every row; of what cannot be handed on, the rest, if it is near.
async fn rows(
    mut running: Running<'_>,
    statement: &str,
    parameters: Vec<Value>,
    sink: &mut Sink,
) -> Result<(), MyError> {
    let Some(client) = running.client() else { return Err(gone()) };
    let mut unread = false;
    let ended = read_on(client, statement, parameters, sink, &mut unread).await;
    if !unread {
        running.finish();
    }
    ended
}

async fn read_on(
    client: &mut Conn,
    statement: &str,
    parameters: Vec<Value>,
    sink: &mut Sink,
    unread: &mut bool,
) -> Result<(), MyError> {
    let prepared = match client.prep(statement).await {
        Ok(prepared) => prepared,
        // Some statements can only be sent as text; they answer nothing of interest.
        Err(mysql_async::Error::Server(told)) if told.code == NOT_PREPARED && parameters.is_empty() => {
            client.query_drop(statement).await.map_err(|error| MyError::of(&error))?;
            return tell(sink, Vec::new());
        }
        Err(error) => return Err(MyError::of(&error)),
    };
    let (wants, given) = (usize::from(prepared.num_params()), parameters.len());
    // The driver would give up the connection.
    if wants != given {
        return Err(MyError::Query(format!("the statement takes {wants} parameters, and was given {given}")));
    }
    let given = if given == 0 { Params::Empty } else { Params::Positional(parameters) };
    let mut answer = client.exec_iter(&prepared, given).await.map_err(|error| MyError::of(&error))?;
    let columns: Vec<Column> = answer.columns_ref().iter().map(Column::of).collect();
    tell(sink, columns.clone())?;
    while let Some(row) = answer.next().await.map_err(|error| MyError::of(&error))? {
        if let Err(error) = hand_on(row, &columns, sink).await {
            // The next answer comes after the rest of this one.
            *unread = timeout(REST, answer.drop_result()).await.is_err();
            return Err(error);
        }
    }
    answer.drop_result().await.map_err(|error| MyError::of(&error))
}

/// Tells of the columns.
fn tell(sink: &mut Sink, columns: Vec<Column>) -> Result<(), MyError> {
    match sink {
        Sink::Nowhere => {}
        Sink::Collect(rows, _) => rows.columns = columns,
        Sink::Send { columns: waiting, .. } => {
            if let Some(waiting) = waiting.take() {
                let _ = waiting.send(Ok(columns));
            }
        }
    }
    Ok(())
}

async fn hand_on(row: Row, columns: &[Column], sink: &mut Sink) -> Result<(), MyError> {
    match sink {
        Sink::Nowhere => Ok(()),
        Sink::Collect(rows, bytes) => {
            let (values, more) = read(row, columns, MAX_RESULT - *bytes)?;
            *bytes += more;
            rows.rows.push(values);
            Ok(())
        }
        Sink::Send { rows, .. } => {
            let (values, _) = read(row, columns, MAX_RESULT)?;
            // Whoever waited may be gone.
            let _ = rows.send(values).await;
            Ok(())
        }
    }
}

fn read(row: Row, columns: &[Column], room: u64) -> Result<(Vec<MyValue>, u64), MyError> {
    let mut values = Vec::with_capacity(columns.len());
    let mut bytes = 32;
    for (column, value) in columns.iter().zip(row.unwrap_raw()) {
        let value = column.value(value.unwrap_or(Value::NULL))?;
        bytes += value.bytes();
        if bytes > room {
            return Err(too_large());
        }
        values.push(value);
    }
    Ok((values, bytes))
}
