//! `outbound-pg` and `outbound-mysql`: statements to database servers.
//!
//! Source: spinframework/spin, `wit/ephemeral/{outbound-pg,outbound-mysql,rdbms-types,pg-types,mysql-types}.wit`.

use wasmtime::{Result, bail};

use super::args::{Args, Reader};
use super::link::Work;
use super::out::{Out, Place, ROOT};
use super::servers::{self, Answer, Kind, SqlError, Statement, Value};

pub(super) fn query_postgres(args: &mut Args<'_>) -> Result<Work> {
    querying(Kind::Postgres, args)
}

pub(super) fn query_mysql(args: &mut Args<'_>) -> Result<Work> {
    querying(Kind::Mysql, args)
}

pub(super) fn execute_postgres(args: &mut Args<'_>) -> Result<Work> {
    executing(Kind::Postgres, args)
}

pub(super) fn execute_mysql(args: &mut Args<'_>) -> Result<Work> {
    executing(Kind::Mysql, args)
}

fn statement(kind: Kind, args: &mut Args<'_>) -> Result<Statement> {
    Ok(Statement { kind, address: args.text()?, text: args.text()?, parameters: args.list(16, parameter)? })
}

fn querying(kind: Kind, args: &mut Args<'_>) -> Result<Work> {
    let statement = statement(kind, args)?;
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let shared = std::sync::Arc::clone(&state.shared);
            let mut out = Out::default();
            match servers::query(&shared, statement).await {
                Ok(answer) => {
                    out.u8(ROOT, 0, 0);
                    rows(&mut out, answer)?;
                }
                Err(error) => failed(&mut out, 4, error)?,
            }
            Ok(Some(out))
        })
    }))
}

fn executing(kind: Kind, args: &mut Args<'_>) -> Result<Work> {
    let statement = statement(kind, args)?;
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let shared = std::sync::Arc::clone(&state.shared);
            let mut out = Out::default();
            // Only one of the two says how many rows there were, for which it has room.
            let says = matches!(statement.kind, Kind::Postgres);
            match servers::execute(&shared, statement).await {
                Ok(changed) => {
                    out.u8(ROOT, 0, 0);
                    if says {
                        out.u64(ROOT, 8, changed);
                    }
                }
                Err(error) => failed(&mut out, if says { 8 } else { 4 }, error)?,
            }
            Ok(Some(out))
        })
    }))
}

fn failed(out: &mut Out, at: usize, error: SqlError) -> Result<()> {
    let (case, text) = match error {
        SqlError::ConnectionFailed(text) => (1, text),
        SqlError::BadParameter(text) => (2, text),
        SqlError::QueryFailed(text) => (3, text),
        SqlError::ValueConversionFailed(text) => (4, text),
        SqlError::Other(text) => (5, text),
    };
    out.u8(ROOT, 0, 1);
    out.u8(ROOT, at, case);
    out.bytes(ROOT, at + 4, text)
}

fn parameter(guest: &Reader<'_>, at: u32) -> Result<Value> {
    let value = at.saturating_add(8);
    Ok(match guest.u8(at)? {
        0 => Value::Boolean(guest.u8(value)? != 0),
        1 => Value::Int8(guest.u8(value)?.cast_signed()),
        2 => Value::Int16(guest.u16(value)?.cast_signed()),
        3 => Value::Int32(guest.u32(value)?.cast_signed()),
        4 => Value::Int64(guest.u64(value)?.cast_signed()),
        5 => Value::Uint8(guest.u8(value)?),
        6 => Value::Uint16(guest.u16(value)?),
        7 => Value::Uint32(guest.u32(value)?),
        8 => Value::Uint64(guest.u64(value)?),
        9 => Value::Floating32(f32::from_bits(guest.u32(value)?)),
        10 => Value::Floating64(f64::from_bits(guest.u64(value)?)),
        11 => Value::Str(guest.text_at(value)?),
        12 => Value::Binary(guest.bytes_at(value)?),
        13 => Value::Null,
        other => bail!("the guest gave case {other} of a parameter of a statement"),
    })
}

fn rows(out: &mut Out, answer: Answer) -> Result<()> {
    let columns = out.list(ROOT, 4, answer.columns.len(), 12, 4)?;
    for (number, (name, ty)) in answer.columns.into_iter().enumerate() {
        out.bytes(columns, number * 12, name)?;
        out.u8(columns, number * 12 + 8, ty as u8);
    }
    let list = out.list(ROOT, 12, answer.rows.len(), 8, 4)?;
    for (number, values) in answer.rows.into_iter().enumerate() {
        let row = out.list(list, number * 8, values.len(), 16, 8)?;
        for (number, one) in values.into_iter().enumerate() {
            value(out, row, number * 16, one)?;
        }
    }
    Ok(())
}

fn value(out: &mut Out, place: Place, at: usize, value: Value) -> Result<()> {
    let there = at + 8;
    let case = match value {
        Value::Boolean(value) => (0, out.u8(place, there, value.into())).0,
        Value::Int8(value) => (1, out.u8(place, there, value.cast_unsigned())).0,
        Value::Int16(value) => (2, out.u16(place, there, value.cast_unsigned())).0,
        Value::Int32(value) => (3, out.u32(place, there, value.cast_unsigned())).0,
        Value::Int64(value) => (4, out.u64(place, there, value.cast_unsigned())).0,
        Value::Uint8(value) => (5, out.u8(place, there, value)).0,
        Value::Uint16(value) => (6, out.u16(place, there, value)).0,
        Value::Uint32(value) => (7, out.u32(place, there, value)).0,
        Value::Uint64(value) => (8, out.u64(place, there, value)).0,
        Value::Floating32(value) => (9, out.u32(place, there, value.to_bits())).0,
        Value::Floating64(value) => (10, out.u64(place, there, value.to_bits())).0,
        Value::Str(value) => (11, out.bytes(place, there, value)?).0,
        Value::Binary(value) => (12, out.bytes(place, there, value)?).0,
        Value::Null => 13,
        Value::Unsupported => 14,
    };
    out.u8(place, at, case);
    Ok(())
}
