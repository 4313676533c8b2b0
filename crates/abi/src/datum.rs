//! What crosses between a host and a guest by name: arguments and results.

use wasm_wave::wasm::WasmValueError;

use crate::text::is_bytes;
use crate::{Type, Value, WasmTypeKind, WasmValue as _};

/// One argument or result. Text and bytes are by far the most of them, and are carried as they are.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// A `string`.
    Text(String),
    /// A `list<u8>`.
    Bytes(Vec<u8>),
    /// A value of any other type.
    Value(Value),
}

impl Datum {
    /// The same in WAVE's form.
    ///
    /// # Errors
    /// None for any value that there is; the form's own functions can fail.
    pub fn into_value(self) -> Result<Value, WasmValueError> {
        match self {
            Datum::Text(text) => Ok(Value::make_string(text.into())),
            Datum::Bytes(bytes) => Value::make_list(&Type::list(Type::U8), bytes.into_iter().map(Value::make_u8)),
            Datum::Value(value) => Ok(value),
        }
    }

    /// A value of type `ty` in the form that is carried.
    pub fn from_value(value: Value, ty: &Type) -> Self {
        match value.kind() {
            WasmTypeKind::String => Datum::Text(value.unwrap_string().into_owned()),
            WasmTypeKind::List if is_bytes(ty) => {
                Datum::Bytes(value.unwrap_list().map(|byte| byte.unwrap_u8()).collect())
            }
            _ => Datum::Value(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_are_carried_as_they_are() {
        for (datum, ty) in [
            (Datum::Text("é".into()), Type::STRING),
            (Datum::Bytes(vec![0, 255]), Type::list(Type::U8)),
            (Datum::Value(Value::make_u8(1)), Type::U8),
        ] {
            assert_eq!(Datum::from_value(datum.clone().into_value().unwrap(), &ty), datum);
        }
        let words = Type::list(Type::STRING);
        let none = Value::make_list(&words, []).unwrap();
        assert_eq!(Datum::from_value(none.clone(), &words), Datum::Value(none));
    }
}
