//! Parameters as a server takes them, in binary (PostgreSQL's `*_recv` functions).

use std::error::Error;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{IsNull, Kind, ToSql, Type};

use super::value::{Bound, PgValue, Range};
use super::{PgError, calendar, decimal};

type Failed = Box<dyn Error + Sync + Send>;

/// A parameter that is known to be what it says.
#[derive(Debug)]
pub(super) struct Parameter(Checked);

#[derive(Debug)]
enum Checked {
    Value(PgValue),
    /// Bytes for a value of this type, under the name that a message has for it.
    Raw(Type, &'static str, Vec<u8>),
    /// Seconds since the start of 2000, in microseconds, for a timestamp of either kind.
    Moment(i64),
    /// Numbers in binary, as items of an array.
    Items(Type, Vec<Option<Vec<u8>>>),
}

impl Parameter {
    /// # Errors
    /// [`PgError::Parameter`] for text that is no number or UUID, and days that no calendar has.
    pub(super) fn new(value: PgValue) -> Result<Self, PgError> {
        let date = |bytes: Option<Vec<u8>>, kind, name| raw(kind, name, bytes, "no calendar has it");
        Ok(Self(match value {
            PgValue::Date(day) => {
                date(calendar::days(day).map(|days| days.to_be_bytes().to_vec()), Type::DATE, "date")?
            }
            PgValue::Time(time) => {
                date(calendar::micros(time).map(|micros| micros.to_be_bytes().to_vec()), Type::TIME, "time")?
            }
            PgValue::DateTime(day, time) => moment(calendar::moment(day, time))?,
            PgValue::Timestamp(seconds) => moment(calendar::moment_of(seconds))?,
            PgValue::Uuid(text) => raw(Type::UUID, "uuid", uuid(&text), "it is not one in hexadecimal digits")?,
            PgValue::Decimal(text) => raw(Type::NUMERIC, "decimal", decimal::write(&text), "it is no decimal number")?,
            PgValue::RangeInt32(found) => {
                Checked::Raw(Type::INT4_RANGE, "range", range(&found, |number| number.to_be_bytes().to_vec()))
            }
            PgValue::RangeInt64(found) => {
                Checked::Raw(Type::INT8_RANGE, "range", range(&found, |number| number.to_be_bytes().to_vec()))
            }
            PgValue::RangeDecimal(found) => {
                let bound = |bound: Option<Bound<String>>| {
                    let written =
                        |bound: Bound<String>| Some(Bound { value: number(&bound.value)?, inclusive: bound.inclusive });
                    bound.map_or(Some(None), |bound| written(bound).map(Some))
                };
                let found = bound(found.lower).zip(bound(found.upper)).map(|(lower, upper)| Range { lower, upper });
                let bytes = found.map(|found| range(&found, Clone::clone));
                raw(Type::NUM_RANGE, "range", bytes, "a bound of it is no decimal number")?
            }
            PgValue::ArrayDecimal(values) => {
                let items = values.iter().map(|item| item.as_deref().map_or(Some(None), |text| number(text).map(Some)));
                let items: Option<Vec<_>> = items.collect();
                Checked::Items(
                    Type::NUMERIC,
                    items.ok_or_else(|| wrong("array", "an item of it is no decimal number"))?,
                )
            }
            value => Checked::Value(value),
        }))
    }

    /// What it counts against what one statement may be given.
    pub(super) fn bytes(&self) -> u64 {
        match &self.0 {
            Checked::Value(value) => value.bytes(),
            Checked::Raw(_, _, bytes) => bytes.len() as u64 + 64,
            Checked::Moment(_) => 64,
            Checked::Items(_, items) => {
                items.iter().flatten().map(|item| item.len() as u64).sum::<u64>() + 32 * items.len() as u64
            }
        }
    }
}

fn number(text: &str) -> Option<Vec<u8>> {
    decimal::write(text)
}

fn wrong(name: &str, why: &str) -> PgError {
    PgError::Parameter(format!("a parameter that should be a {name}: {why}"))
}

fn raw(kind: Type, name: &'static str, bytes: Option<Vec<u8>>, why: &str) -> Result<Checked, PgError> {
    bytes.map(|bytes| Checked::Raw(kind, name, bytes)).ok_or_else(|| wrong(name, why))
}

fn moment(micros: Option<i64>) -> Result<Checked, PgError> {
    micros.map(Checked::Moment).ok_or_else(|| wrong("date and time", "no calendar has it"))
}

fn uuid(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(|digit| digit as u8);
    let digits: Vec<u8> = digits.iter().map(digit).collect::<Option<_>>()?;
    (digits.len() == 32)
        .then(|| digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

/// See `decode`.
fn range<T>(range: &Range<T>, bytes: impl Fn(&T) -> Vec<u8>) -> Vec<u8> {
    let mut written = vec![0];
    let bounds = [(&range.lower, 0x02, 0x08), (&range.upper, 0x04, 0x10)];
    for (bound, inclusive, infinite) in bounds {
        match bound {
            None => written[0] |= infinite,
            Some(bound) => {
                written[0] |= if bound.inclusive { inclusive } else { 0 };
                let value = bytes(&bound.value);
                written.extend_from_slice(&(value.len() as u32).to_be_bytes());
                written.extend_from_slice(&value);
            }
        }
    }
    written
}

impl ToSql for Parameter {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failed> {
        match &self.0 {
            Checked::Value(value) => plain(value, kind, out),
            Checked::Raw(meant, _, bytes) if meant == kind => {
                out.put_slice(bytes);
                Ok(IsNull::No)
            }
            Checked::Raw(_, name, _) => Err(unfit(name, kind)),
            Checked::Moment(micros) if [Type::TIMESTAMP, Type::TIMESTAMPTZ].contains(kind) => {
                out.put_i64(*micros);
                Ok(IsNull::No)
            }
            Checked::Moment(_) => Err(unfit("date and time", kind)),
            Checked::Items(meant, items) => match kind.kind() {
                Kind::Array(item) if item == meant => {
                    out.put_i32(i32::from(!items.is_empty()));
                    out.put_i32(i32::from(items.iter().any(Option::is_none)));
                    out.put_u32(meant.oid());
                    if !items.is_empty() {
                        out.put_u32(items.len() as u32);
                        out.put_i32(1);
                    }
                    for item in items {
                        match item {
                            None => out.put_i32(-1),
                            Some(bytes) => {
                                out.put_u32(bytes.len() as u32);
                                out.put_slice(bytes);
                            }
                        }
                    }
                    Ok(IsNull::No)
                }
                _ => Err(unfit("array", kind)),
            },
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failed> {
        self.to_sql(kind, out)
    }
}

fn plain(value: &PgValue, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failed> {
    match value {
        PgValue::Null => Ok(IsNull::Yes),
        PgValue::Bool(value) => value.to_sql_checked(kind, out),
        PgValue::Int8(value) if *kind == Type::CHAR => value.to_sql_checked(kind, out),
        PgValue::Int8(value) => whole(i64::from(*value), kind, out),
        PgValue::Int16(value) => whole(i64::from(*value), kind, out),
        PgValue::Int32(value) if *kind == Type::OID => value.cast_unsigned().to_sql_checked(kind, out),
        PgValue::Int32(value) => whole(i64::from(*value), kind, out),
        PgValue::Int64(value) => whole(*value, kind, out),
        PgValue::Float32(value) if *kind == Type::FLOAT8 => f64::from(*value).to_sql_checked(kind, out),
        PgValue::Float32(value) => value.to_sql_checked(kind, out),
        PgValue::Float64(value) => value.to_sql_checked(kind, out),
        PgValue::Text(value) => value.to_sql_checked(kind, out),
        PgValue::Bytes(value) => value.to_sql_checked(kind, out),
        PgValue::Jsonb(value) => match *kind {
            Type::JSON | Type::JSONB => {
                if *kind == Type::JSONB {
                    out.put_u8(1);
                }
                out.put_slice(value);
                Ok(IsNull::No)
            }
            _ => Err(unfit("JSON", kind)),
        },
        PgValue::ArrayInt32(values) => values.to_sql_checked(kind, out),
        PgValue::ArrayInt64(values) => values.to_sql_checked(kind, out),
        PgValue::ArrayText(values) => values.to_sql_checked(kind, out),
        PgValue::Interval(span) if *kind == Type::INTERVAL => {
            out.put_i64(span.micros);
            out.put_i32(span.days);
            out.put_i32(span.months);
            Ok(IsNull::No)
        }
        _ => Err(unfit("value", kind)),
    }
}

/// A whole number, in the width that is asked for if it fits.
fn whole(value: i64, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failed> {
    match *kind {
        Type::INT2 => i16::try_from(value).map_err(|_| unfit("number", kind))?.to_sql_checked(kind, out),
        Type::INT4 => i32::try_from(value).map_err(|_| unfit("number", kind))?.to_sql_checked(kind, out),
        _ => value.to_sql_checked(kind, out),
    }
}

fn unfit(name: &str, kind: &Type) -> Failed {
    format!("the parameter is a {name}, and the statement wants {} there; cast it in the statement", kind.name()).into()
}
