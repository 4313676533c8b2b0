//! `outbound-mysql`: statements to MySQL servers.
//!
//! Source: spinframework/spin, `wit/ephemeral/{outbound-mysql,mysql-types}.wit`.

use std::sync::Arc;

use holm_services::mysql::{Address, Connection, MyError, MyType, MyValue};
use wasmtime::Result;

use super::args::Args;
use super::link::Work;
use super::out::{Out, ROOT};
use super::rdbms::{Error, Rows, Statement, Type, Value, failed, rows, statement};
use super::servers::Opened;
use super::state::State;
use crate::reach::ask_for;

const SCHEMES: &[&str] = &["mysql"];

pub(super) fn query(args: &mut Args<'_>) -> Result<Work> {
    let statement = statement(args)?;
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let answer = queried(state, statement).await;
            let mut out = Out::default();
            match answer {
                Ok(answer) => rows(&mut out, answer)?,
                Err(error) => failed(&mut out, 4, error)?,
            }
            Ok(Some(out))
        })
    }))
}

pub(super) fn execute(args: &mut Args<'_>) -> Result<Work> {
    let statement = statement(args)?;
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let done = executed(state, statement).await;
            let mut out = Out::default();
            match done {
                Ok(()) => out.u8(ROOT, 0, 0),
                Err(error) => failed(&mut out, 4, error)?,
            }
            Ok(Some(out))
        })
    }))
}

async fn queried(state: &mut State, statement: Statement) -> std::result::Result<Rows, Error> {
    let connection = connection(state, &statement.address).await?;
    let answer = connection.query(&statement.text, given(statement.parameters)).await?;
    let columns = answer.columns.into_iter().map(|column| (column.name, ty(column.kind))).collect();
    let values = |row: Vec<MyValue>| row.into_iter().map(taken).collect();
    Ok(Rows { columns, rows: answer.rows.into_iter().map(values).collect() })
}

async fn executed(state: &mut State, statement: Statement) -> std::result::Result<(), Error> {
    let connection = connection(state, &statement.address).await?;
    Ok(connection.execute(&statement.text, given(statement.parameters)).await?)
}

/// The guest's connection to the server of this address, which it keeps until it ends.
async fn connection(state: &mut State, text: &str) -> std::result::Result<Arc<Connection>, Error> {
    if let Some(Opened::Mysql(connection)) = state.servers.get(text) {
        return Ok(Arc::clone(connection));
    }
    let shared = Arc::clone(&state.shared);
    let address = Address::parse(text)?;
    let gate = ask_for(&shared.host.grants, &shared.host.audit, SCHEMES, address.host(), address.port());
    let gate = gate.map_err(Error::ConnectionFailed)?;
    let (lent, counted) = (shared.lent()?, shared.count()?);
    let connection = Arc::new(lent.servers.mysql.open(&address, &gate).await?);
    state.servers.keep(text, Opened::Mysql(Arc::clone(&connection)), counted);
    Ok(connection)
}

impl From<MyError> for Error {
    fn from(error: MyError) -> Self {
        match error {
            MyError::Connection(text) => Self::ConnectionFailed(text),
            MyError::Query(text) => Self::QueryFailed(text),
            MyError::Value(text) => Self::ValueConversionFailed(text),
            MyError::Other(text) => Self::Other(text),
        }
    }
}

fn given(parameters: Vec<Value>) -> Vec<MyValue> {
    let one = |value: Value| match value {
        Value::Boolean(value) => MyValue::Bool(value),
        Value::Int8(value) => MyValue::Int8(value),
        Value::Int16(value) => MyValue::Int16(value),
        Value::Int32(value) => MyValue::Int32(value),
        Value::Int64(value) => MyValue::Int64(value),
        Value::Uint8(value) => MyValue::Uint8(value),
        Value::Uint16(value) => MyValue::Uint16(value),
        Value::Uint32(value) => MyValue::Uint32(value),
        Value::Uint64(value) => MyValue::Uint64(value),
        Value::Floating32(value) => MyValue::Float32(value),
        Value::Floating64(value) => MyValue::Float64(value),
        Value::Str(value) => MyValue::Text(value),
        Value::Binary(value) => MyValue::Bytes(value),
        Value::Null | Value::Unsupported => MyValue::Null,
    };
    parameters.into_iter().map(one).collect()
}

fn taken(value: MyValue) -> Value {
    match value {
        MyValue::Bool(value) => Value::Boolean(value),
        MyValue::Int8(value) => Value::Int8(value),
        MyValue::Int16(value) => Value::Int16(value),
        MyValue::Int32(value) => Value::Int32(value),
        MyValue::Int64(value) => Value::Int64(value),
        MyValue::Uint8(value) => Value::Uint8(value),
        MyValue::Uint16(value) => Value::Uint16(value),
        MyValue::Uint32(value) => Value::Uint32(value),
        MyValue::Uint64(value) => Value::Uint64(value),
        MyValue::Float32(value) => Value::Floating32(value),
        MyValue::Float64(value) => Value::Floating64(value),
        MyValue::Text(value) => Value::Str(value),
        MyValue::Bytes(value) => Value::Binary(value),
        MyValue::Null => Value::Null,
    }
}

fn ty(kind: MyType) -> Type {
    match kind {
        MyType::Int8 => Type::Int8,
        MyType::Int16 => Type::Int16,
        MyType::Int32 => Type::Int32,
        MyType::Int64 => Type::Int64,
        MyType::Uint8 => Type::Uint8,
        MyType::Uint16 => Type::Uint16,
        MyType::Uint32 => Type::Uint32,
        MyType::Uint64 => Type::Uint64,
        MyType::Float32 => Type::Floating32,
        MyType::Float64 => Type::Floating64,
        MyType::Text => Type::Str,
        MyType::Bytes => Type::Binary,
        MyType::Other => Type::Other,
    }
}
