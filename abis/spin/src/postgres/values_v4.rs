//! The types of versions 4.0.0 to 4.2.0, which are the same.

use holm_services::postgres::{self, Bound, Known, PgError, PgType, PgValue, RowSet as Answer};
use wasmtime::component::{ComponentType, Lift, Lower};

use super::times::{Date, DateTime, Time, date, parts, time};

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(variant)]
pub(super) enum Error {
    #[component(name = "connection-failed")]
    ConnectionFailed(String),
    #[component(name = "bad-parameter")]
    BadParameter(String),
    #[component(name = "query-failed")]
    QueryFailed(QueryError),
    #[component(name = "value-conversion-failed")]
    ValueConversionFailed(String),
    #[component(name = "other")]
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(variant)]
pub(super) enum QueryError {
    #[component(name = "text")]
    Text(String),
    #[component(name = "db-error")]
    DbError(DbError),
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(record)]
pub(super) struct DbError {
    #[component(name = "as-text")]
    as_text: String,
    severity: String,
    code: String,
    message: String,
    detail: Option<String>,
    extras: Vec<(String, String)>,
}

impl From<PgError> for Error {
    fn from(error: PgError) -> Self {
        match error {
            PgError::Connection(text) => Self::ConnectionFailed(text),
            PgError::Parameter(text) => Self::BadParameter(text),
            PgError::Value(text) => Self::ValueConversionFailed(text),
            PgError::Other(text) => Self::Other(text),
            PgError::Query(refusal) => Self::QueryFailed(match refusal.server {
                None => QueryError::Text(refusal.text),
                Some(told) => QueryError::DbError(DbError {
                    as_text: refusal.text,
                    severity: told.severity,
                    code: told.code,
                    message: told.message,
                    detail: told.detail,
                    extras: told.extras,
                }),
            }),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub(super) enum RangeBoundKind {
    #[component(name = "inclusive")]
    Inclusive,
    #[component(name = "exclusive")]
    Exclusive,
}

type RangeBound<T> = Option<(T, RangeBoundKind)>;
type Range<T> = (RangeBound<T>, RangeBound<T>);

fn range<T>((lower, upper): Range<T>) -> postgres::Range<T> {
    let bound = |(value, kind)| Bound { value, inclusive: kind == RangeBoundKind::Inclusive };
    postgres::Range { lower: lower.map(bound), upper: upper.map(bound) }
}

fn bounds<T>(range: postgres::Range<T>) -> Range<T> {
    let bound = |Bound { value, inclusive }| {
        (value, if inclusive { RangeBoundKind::Inclusive } else { RangeBoundKind::Exclusive })
    };
    (range.lower.map(bound), range.upper.map(bound))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(record)]
pub(super) struct Interval {
    micros: i64,
    days: i32,
    months: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(variant)]
pub(super) enum DbDataType {
    #[component(name = "boolean")]
    Boolean,
    #[component(name = "int8")]
    Int8,
    #[component(name = "int16")]
    Int16,
    #[component(name = "int32")]
    Int32,
    #[component(name = "int64")]
    Int64,
    #[component(name = "floating32")]
    Floating32,
    #[component(name = "floating64")]
    Floating64,
    #[component(name = "str")]
    Str,
    #[component(name = "binary")]
    Binary,
    #[component(name = "date")]
    Date,
    #[component(name = "time")]
    Time,
    #[component(name = "datetime")]
    Datetime,
    #[component(name = "timestamp")]
    Timestamp,
    #[component(name = "uuid")]
    Uuid,
    #[component(name = "jsonb")]
    Jsonb,
    #[component(name = "decimal")]
    Decimal,
    #[component(name = "range-int32")]
    RangeInt32,
    #[component(name = "range-int64")]
    RangeInt64,
    #[component(name = "range-decimal")]
    RangeDecimal,
    #[component(name = "array-int32")]
    ArrayInt32,
    #[component(name = "array-int64")]
    ArrayInt64,
    #[component(name = "array-decimal")]
    ArrayDecimal,
    #[component(name = "array-str")]
    ArrayStr,
    #[component(name = "interval")]
    Interval,
    #[component(name = "other")]
    Other(String),
}

impl From<PgType> for DbDataType {
    fn from(kind: PgType) -> Self {
        let known = match kind {
            PgType::Known(known) => known,
            PgType::Other(name) => return Self::Other(name),
        };
        match known {
            Known::Bool => Self::Boolean,
            Known::Int16 => Self::Int16,
            Known::Int32 => Self::Int32,
            Known::Int64 => Self::Int64,
            Known::Float32 => Self::Floating32,
            Known::Float64 => Self::Floating64,
            Known::Text => Self::Str,
            Known::Bytes => Self::Binary,
            Known::Date => Self::Date,
            Known::Time => Self::Time,
            Known::DateTime => Self::Datetime,
            Known::Uuid => Self::Uuid,
            Known::Jsonb => Self::Jsonb,
            Known::Decimal => Self::Decimal,
            Known::RangeInt32 => Self::RangeInt32,
            Known::RangeInt64 => Self::RangeInt64,
            Known::RangeDecimal => Self::RangeDecimal,
            Known::ArrayInt32 => Self::ArrayInt32,
            Known::ArrayInt64 => Self::ArrayInt64,
            Known::ArrayDecimal => Self::ArrayDecimal,
            Known::ArrayText => Self::ArrayStr,
            Known::Interval => Self::Interval,
        }
    }
}

#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(variant)]
pub(super) enum DbValue {
    #[component(name = "boolean")]
    Boolean(bool),
    #[component(name = "int8")]
    Int8(i8),
    #[component(name = "int16")]
    Int16(i16),
    #[component(name = "int32")]
    Int32(i32),
    #[component(name = "int64")]
    Int64(i64),
    #[component(name = "floating32")]
    Floating32(f32),
    #[component(name = "floating64")]
    Floating64(f64),
    #[component(name = "str")]
    Str(String),
    #[component(name = "binary")]
    Binary(Vec<u8>),
    #[component(name = "date")]
    Date(Date),
    #[component(name = "time")]
    Time(Time),
    #[component(name = "datetime")]
    Datetime(DateTime),
    #[component(name = "timestamp")]
    Timestamp(i64),
    #[component(name = "uuid")]
    Uuid(String),
    #[component(name = "jsonb")]
    Jsonb(Vec<u8>),
    #[component(name = "decimal")]
    Decimal(String),
    #[component(name = "range-int32")]
    RangeInt32(Range<i32>),
    #[component(name = "range-int64")]
    RangeInt64(Range<i64>),
    #[component(name = "range-decimal")]
    RangeDecimal(Range<String>),
    #[component(name = "array-int32")]
    ArrayInt32(Vec<Option<i32>>),
    #[component(name = "array-int64")]
    ArrayInt64(Vec<Option<i64>>),
    #[component(name = "array-decimal")]
    ArrayDecimal(Vec<Option<String>>),
    #[component(name = "array-str")]
    ArrayStr(Vec<Option<String>>),
    #[component(name = "interval")]
    Interval(Interval),
    #[component(name = "db-null")]
    DbNull,
    #[component(name = "unsupported")]
    Unsupported(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(variant)]
pub(super) enum ParameterValue {
    #[component(name = "boolean")]
    Boolean(bool),
    #[component(name = "int8")]
    Int8(i8),
    #[component(name = "int16")]
    Int16(i16),
    #[component(name = "int32")]
    Int32(i32),
    #[component(name = "int64")]
    Int64(i64),
    #[component(name = "floating32")]
    Floating32(f32),
    #[component(name = "floating64")]
    Floating64(f64),
    #[component(name = "str")]
    Str(String),
    #[component(name = "binary")]
    Binary(Vec<u8>),
    #[component(name = "date")]
    Date(Date),
    #[component(name = "time")]
    Time(Time),
    #[component(name = "datetime")]
    Datetime(DateTime),
    #[component(name = "timestamp")]
    Timestamp(i64),
    #[component(name = "uuid")]
    Uuid(String),
    #[component(name = "jsonb")]
    Jsonb(Vec<u8>),
    #[component(name = "decimal")]
    Decimal(String),
    #[component(name = "range-int32")]
    RangeInt32(Range<i32>),
    #[component(name = "range-int64")]
    RangeInt64(Range<i64>),
    #[component(name = "range-decimal")]
    RangeDecimal(Range<String>),
    #[component(name = "array-int32")]
    ArrayInt32(Vec<Option<i32>>),
    #[component(name = "array-int64")]
    ArrayInt64(Vec<Option<i64>>),
    #[component(name = "array-decimal")]
    ArrayDecimal(Vec<Option<String>>),
    #[component(name = "array-str")]
    ArrayStr(Vec<Option<String>>),
    #[component(name = "interval")]
    Interval(Interval),
    #[component(name = "db-null")]
    DbNull,
}

impl From<ParameterValue> for PgValue {
    fn from(value: ParameterValue) -> Self {
        match value {
            ParameterValue::Boolean(value) => Self::Bool(value),
            ParameterValue::Int8(value) => Self::Int8(value),
            ParameterValue::Int16(value) => Self::Int16(value),
            ParameterValue::Int32(value) => Self::Int32(value),
            ParameterValue::Int64(value) => Self::Int64(value),
            ParameterValue::Floating32(value) => Self::Float32(value),
            ParameterValue::Floating64(value) => Self::Float64(value),
            ParameterValue::Str(value) => Self::Text(value),
            ParameterValue::Binary(value) => Self::Bytes(value),
            ParameterValue::Date(day) => Self::Date(date(day)),
            ParameterValue::Time(of_day) => Self::Time(time(of_day)),
            ParameterValue::Datetime((year, month, day, hour, minute, second, nanosecond)) => {
                Self::DateTime(date((year, month, day)), time((hour, minute, second, nanosecond)))
            }
            ParameterValue::Timestamp(value) => Self::Timestamp(value),
            ParameterValue::Uuid(value) => Self::Uuid(value),
            ParameterValue::Jsonb(value) => Self::Jsonb(value),
            ParameterValue::Decimal(value) => Self::Decimal(value),
            ParameterValue::RangeInt32(found) => Self::RangeInt32(range(found)),
            ParameterValue::RangeInt64(found) => Self::RangeInt64(range(found)),
            ParameterValue::RangeDecimal(found) => Self::RangeDecimal(range(found)),
            ParameterValue::ArrayInt32(value) => Self::ArrayInt32(value),
            ParameterValue::ArrayInt64(value) => Self::ArrayInt64(value),
            ParameterValue::ArrayDecimal(value) => Self::ArrayDecimal(value),
            ParameterValue::ArrayStr(value) => Self::ArrayText(value),
            ParameterValue::Interval(Interval { micros, days, months }) => {
                Self::Interval(postgres::Interval { micros, days, months })
            }
            ParameterValue::DbNull => Self::Null,
        }
    }
}

impl From<PgValue> for DbValue {
    fn from(value: PgValue) -> Self {
        match value {
            PgValue::Bool(value) => Self::Boolean(value),
            PgValue::Int8(value) => Self::Int8(value),
            PgValue::Int16(value) => Self::Int16(value),
            PgValue::Int32(value) => Self::Int32(value),
            PgValue::Int64(value) => Self::Int64(value),
            PgValue::Float32(value) => Self::Floating32(value),
            PgValue::Float64(value) => Self::Floating64(value),
            PgValue::Text(value) => Self::Str(value),
            PgValue::Bytes(value) => Self::Binary(value),
            PgValue::Date(day) => Self::Date((day.year, day.month, day.day)),
            PgValue::Time(of_day) => Self::Time(parts(of_day)),
            PgValue::DateTime(day, of_day) => {
                let (hour, minute, second, nanosecond) = parts(of_day);
                Self::Datetime((day.year, day.month, day.day, hour, minute, second, nanosecond))
            }
            PgValue::Timestamp(value) => Self::Timestamp(value),
            PgValue::Uuid(value) => Self::Uuid(value),
            PgValue::Jsonb(value) => Self::Jsonb(value),
            PgValue::Decimal(value) => Self::Decimal(value),
            PgValue::RangeInt32(found) => Self::RangeInt32(bounds(found)),
            PgValue::RangeInt64(found) => Self::RangeInt64(bounds(found)),
            PgValue::RangeDecimal(found) => Self::RangeDecimal(bounds(found)),
            PgValue::ArrayInt32(value) => Self::ArrayInt32(value),
            PgValue::ArrayInt64(value) => Self::ArrayInt64(value),
            PgValue::ArrayDecimal(value) => Self::ArrayDecimal(value),
            PgValue::ArrayText(value) => Self::ArrayStr(value),
            PgValue::Interval(postgres::Interval { micros, days, months }) => {
                Self::Interval(Interval { micros, days, months })
            }
            PgValue::Null => Self::DbNull,
            PgValue::Other(bytes) => Self::Unsupported(bytes),
        }
    }
}

#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(record)]
pub(super) struct Column {
    name: String,
    #[component(name = "data-type")]
    data_type: DbDataType,
}

impl From<postgres::Column> for Column {
    fn from(column: postgres::Column) -> Self {
        Self { name: column.name, data_type: column.kind.into() }
    }
}

#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(record)]
pub(super) struct RowSet {
    columns: Vec<Column>,
    rows: Vec<Vec<DbValue>>,
}

impl From<Answer> for RowSet {
    fn from(answer: Answer) -> Self {
        Self {
            columns: answer.columns.into_iter().map(Column::from).collect(),
            rows: answer.rows.into_iter().map(row).collect(),
        }
    }
}

/// A row of an answer.
pub(super) fn row(values: Vec<PgValue>) -> Vec<DbValue> {
    values.into_iter().map(DbValue::from).collect()
}
