//! `sqlite`: databases that the host keeps.
//!
//! Source: spinframework/spin, `wit/ephemeral/sqlite.wit`.

use std::sync::Arc;

use holm_grants::Ask;
use holm_services::sql::{Answer, Connection, SqlError, Value};
use wasmtime::{Result, bail};

use super::args::{Args, Reader};
use super::link::Work;
use super::out::{Out, ROOT};
use super::state::Shared;

/// The interface's errors.
enum Error {
    NoSuchDatabase,
    AccessDenied,
    InvalidConnection,
    Full,
    Io(String),
}

impl From<SqlError> for Error {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::NoSuchDatabase { .. } => Self::NoSuchDatabase,
            SqlError::Full { .. } => Self::Full,
            other => Self::Io(other.guest_message()),
        }
    }
}

async fn open_database(shared: &Shared, name: String) -> Result<Arc<dyn Connection>, Error> {
    let host = &shared.host;
    if !host.grants.sql.contains(&name) {
        host.audit.denied(Ask::Sql(name));
        return Err(Error::AccessDenied);
    }
    match &shared.lent {
        Some(lent) => Ok(lent.sql.open(&name).await?),
        None => Err(Error::AccessDenied),
    }
}

pub(super) fn open(args: &mut Args<'_>) -> Result<Work> {
    let name = args.text()?;
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let shared = Arc::clone(&state.shared);
            let connection = open_database(&shared, name).await;
            // The interface has no better error for too many of them.
            let opened = connection.and_then(|connection| state.databases.push(connection).ok_or(Error::Full));
            let mut out = Out::default();
            match opened {
                Ok(number) => {
                    out.u8(ROOT, 0, 0);
                    out.u32(ROOT, 4, number);
                }
                Err(error) => failed(&mut out, error)?,
            }
            Ok(Some(out))
        })
    }))
}

pub(super) fn execute(args: &mut Args<'_>) -> Result<Work> {
    let (number, statement, parameters) = (args.u32()?, args.text()?, args.list(16, parameter)?);
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let connection = state.databases.get(number).cloned();
            let answer = match connection {
                Some(connection) => connection.execute(statement, parameters).await.map_err(Error::from),
                None => Err(Error::InvalidConnection),
            };
            let mut out = Out::default();
            match answer {
                Ok(Answer { columns, rows }) => {
                    out.u8(ROOT, 0, 0);
                    lay_out(&mut out, columns, rows)?;
                }
                Err(error) => failed(&mut out, error)?,
            }
            Ok(Some(out))
        })
    }))
}

pub(super) fn close(args: &mut Args<'_>) -> Result<Work> {
    let number = args.u32()?;
    Ok(Box::new(move |state| {
        Box::pin(async move {
            state.databases.close(number);
            Ok(None)
        })
    }))
}

fn failed(out: &mut Out, error: Error) -> Result<()> {
    let (case, text) = match error {
        Error::NoSuchDatabase => (0, None),
        Error::AccessDenied => (1, None),
        Error::InvalidConnection => (2, None),
        Error::Full => (3, None),
        Error::Io(text) => (4, Some(text)),
    };
    out.u8(ROOT, 0, 1);
    out.u8(ROOT, 4, case);
    text.map_or(Ok(()), |text| out.bytes(ROOT, 8, text))
}

fn parameter(guest: &Reader<'_>, at: u32) -> Result<Value> {
    let value = at.saturating_add(8);
    Ok(match guest.u8(at)? {
        0 => Value::Integer(guest.u64(value)?.cast_signed()),
        1 => Value::Real(f64::from_bits(guest.u64(value)?)),
        2 => Value::Text(guest.text_at(value)?),
        3 => Value::Blob(guest.bytes_at(value)?),
        4 => Value::Null,
        other => bail!("the guest gave case {other} of a parameter of a statement"),
    })
}

fn lay_out(out: &mut Out, columns: Vec<String>, rows: Vec<Vec<Value>>) -> Result<()> {
    let names = out.list(ROOT, 4, columns.len(), 8, 4)?;
    for (number, name) in columns.into_iter().enumerate() {
        out.bytes(names, number * 8, name)?;
    }
    let list = out.list(ROOT, 12, rows.len(), 8, 4)?;
    for (number, values) in rows.into_iter().enumerate() {
        let row = out.list(list, number * 8, values.len(), 16, 8)?;
        for (number, value) in values.into_iter().enumerate() {
            let at = number * 16;
            match value {
                Value::Integer(value) => {
                    out.u8(row, at, 0);
                    out.u64(row, at + 8, value.cast_unsigned());
                }
                Value::Real(value) => {
                    out.u8(row, at, 1);
                    out.u64(row, at + 8, value.to_bits());
                }
                Value::Text(text) => {
                    out.u8(row, at, 2);
                    out.bytes(row, at + 8, text)?;
                }
                Value::Blob(bytes) => {
                    out.u8(row, at, 3);
                    out.bytes(row, at + 8, bytes)?;
                }
                Value::Null => out.u8(row, at, 4),
            }
        }
    }
    Ok(())
}
