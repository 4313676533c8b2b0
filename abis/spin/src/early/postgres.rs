//! `outbound-pg`: statements to PostgreSQL servers.
//!
//! Source: spinframework/spin, `wit/ephemeral/{outbound-pg,pg-types}.wit`, `crates/outbound-pg` (1.3).

use std::sync::Arc;

use holm_services::postgres::{Address, Connection, Known, PgError, PgType, PgValue};
use wasmtime::Result;

use super::args::Args;
use super::link::Work;
use super::out::{Out, ROOT};
use super::rdbms::{Error, Rows, Statement, Type, Value, failed, rows, statement};
use super::servers::Opened;
use super::state::State;
use crate::reach::{Each, ask_for};

const SCHEMES: &[&str] = &["postgres", "postgresql"];

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
            let changed = executed(state, statement).await;
            let mut out = Out::default();
            match changed {
                Ok(changed) => {
                    out.u8(ROOT, 0, 0);
                    out.u64(ROOT, 8, changed);
                }
                Err(error) => failed(&mut out, 8, error)?,
            }
            Ok(Some(out))
        })
    }))
}

async fn queried(state: &mut State, statement: Statement) -> std::result::Result<Rows, Error> {
    let parameters = given(statement.parameters)?;
    let connection = connection(state, &statement.address).await?;
    let answer = connection.query(&statement.text, parameters).await?;
    let columns = answer.columns.into_iter().map(|column| (column.name, ty(&column.kind))).collect();
    let values = |row: Vec<PgValue>| row.into_iter().map(taken).collect();
    Ok(Rows { columns, rows: answer.rows.into_iter().map(values).collect() })
}

async fn executed(state: &mut State, statement: Statement) -> std::result::Result<u64, Error> {
    let parameters = given(statement.parameters)?;
    let connection = connection(state, &statement.address).await?;
    Ok(connection.execute(&statement.text, parameters).await?)
}

/// The guest's connection to the server of this address, which it keeps until it ends.
async fn connection(state: &mut State, text: &str) -> std::result::Result<Arc<Connection>, Error> {
    if let Some(Opened::Postgres(connection)) = state.servers.get(text) {
        return Ok(Arc::clone(connection));
    }
    let shared = Arc::clone(&state.shared);
    let address = Address::parse(text)?;
    let granted = |(host, port): &(String, u16)| ask_for(&shared.host.grants, &shared.host.audit, SCHEMES, host, *port);
    let gate: std::result::Result<Vec<_>, _> = address.servers().iter().map(granted).collect();
    let gate = Each(gate.map_err(Error::ConnectionFailed)?);
    let (lent, counted) = (shared.lent()?, shared.count()?);
    let connection = Arc::new(lent.servers.postgres.open(&address, None, &gate).await?);
    state.servers.keep(text, Opened::Postgres(Arc::clone(&connection)), counted);
    Ok(connection)
}

impl From<PgError> for Error {
    fn from(error: PgError) -> Self {
        let text = error.to_string();
        match error {
            PgError::Connection(_) => Self::ConnectionFailed(text),
            PgError::Parameter(_) => Self::BadParameter(text),
            PgError::Query(_) => Self::QueryFailed(text),
            PgError::Value(_) => Self::ValueConversionFailed(text),
            PgError::Other(_) => Self::Other(text),
        }
    }
}

/// Parameters as the server takes them, which knows no numbers without a sign.
fn given(parameters: Vec<Value>) -> std::result::Result<Vec<PgValue>, Error> {
    let one = |value: Value| {
        Ok(match value {
            Value::Boolean(value) => PgValue::Bool(value),
            Value::Int8(value) => PgValue::Int8(value),
            Value::Int16(value) => PgValue::Int16(value),
            Value::Int32(value) => PgValue::Int32(value),
            Value::Int64(value) => PgValue::Int64(value),
            Value::Floating32(value) => PgValue::Float32(value),
            Value::Floating64(value) => PgValue::Float64(value),
            Value::Str(value) => PgValue::Text(value),
            Value::Binary(value) => PgValue::Bytes(value),
            Value::Null => PgValue::Null,
            Value::Uint8(_) | Value::Uint16(_) | Value::Uint32(_) | Value::Uint64(_) | Value::Unsupported => {
                let why = "Postgres does not support unsigned integers";
                return Err(Error::ValueConversionFailed(why.to_owned()));
            }
        })
    };
    parameters.into_iter().map(one).collect()
}

/// Values that the interface has no case for are there, and not told.
fn taken(value: PgValue) -> Value {
    match value {
        PgValue::Bool(value) => Value::Boolean(value),
        PgValue::Int8(value) => Value::Int8(value),
        PgValue::Int16(value) => Value::Int16(value),
        PgValue::Int32(value) => Value::Int32(value),
        PgValue::Int64(value) => Value::Int64(value),
        PgValue::Float32(value) => Value::Floating32(value),
        PgValue::Float64(value) => Value::Floating64(value),
        PgValue::Text(value) => Value::Str(value),
        PgValue::Bytes(value) => Value::Binary(value),
        PgValue::Null => Value::Null,
        _ => Value::Unsupported,
    }
}

fn ty(kind: &PgType) -> Type {
    match kind {
        PgType::Known(Known::Bool) => Type::Boolean,
        PgType::Known(Known::Int16) => Type::Int16,
        PgType::Known(Known::Int32) => Type::Int32,
        PgType::Known(Known::Int64) => Type::Int64,
        PgType::Known(Known::Float32) => Type::Floating32,
        PgType::Known(Known::Float64) => Type::Floating64,
        PgType::Known(Known::Text) => Type::Str,
        PgType::Known(Known::Bytes) => Type::Binary,
        _ => Type::Other,
    }
}
