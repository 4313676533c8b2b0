//! The types of version 3.0.0.

use holm_services::postgres::{self, Known, PgType, PgValue, RowSet as Answer};
use wasmtime::component::{ComponentType, Lift, Lower};

use super::times::{Date, DateTime, Time, date, parts, time};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "the interface has more types than columns")]
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
    #[component(name = "other")]
    Other,
}

impl From<PgType> for DbDataType {
    fn from(kind: PgType) -> Self {
        let known = match kind {
            PgType::Known(known) => known,
            PgType::Other(_) => return Self::Other,
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
            // What 4.0.0 has more of.
            _ => Self::Other,
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
    #[component(name = "db-null")]
    DbNull,
    #[component(name = "unsupported")]
    Unsupported,
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
            PgValue::Null => Self::DbNull,
            // What 4.0.0 has more of.
            _ => Self::Unsupported,
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
