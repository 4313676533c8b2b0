//! SQLite databases for guests, by name.
//!
//! A guest runs whatever SQL it likes, so a database is a file of its own, beside Holm's own, and its connections are
//! locked down (`lockdown`): no other file, no setting that makes a commit less durable, no more bytes than it may keep,
//! no statement that
//! goes on for ever.

mod app;
mod embedded;
mod error;
mod file;
#[cfg(feature = "sql")]
mod libsql;
mod lockdown;
mod pragma;
mod run;
mod session;

use std::sync::Arc;

use async_trait::async_trait;

pub use app::{AppDatabases, NoDatabases};
pub(crate) use app::{Place, Scratch};
pub use error::SqlError;
pub(crate) use file::DatabaseFile;
#[cfg(feature = "sql")]
pub(crate) use libsql::Servers as LibsqlServers;

use crate::streamed::Streamed;

/// The most bytes of a database's name.
pub const MAX_NAME: usize = 64;
/// The most bytes of values that one answer holds, and one statement is given.
pub const MAX_RESULT: u64 = 64 << 20;
/// What each value of an answer counts beside its own bytes: what it takes to hold it.
pub(crate) const VALUE_OVERHEAD: u64 = 32;

/// A place that keeps named databases.
#[async_trait]
pub trait Databases: Send + Sync {
    /// A new connection to the database called `name`, which is made empty when it does not exist and may be made.
    ///
    /// Which names a guest may open is not decided here.
    ///
    /// # Errors
    /// [`SqlError::NoSuchDatabase`] for a name that nothing is kept under; [`SqlError::Storage`] when what keeps it cannot
    /// be used.
    async fn open(&self, name: &str) -> Result<Arc<dyn Connection>, SqlError>;
}

/// A connection with a session of its own: transactions, temporary tables, and what the last statement did.
///
/// Statements of one connection run one after the other. A method whose future is dropped interrupts its statement, as does
/// dropping the rows it streams; a transaction that is open when the connection is dropped is taken back.
#[async_trait]
pub trait Connection: Send + Sync {
    /// Runs one statement and answers all its rows.
    ///
    /// # Errors
    /// See [`SqlError`].
    async fn execute(&self, statement: String, parameters: Vec<Value>) -> Result<Answer, SqlError>;

    /// Runs one statement and answers its rows as they come. There is no bound on how many there are, only on one.
    ///
    /// # Errors
    /// See [`SqlError`]. What fails after the first row is told at the end of them.
    async fn stream(&self, statement: String, parameters: Vec<Value>) -> Result<Rows, SqlError>;

    /// The rowid of the last row that was inserted, 0 without one.
    fn last_insert_rowid(&self) -> i64;

    /// How many rows the last statement that wrote has inserted, changed or deleted.
    fn changes(&self) -> u64;
}

/// Columns, and rows as they come.
pub type Rows = Streamed<String, Vec<Value>, SqlError>;

/// All rows of a statement.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// A value for each of them.
    pub rows: Vec<Vec<Value>>,
}

/// A value of SQLite, by its storage class (<https://www.sqlite.org/datatype3.html>).
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// A floating point number.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// Nothing.
    Null,
}

impl Value {
    /// What it counts in an answer.
    pub(crate) fn bytes(&self) -> u64 {
        let own = match self {
            Self::Text(text) => text.len(),
            Self::Blob(bytes) => bytes.len(),
            _ => 0,
        };
        own as u64 + VALUE_OVERHEAD
    }
}

/// What a row counts in an answer.
pub(crate) fn row_bytes(row: &[Value]) -> u64 {
    row.iter().map(Value::bytes).sum::<u64>() + VALUE_OVERHEAD
}

/// Refuses more than one statement may be given.
pub(crate) fn check_given(statement: &str, parameters: &[Value]) -> Result<(), SqlError> {
    let given = statement.len() as u64 + row_bytes(parameters);
    match given > MAX_RESULT {
        true => Err(SqlError::TooLarge { limit: MAX_RESULT }),
        false => Ok(()),
    }
}
