//! The types of the interface, which are the same in all versions.

use holm_services::sql::{self, SqlError};
use wasmtime::component::{ComponentType, Lift, Lower};

#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(variant)]
pub(super) enum Error {
    #[component(name = "no-such-database")]
    NoSuchDatabase,
    #[component(name = "access-denied")]
    AccessDenied,
    #[component(name = "invalid-connection")]
    InvalidConnection,
    #[component(name = "database-full")]
    DatabaseFull,
    #[component(name = "io")]
    Io(String),
}

impl From<SqlError> for Error {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::NoSuchDatabase { .. } => Self::NoSuchDatabase,
            SqlError::Full { .. } => Self::DatabaseFull,
            error => Self::Io(error.guest_message()),
        }
    }
}

#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(variant)]
pub(super) enum Value {
    #[component(name = "integer")]
    Integer(i64),
    #[component(name = "real")]
    Real(f64),
    #[component(name = "text")]
    Text(String),
    #[component(name = "blob")]
    Blob(Vec<u8>),
    #[component(name = "null")]
    Null,
}

impl From<sql::Value> for Value {
    fn from(value: sql::Value) -> Self {
        match value {
            sql::Value::Integer(number) => Self::Integer(number),
            sql::Value::Real(number) => Self::Real(number),
            sql::Value::Text(text) => Self::Text(text),
            sql::Value::Blob(bytes) => Self::Blob(bytes),
            sql::Value::Null => Self::Null,
        }
    }
}

impl From<Value> for sql::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Integer(number) => Self::Integer(number),
            Value::Real(number) => Self::Real(number),
            Value::Text(text) => Self::Text(text),
            Value::Blob(bytes) => Self::Blob(bytes),
            Value::Null => Self::Null,
        }
    }
}

#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(record)]
pub(super) struct RowResult {
    values: Vec<Value>,
}

impl From<Vec<sql::Value>> for RowResult {
    fn from(values: Vec<sql::Value>) -> Self {
        Self { values: values.into_iter().map(Value::from).collect() }
    }
}

#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(record)]
pub(super) struct QueryResult {
    columns: Vec<String>,
    rows: Vec<RowResult>,
}

impl From<sql::Answer> for QueryResult {
    fn from(answer: sql::Answer) -> Self {
        Self { columns: answer.columns, rows: answer.rows.into_iter().map(RowResult::from).collect() }
    }
}

/// Parameters as the host takes them.
pub(super) fn given(parameters: Vec<Value>) -> Vec<sql::Value> {
    parameters.into_iter().map(sql::Value::from).collect()
}
