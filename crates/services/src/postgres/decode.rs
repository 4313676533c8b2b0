//! Values as a server sends them, in binary (PostgreSQL's `*_send` functions).

use tokio_postgres::types::{FromSql, Type};

use super::value::{Bound, Interval, Known, PgType, PgValue, Range};
use super::{PgError, calendar, decimal};

/// The bytes of a value, of whatever type.
pub(super) struct Raw<'a>(pub(super) &'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The value of a column.
pub(super) fn value(kind: &Type, column: &str, raw: Option<Raw<'_>>) -> Result<PgValue, PgError> {
    let Some(Raw(raw)) = raw else { return Ok(PgValue::Null) };
    let PgType::Known(known) = PgType::of(kind) else { return Ok(PgValue::Other(raw.to_vec())) };
    read(known, raw).ok_or_else(|| {
        PgError::Value(format!(
            "column `{column}` of type {} has a value that cannot be passed on; cast it to text in the statement",
            kind.name()
        ))
    })
}

fn read(known: Known, raw: &[u8]) -> Option<PgValue> {
    Some(match known {
        Known::Bool => PgValue::Bool(*raw.first()? != 0),
        Known::Int16 => PgValue::Int16(i16::from_be_bytes(fixed(raw)?)),
        Known::Int32 => PgValue::Int32(int32(raw)?),
        Known::Int64 => PgValue::Int64(int64(raw)?),
        Known::Float32 => PgValue::Float32(f32::from_be_bytes(fixed(raw)?)),
        Known::Float64 => PgValue::Float64(f64::from_be_bytes(fixed(raw)?)),
        Known::Text => PgValue::Text(text(raw)?),
        Known::Bytes => PgValue::Bytes(raw.to_vec()),
        Known::Date => PgValue::Date(calendar::date(int32(raw)?)?),
        Known::Time => PgValue::Time(calendar::time(int64(raw)?)?),
        Known::DateTime => {
            let (date, time) = calendar::datetime(int64(raw)?)?;
            PgValue::DateTime(date, time)
        }
        Known::Uuid => PgValue::Uuid(uuid(&fixed(raw)?)),
        // The first byte is the version of the format.
        Known::Jsonb => PgValue::Jsonb(raw.strip_prefix(&[1])?.to_vec()),
        Known::Decimal => PgValue::Decimal(decimal::read(raw)?),
        Known::RangeInt32 => PgValue::RangeInt32(range(raw, int32, 0)?),
        Known::RangeInt64 => PgValue::RangeInt64(range(raw, int64, 0)?),
        Known::RangeDecimal => PgValue::RangeDecimal(range(raw, decimal::read, "0".to_owned())?),
        Known::ArrayInt32 => PgValue::ArrayInt32(array(raw, int32)?),
        Known::ArrayInt64 => PgValue::ArrayInt64(array(raw, int64)?),
        Known::ArrayDecimal => PgValue::ArrayDecimal(array(raw, decimal::read)?),
        Known::ArrayText => PgValue::ArrayText(array(raw, text)?),
        Known::Interval => {
            let (micros, rest) = raw.split_first_chunk()?;
            let (days, months) = rest.split_first_chunk()?;
            let [micros, days, months] =
                [i64::from_be_bytes(*micros), i64::from(i32::from_be_bytes(*days)), i64::from(int32(months)?)];
            PgValue::Interval(Interval { micros, days: days.try_into().ok()?, months: months.try_into().ok()? })
        }
    })
}

fn fixed<const N: usize>(raw: &[u8]) -> Option<[u8; N]> {
    raw.try_into().ok()
}

fn int32(raw: &[u8]) -> Option<i32> {
    Some(i32::from_be_bytes(fixed(raw)?))
}

fn int64(raw: &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(fixed(raw)?))
}

fn text(raw: &[u8]) -> Option<String> {
    std::str::from_utf8(raw).ok().map(ToOwned::to_owned)
}

fn uuid(bytes: &[u8; 16]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

// `src/include/utils/rangetypes.h`
const EMPTY: u8 = 0x01;
const LOWER_INCLUSIVE: u8 = 0x02;
const UPPER_INCLUSIVE: u8 = 0x04;
const LOWER_INFINITE: u8 = 0x08;
const UPPER_INFINITE: u8 = 0x10;

fn range<T: Clone>(raw: &[u8], read: impl Fn(&[u8]) -> Option<T>, zero: T) -> Option<Range<T>> {
    let (flags, mut rest) = raw.split_first()?;
    if flags & EMPTY != 0 {
        let bound = Bound { value: zero, inclusive: false };
        return Some(Range { lower: Some(bound.clone()), upper: Some(bound) });
    }
    let mut bound = |infinite, inclusive| {
        if flags & infinite != 0 {
            return Some(None);
        }
        let value = read(item(&mut rest)??)?;
        Some(Some(Bound { value, inclusive: flags & inclusive != 0 }))
    };
    Some(Range { lower: bound(LOWER_INFINITE, LOWER_INCLUSIVE)?, upper: bound(UPPER_INFINITE, UPPER_INCLUSIVE)? })
}

/// An array of at most one dimension.
fn array<T>(raw: &[u8], read: impl Fn(&[u8]) -> Option<T>) -> Option<Vec<Option<T>>> {
    let (dimensions, rest) = raw.split_first_chunk()?;
    // Whether there are nulls, and the type of the items.
    let rest = rest.get(8..)?;
    match i32::from_be_bytes(*dimensions) {
        0 => return Some(Vec::new()),
        1 => {}
        _ => return None,
    }
    let (length, rest) = rest.split_first_chunk()?;
    let (length, mut rest) = (usize::try_from(i32::from_be_bytes(*length)).ok()?, rest.get(4..)?);
    // Each item takes four bytes at least.
    if length > rest.len() / 4 {
        return None;
    }
    let mut items = Vec::with_capacity(length);
    for _ in 0..length {
        items.push(match item(&mut rest)? {
            Some(raw) => Some(read(raw)?),
            None => None,
        });
    }
    Some(items)
}

/// The bytes that a length stands before; a negative one is for null.
#[expect(clippy::option_option, reason = "a missing item is not a null")]
fn item<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let (length, after) = rest.split_first_chunk()?;
    let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
        *rest = after;
        return Some(None);
    };
    let (item, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(Some(item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_sends_too_little_or_too_much_of_is_no_value() {
        let kinds = [
            Known::Bool,
            Known::Int16,
            Known::Int32,
            Known::Date,
            Known::Time,
            Known::DateTime,
            Known::Uuid,
            Known::Jsonb,
            Known::Decimal,
            Known::RangeInt32,
            Known::ArrayInt32,
            Known::ArrayText,
            Known::Interval,
        ];
        for known in kinds {
            assert_eq!(read(known, &[]), None, "{known:?}");
        }
        // An array of two thousand million items, and one whose item is longer than all of it.
        let long = [&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1][..], &[0; 64]].concat();
        assert_eq!(read(Known::ArrayInt32, &long), None);
        let lies = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 1, 0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff, 1];
        assert_eq!(read(Known::ArrayText, &lies), None);
        assert_eq!(read(Known::Text, &[0xff]), None);
    }
}
