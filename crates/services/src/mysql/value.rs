//! Values that guests give to a server and are given by it.

use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::prelude::FromValue;
use mysql_async::{Value, from_value_opt};

use super::MyError;

/// A value of MySQL.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum MyValue {
    Bool(bool),
    Int8(i8),
    Int16(i16),
    Int32(i32),
    Int64(i64),
    Uint8(u8),
    Uint16(u16),
    Uint32(u32),
    Uint64(u64),
    Float32(f32),
    Float64(f64),
    Text(String),
    Bytes(Vec<u8>),
    Null,
}

/// The type of a column. [`MyType::Other`] has no values that can be passed on, but for null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are those of MyValue")]
pub enum MyType {
    Int8,
    Int16,
    Int32,
    Int64,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Float32,
    Float64,
    Text,
    Bytes,
    Other,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: MyType,
}

impl Column {
    pub(super) fn of(column: &mysql_async::Column) -> Self {
        Self { name: column.name_str().into_owned(), kind: kind(column) }
    }

    /// The value that it has in a row.
    pub(super) fn value(&self, value: Value) -> Result<MyValue, MyError> {
        if value == Value::NULL {
            return Ok(MyValue::Null);
        }
        match self.kind {
            MyType::Int8 => self.convert(value).map(MyValue::Int8),
            MyType::Int16 => self.convert(value).map(MyValue::Int16),
            MyType::Int32 => self.convert(value).map(MyValue::Int32),
            MyType::Int64 => self.convert(value).map(MyValue::Int64),
            MyType::Uint8 => self.convert(value).map(MyValue::Uint8),
            MyType::Uint16 => self.convert(value).map(MyValue::Uint16),
            MyType::Uint32 => self.convert(value).map(MyValue::Uint32),
            MyType::Uint64 => self.convert(value).map(MyValue::Uint64),
            MyType::Float32 => self.convert(value).map(MyValue::Float32),
            MyType::Float64 => self.convert(value).map(MyValue::Float64),
            MyType::Text => self.convert(value).map(MyValue::Text),
            MyType::Bytes => self.convert(value).map(MyValue::Bytes),
            MyType::Other => Err(self.unfit()),
        }
    }

    fn convert<T: FromValue>(&self, value: Value) -> Result<T, MyError> {
        from_value_opt(value).map_err(|_| self.unfit())
    }

    fn unfit(&self) -> MyError {
        MyError::Value(format!(
            "column `{}` has a value that cannot be passed on; CAST it AS CHAR in the statement",
            self.name
        ))
    }
}

/// What a column's values are, by the type and flags that the server gives it (MySQL's "Column Definition" packet).
fn kind(column: &mysql_async::Column) -> MyType {
    let flags = column.flags();
    let unsigned = flags.contains(ColumnFlags::UNSIGNED_FLAG);
    let binary = flags.contains(ColumnFlags::BINARY_FLAG);
    let by_sign = |signed, other| if unsigned { other } else { signed };
    match column.column_type() {
        ColumnType::MYSQL_TYPE_TINY => by_sign(MyType::Int8, MyType::Uint8),
        ColumnType::MYSQL_TYPE_SHORT => by_sign(MyType::Int16, MyType::Uint16),
        ColumnType::MYSQL_TYPE_INT24 | ColumnType::MYSQL_TYPE_LONG => by_sign(MyType::Int32, MyType::Uint32),
        ColumnType::MYSQL_TYPE_LONGLONG => by_sign(MyType::Int64, MyType::Uint64),
        ColumnType::MYSQL_TYPE_FLOAT => MyType::Float32,
        ColumnType::MYSQL_TYPE_DOUBLE => MyType::Float64,
        ColumnType::MYSQL_TYPE_BLOB | ColumnType::MYSQL_TYPE_STRING | ColumnType::MYSQL_TYPE_VAR_STRING => {
            if binary {
                MyType::Bytes
            } else {
                MyType::Text
            }
        }
        ColumnType::MYSQL_TYPE_MEDIUM_BLOB | ColumnType::MYSQL_TYPE_LONG_BLOB => MyType::Bytes,
        _ => MyType::Other,
    }
}

impl MyValue {
    /// What it counts in an answer.
    pub(super) fn bytes(&self) -> u64 {
        let own = match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        own as u64 + 32
    }
}

impl From<MyValue> for Value {
    fn from(value: MyValue) -> Self {
        match value {
            MyValue::Bool(value) => value.into(),
            MyValue::Int8(value) => value.into(),
            MyValue::Int16(value) => value.into(),
            MyValue::Int32(value) => value.into(),
            MyValue::Int64(value) => value.into(),
            MyValue::Uint8(value) => value.into(),
            MyValue::Uint16(value) => value.into(),
            MyValue::Uint32(value) => value.into(),
            MyValue::Uint64(value) => value.into(),
            MyValue::Float32(value) => value.into(),
            MyValue::Float64(value) => value.into(),
            MyValue::Text(value) => value.into(),
            MyValue::Bytes(value) => value.into(),
            MyValue::Null => Self::NULL,
        }
    }
}
