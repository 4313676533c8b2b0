//! One statement, row by row.

use std::sync::atomic::Ordering::Relaxed;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql, params_from_iter};
use tokio::sync::{mpsc, oneshot};

use super::lockdown::Watch;
use super::{Answer, MAX_RESULT, SqlError, VALUE_OVERHEAD, Value};
use crate::sqlite::Failure;

/// Where columns and rows go.
pub(super) trait Sink: Send {
    /// Called once, when the first row is there or it is known that there is none.
    fn columns(&mut self, columns: Vec<String>) -> Result<(), SqlError>;
    /// How many bytes the next row may have.
    fn room(&self) -> u64;
    /// A row, of so many bytes.
    fn row(&mut self, row: Vec<Value>, bytes: u64) -> Result<(), SqlError>;
}

/// All of it in memory, as much as one answer may hold.
#[derive(Default)]
pub(super) struct Collect {
    pub(super) answer: Answer,
    bytes: u64,
}

impl Sink for Collect {
    fn columns(&mut self, columns: Vec<String>) -> Result<(), SqlError> {
        self.answer = Answer { columns, rows: Vec::new() };
        self.bytes = 0;
        Ok(())
    }

    fn room(&self) -> u64 {
        MAX_RESULT.saturating_sub(self.bytes)
    }

    fn row(&mut self, row: Vec<Value>, bytes: u64) -> Result<(), SqlError> {
        self.bytes += bytes;
        self.answer.rows.push(row);
        Ok(())
    }
}

/// Each row to whoever waits for it.
pub(super) struct HandOn {
    pub(super) columns: Option<oneshot::Sender<Result<Vec<String>, SqlError>>>,
    pub(super) rows: mpsc::Sender<Vec<Value>>,
}

impl Sink for HandOn {
    fn columns(&mut self, columns: Vec<String>) -> Result<(), SqlError> {
        let told = self.columns.take().is_some_and(|waiting| waiting.send(Ok(columns)).is_ok());
        if told { Ok(()) } else { Err(SqlError::Interrupted) }
    }

    fn room(&self) -> u64 {
        MAX_RESULT
    }

    fn row(&mut self, row: Vec<Value>, _: u64) -> Result<(), SqlError> {
        self.rows.blocking_send(row).map_err(|_| SqlError::Interrupted)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
            Self::Null => ValueRef::Null,
        }))
    }
}

/// Runs the first statement of the text, as Spin does.
pub(super) fn run(
    connection: &Connection,
    watch: &Watch,
    statement: &str,
    parameters: &[Value],
    sink: &mut dyn Sink,
) -> Result<(), Failure<SqlError>> {
    let mut prepared = connection.prepare(statement)?;
    let columns: Vec<String> = prepared.column_names().map(ToOwned::to_owned).collect();
    let count = columns.len();
    watch.running.store(true, Relaxed);
    let mut rows = prepared.query(params_from_iter(parameters))?;
    let mut row = rows.next()?;
    sink.columns(columns.clone()).map_err(Failure::Refused)?;
    while let Some(found) = row {
        let (values, bytes) = read(found, count, &columns, sink.room()).map_err(Failure::Refused)?;
        sink.row(values, bytes).map_err(Failure::Refused)?;
        row = rows.next()?;
    }
    Ok(())
}

fn read(row: &Row<'_>, count: usize, columns: &[String], room: u64) -> Result<(Vec<Value>, u64), SqlError> {
    let mut values = Vec::with_capacity(count);
    let mut bytes = VALUE_OVERHEAD;
    for index in 0..count {
        let value = row.get_ref(index).map_err(|error| SqlError::Statement(error.to_string()))?;
        bytes += VALUE_OVERHEAD + length(value);
        if bytes > room {
            return Err(SqlError::LARGE_ANSWER);
        }
        values.push(owned(value).ok_or_else(|| not_text(columns.get(index)))?);
    }
    Ok((values, bytes))
}

fn length(value: ValueRef<'_>) -> u64 {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len() as u64,
        _ => 0,
    }
}

fn owned(value: ValueRef<'_>) -> Option<Value> {
    Some(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => Value::Text(std::str::from_utf8(bytes).ok()?.to_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    })
}

fn not_text(column: Option<&String>) -> SqlError {
    let column = column.map_or("", String::as_str);
    SqlError::Statement(format!("column `{column}` has text that is not UTF-8; CAST it AS BLOB"))
}
