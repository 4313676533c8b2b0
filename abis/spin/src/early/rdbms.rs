//! What `outbound-pg` and `outbound-mysql` have in common.
//!
//! Source: spinframework/spin, `wit/ephemeral/rdbms-types.wit`.

use wasmtime::{Result, bail};

use super::args::{Args, Reader};
use super::out::{Out, Place, ROOT};
use crate::rdbms::{Column, DbValue, Error, ParameterValue, RowSet};

/// A statement, and where it is to run.
pub(super) struct Statement {
    pub(super) address: String,
    pub(super) text: String,
    pub(super) parameters: Vec<ParameterValue>,
}

pub(super) fn statement(args: &mut Args<'_>) -> Result<Statement> {
    Ok(Statement { address: args.text()?, text: args.text()?, parameters: args.list(16, parameter)? })
}

/// Lays an error out, whose case is there.
pub(super) fn failed(out: &mut Out, at: usize, error: Error) -> Result<()> {
    let (case, text) = match error {
        Error::ConnectionFailed(text) => (1, text),
        Error::BadParameter(text) => (2, text),
        Error::QueryFailed(text) => (3, text),
        Error::ValueConversionFailed(text) => (4, text),
        Error::Other(text) => (5, text),
    };
    out.u8(ROOT, 0, 1);
    out.u8(ROOT, at, case);
    out.bytes(ROOT, at + 4, text)
}

fn parameter(guest: &Reader<'_>, at: u32) -> Result<ParameterValue> {
    use ParameterValue as Value;

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
        13 => Value::DbNull,
        other => bail!("the guest gave case {other} of a parameter of a statement"),
    })
}

/// Lays out what a query came to.
pub(super) fn answered(answer: std::result::Result<RowSet, Error>) -> Result<Out> {
    let mut out = Out::default();
    match answer {
        Ok(answer) => rows(&mut out, answer)?,
        Err(error) => failed(&mut out, 4, error)?,
    }
    Ok(out)
}

/// Lays an answer out.
fn rows(out: &mut Out, answer: RowSet) -> Result<()> {
    out.u8(ROOT, 0, 0);
    let columns = out.list(ROOT, 4, answer.columns.len(), 12, 4)?;
    for (number, Column { name, data_type }) in answer.columns.into_iter().enumerate() {
        out.bytes(columns, number * 12, name)?;
        out.u8(columns, number * 12 + 8, data_type as u8);
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

fn value(out: &mut Out, place: Place, at: usize, value: DbValue) -> Result<()> {
    use DbValue as Value;

    let there = at + 8;
    let case = match &value {
        Value::Boolean(_) => 0,
        Value::Int8(_) => 1,
        Value::Int16(_) => 2,
        Value::Int32(_) => 3,
        Value::Int64(_) => 4,
        Value::Uint8(_) => 5,
        Value::Uint16(_) => 6,
        Value::Uint32(_) => 7,
        Value::Uint64(_) => 8,
        Value::Floating32(_) => 9,
        Value::Floating64(_) => 10,
        Value::Str(_) => 11,
        Value::Binary(_) => 12,
        Value::DbNull => 13,
        Value::Unsupported => 14,
    };
    match value {
        Value::Boolean(value) => out.u8(place, there, value.into()),
        Value::Int8(value) => out.u8(place, there, value.cast_unsigned()),
        Value::Int16(value) => out.u16(place, there, value.cast_unsigned()),
        Value::Int32(value) => out.u32(place, there, value.cast_unsigned()),
        Value::Int64(value) => out.u64(place, there, value.cast_unsigned()),
        Value::Uint8(value) => out.u8(place, there, value),
        Value::Uint16(value) => out.u16(place, there, value),
        Value::Uint32(value) => out.u32(place, there, value),
        Value::Uint64(value) => out.u64(place, there, value),
        Value::Floating32(value) => out.u32(place, there, value.to_bits()),
        Value::Floating64(value) => out.u64(place, there, value.to_bits()),
        Value::Str(text) => out.bytes(place, there, text)?,
        Value::Binary(bytes) => out.bytes(place, there, bytes)?,
        Value::DbNull | Value::Unsupported => {}
    }
    out.u8(place, at, case);
    Ok(())
}
