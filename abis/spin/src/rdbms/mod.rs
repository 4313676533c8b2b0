//! What the first interfaces to database servers have in common, and that of MySQL still has: `rdbms-types`.
//!
//! Signatures and which error is which: spinframework/spin, `wit/deps/spin@unversioned/rdbms-types.wit`,
//! `wit/deps/spin@2.0.0/rdbms-types.wit`, `wit/deps/spin-mysql@3.0.0`.

pub(crate) mod postgres;

use holm_services::mysql::{self, MyError, MyType, MyValue};
use wasmtime::component::{ComponentType, Lift, Lower};

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(variant)]
pub(crate) enum Error {
    #[component(name = "connection-failed")]
    ConnectionFailed(String),
    #[component(name = "bad-parameter")]
    BadParameter(String),
    #[component(name = "query-failed")]
    QueryFailed(String),
    #[component(name = "value-conversion-failed")]
    ValueConversionFailed(String),
    #[component(name = "other")]
    Other(String),
}

/// The error of the unversioned interfaces, `pg-error` and `mysql-error`.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(variant)]
pub(crate) enum FirstError {
    /// Which no error is.
    #[component(name = "success")]
    Success,
    #[component(name = "connection-failed")]
    ConnectionFailed(String),
    #[component(name = "bad-parameter")]
    BadParameter(String),
    #[component(name = "query-failed")]
    QueryFailed(String),
    #[component(name = "value-conversion-failed")]
    ValueConversionFailed(String),
    #[component(name = "other-error")]
    OtherError(String),
}

impl From<Error> for FirstError {
    fn from(error: Error) -> Self {
        match error {
            Error::ConnectionFailed(text) => Self::ConnectionFailed(text),
            Error::BadParameter(text) => Self::BadParameter(text),
            Error::QueryFailed(text) => Self::QueryFailed(text),
            Error::ValueConversionFailed(text) => Self::ValueConversionFailed(text),
            Error::Other(text) => Self::OtherError(text),
        }
    }
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub(crate) enum DbDataType {
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
    #[component(name = "uint8")]
    Uint8,
    #[component(name = "uint16")]
    Uint16,
    #[component(name = "uint32")]
    Uint32,
    #[component(name = "uint64")]
    Uint64,
    #[component(name = "floating32")]
    Floating32,
    #[component(name = "floating64")]
    Floating64,
    #[component(name = "str")]
    Str,
    #[component(name = "binary")]
    Binary,
    #[component(name = "other")]
    Other,
}

impl From<MyType> for DbDataType {
    fn from(kind: MyType) -> Self {
        match kind {
            MyType::Int8 => Self::Int8,
            MyType::Int16 => Self::Int16,
            MyType::Int32 => Self::Int32,
            MyType::Int64 => Self::Int64,
            MyType::Uint8 => Self::Uint8,
            MyType::Uint16 => Self::Uint16,
            MyType::Uint32 => Self::Uint32,
            MyType::Uint64 => Self::Uint64,
            MyType::Float32 => Self::Floating32,
            MyType::Float64 => Self::Floating64,
            MyType::Text => Self::Str,
            MyType::Bytes => Self::Binary,
            MyType::Other => Self::Other,
        }
    }
}

#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(variant)]
pub(crate) enum DbValue {
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
    #[component(name = "uint8")]
    Uint8(u8),
    #[component(name = "uint16")]
    Uint16(u16),
    #[component(name = "uint32")]
    Uint32(u32),
    #[component(name = "uint64")]
    Uint64(u64),
    #[component(name = "floating32")]
    Floating32(f32),
    #[component(name = "floating64")]
    Floating64(f64),
    #[component(name = "str")]
    Str(String),
    #[component(name = "binary")]
    Binary(Vec<u8>),
    #[component(name = "db-null")]
    DbNull,
    #[component(name = "unsupported")]
    Unsupported,
}

#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(variant)]
pub(crate) enum ParameterValue {
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
    #[component(name = "uint8")]
    Uint8(u8),
    #[component(name = "uint16")]
    Uint16(u16),
    #[component(name = "uint32")]
    Uint32(u32),
    #[component(name = "uint64")]
    Uint64(u64),
    #[component(name = "floating32")]
    Floating32(f32),
    #[component(name = "floating64")]
    Floating64(f64),
    #[component(name = "str")]
    Str(String),
    #[component(name = "binary")]
    Binary(Vec<u8>),
    #[component(name = "db-null")]
    DbNull,
}

impl From<MyValue> for DbValue {
    fn from(value: MyValue) -> Self {
        match value {
            MyValue::Bool(value) => Self::Boolean(value),
            MyValue::Int8(value) => Self::Int8(value),
            MyValue::Int16(value) => Self::Int16(value),
            MyValue::Int32(value) => Self::Int32(value),
            MyValue::Int64(value) => Self::Int64(value),
            MyValue::Uint8(value) => Self::Uint8(value),
            MyValue::Uint16(value) => Self::Uint16(value),
            MyValue::Uint32(value) => Self::Uint32(value),
            MyValue::Uint64(value) => Self::Uint64(value),
            MyValue::Float32(value) => Self::Floating32(value),
            MyValue::Float64(value) => Self::Floating64(value),
            MyValue::Text(value) => Self::Str(value),
            MyValue::Bytes(value) => Self::Binary(value),
            MyValue::Null => Self::DbNull,
        }
    }
}

impl From<ParameterValue> for MyValue {
    fn from(value: ParameterValue) -> Self {
        match value {
            ParameterValue::Boolean(value) => Self::Bool(value),
            ParameterValue::Int8(value) => Self::Int8(value),
            ParameterValue::Int16(value) => Self::Int16(value),
            ParameterValue::Int32(value) => Self::Int32(value),
            ParameterValue::Int64(value) => Self::Int64(value),
            ParameterValue::Uint8(value) => Self::Uint8(value),
            ParameterValue::Uint16(value) => Self::Uint16(value),
            ParameterValue::Uint32(value) => Self::Uint32(value),
            ParameterValue::Uint64(value) => Self::Uint64(value),
            ParameterValue::Floating32(value) => Self::Float32(value),
            ParameterValue::Floating64(value) => Self::Float64(value),
            ParameterValue::Str(value) => Self::Text(value),
            ParameterValue::Binary(value) => Self::Bytes(value),
            ParameterValue::DbNull => Self::Null,
        }
    }
}

#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct Column {
    pub(crate) name: String,
    #[component(name = "data-type")]
    pub(crate) data_type: DbDataType,
}

impl From<mysql::Column> for Column {
    fn from(column: mysql::Column) -> Self {
        Self { name: column.name, data_type: column.kind.into() }
    }
}

#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct RowSet {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<DbValue>>,
}

impl From<mysql::RowSet> for RowSet {
    fn from(answer: mysql::RowSet) -> Self {
        Self {
            columns: answer.columns.into_iter().map(Column::from).collect(),
            rows: answer.rows.into_iter().map(row).collect(),
        }
    }
}

/// A row of MySQL's answers.
pub(crate) fn row(values: Vec<MyValue>) -> Vec<DbValue> {
    values.into_iter().map(DbValue::from).collect()
}

/// Parameters as the host takes them.
pub(crate) fn given<T: From<ParameterValue>>(parameters: Vec<ParameterValue>) -> Vec<T> {
    parameters.into_iter().map(T::from).collect()
}
