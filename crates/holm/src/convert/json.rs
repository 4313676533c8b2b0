//! Anything that serde can carry.

use holm_abi::{Datum, Type, WasmType as _, WasmTypeKind as Kind, from_json, to_json};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::to::is_bytes;
use super::{FromGuest, GuestType, ToGuest};

/// A value in the form that serde gives it.
///
/// For guests that pass text or bytes, Extism's plugins among them, that is JSON. For a component's records, lists,
/// variants and so on it is the value itself: fields by name (in kebab case, as the interface has them), lists as
/// sequences, options as `Option`, enumerations and variants as serde writes enums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize> ToGuest for Json<T> {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        let failed = |error: serde_json::Error| format!("it cannot be written as JSON: {error}");
        match ty.kind() {
            Kind::String => serde_json::to_string(&self.0).map(Datum::Text).map_err(failed),
            _ if is_bytes(ty) => serde_json::to_vec(&self.0).map(Datum::Bytes).map_err(failed),
            _ => {
                let json = serde_json::to_value(&self.0).map_err(failed)?;
                from_json(ty, &json).map(|value| Datum::from_value(value, ty))
            }
        }
    }
}

impl<T: DeserializeOwned> FromGuest for Json<T> {
    fn from_guest(datum: Datum) -> Result<Self, String> {
        let read = match datum {
            Datum::Text(text) => serde_json::from_str(&text),
            Datum::Bytes(bytes) => serde_json::from_slice(&bytes),
            Datum::Value(value) => serde_json::from_value(to_json(&value)),
        };
        read.map(Json).map_err(|error| format!("it is not what was expected: {error}"))
    }
}

impl<T> GuestType for Json<T> {
    fn guest_type() -> Type {
        Type::STRING
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    struct Person {
        name: String,
        age: Option<u8>,
    }

    #[test]
    fn a_struct_is_a_record_for_a_component_and_json_for_everybody_else() {
        let person = Person { name: "Ada".into(), age: Some(36) };
        let record = Type::record([("name", Type::STRING), ("age", Type::option(Type::U8))]).unwrap();
        for ty in [record, Type::STRING, Type::list(Type::U8)] {
            let given = Json(&person).to_guest(&ty).unwrap();
            assert_eq!(Json::<Person>::from_guest(given).unwrap().0, person, "{ty}");
        }
        assert!(Json(&person).to_guest(&Type::U8).is_err());
        assert!(Json::<Person>::from_guest(Datum::Text("{".into())).is_err());
    }
}
