//! The same for PostgreSQL.

use holm_services::postgres::{self, Known, PgError, PgType, PgValue};

use super::{Column, DbDataType, DbValue, Error, ParameterValue, RowSet};

impl From<PgError> for Error {
    fn from(error: PgError) -> Self {
        match error {
            PgError::Connection(text) => Self::ConnectionFailed(text),
            PgError::Parameter(text) => Self::BadParameter(text),
            PgError::Query(refusal) => Self::QueryFailed(refusal.text),
            PgError::Value(text) => Self::ValueConversionFailed(text),
            PgError::Other(text) => Self::Other(text),
        }
    }
}

impl From<PgType> for DbDataType {
    fn from(kind: PgType) -> Self {
        match kind {
            PgType::Known(Known::Bool) => Self::Boolean,
            PgType::Known(Known::Int16) => Self::Int16,
            PgType::Known(Known::Int32) => Self::Int32,
            PgType::Known(Known::Int64) => Self::Int64,
            PgType::Known(Known::Float32) => Self::Floating32,
            PgType::Known(Known::Float64) => Self::Floating64,
            PgType::Known(Known::Text) => Self::Str,
            PgType::Known(Known::Bytes) => Self::Binary,
            _ => Self::Other,
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
            PgValue::Null => Self::DbNull,
            // What 3.0.0 has more of.
            _ => Self::Unsupported,
        }
    }
}

/// Parameters as the host takes them.
///
/// # Errors
/// PostgreSQL has no numbers without a sign.
pub(crate) fn given(parameters: Vec<ParameterValue>) -> Result<Vec<PgValue>, PgError> {
    parameters.into_iter().map(parameter).collect()
}

fn parameter(value: ParameterValue) -> Result<PgValue, PgError> {
    Ok(match value {
        ParameterValue::Boolean(value) => PgValue::Bool(value),
        ParameterValue::Int8(value) => PgValue::Int8(value),
        ParameterValue::Int16(value) => PgValue::Int16(value),
        ParameterValue::Int32(value) => PgValue::Int32(value),
        ParameterValue::Int64(value) => PgValue::Int64(value),
        ParameterValue::Floating32(value) => PgValue::Float32(value),
        ParameterValue::Floating64(value) => PgValue::Float64(value),
        ParameterValue::Str(value) => PgValue::Text(value),
        ParameterValue::Binary(value) => PgValue::Bytes(value),
        ParameterValue::DbNull => PgValue::Null,
        ParameterValue::Uint8(_)
        | ParameterValue::Uint16(_)
        | ParameterValue::Uint32(_)
        | ParameterValue::Uint64(_) => {
            return Err(PgError::Value("PostgreSQL has no unsigned integers; pass one with a sign".to_owned()));
        }
    })
}

impl From<postgres::Column> for Column {
    fn from(column: postgres::Column) -> Self {
        Self { name: column.name, data_type: column.kind.into() }
    }
}

impl From<postgres::RowSet> for RowSet {
    fn from(answer: postgres::RowSet) -> Self {
        let row = |values: Vec<PgValue>| values.into_iter().map(DbValue::from).collect();
        Self {
            columns: answer.columns.into_iter().map(Column::from).collect(),
            rows: answer.rows.into_iter().map(row).collect(),
        }
    }
}
