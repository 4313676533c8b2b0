//! Values whose types are known only when the program runs: for bindings to other languages.

use holm_abi::{Datum, Function, Type, WasmType as _, WasmTypeKind as Kind, WasmValue as _, from_json, to_json};
use serde_json::Value as Json;

use super::to::is_bytes;
use super::{Args, FromGuest, Results, ToGuest};

/// A value that fits itself to whatever type is wanted, or says what it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Dynamic {
    /// Nothing: what a function without a result returns; given, it is JSON's `null`.
    #[default]
    Nothing,
    /// Text: a `string`. Given, it is also bytes, a `char` or a case of an `enum`.
    Text(String),
    /// Bytes: a `list<u8>`.
    Bytes(Vec<u8>),
    /// Anything else, in the form that `holm call --json` has: records are objects, lists and tuples arrays, an option its
    /// value or `null`, a result `{"ok": …}` or `{"err": …}`, an enum its case, a variant `"case"` or `{"case": …}`. A
    /// string is the text itself. Given to a function that takes bytes whose meaning the two sides know (Extism's), it is
    /// JSON as text.
    Json(Json),
}

/// Arguments, of any number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments(pub Vec<Dynamic>);

/// What a call returned, whatever that is: several results of a core module as an array. Of a guest's `result`, the value;
/// its error is the call's ([`crate::Kind::Failed`]).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Returned(pub Dynamic);

impl ToGuest for Dynamic {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        match self {
            Dynamic::Nothing => json(Json::Null, ty),
            Dynamic::Json(Json::String(text)) | Dynamic::Text(text) => match ty.kind() {
                Kind::String | Kind::Enum => text.to_guest(ty),
                _ if is_bytes(ty) => text.to_guest(ty),
                _ => json(Json::String(text), ty),
            },
            Dynamic::Bytes(bytes) if is_bytes(ty) => bytes.to_guest(ty),
            Dynamic::Bytes(bytes) => json(bytes.into(), ty),
            Dynamic::Json(value) => json(value, ty),
        }
    }
}

/// Whole numbers and truth values as the library takes them elsewhere: a core module's have no sign and are no truth values.
fn json(value: Json, ty: &Type) -> Result<Datum, String> {
    if is_integer(ty) {
        match (&value, value.as_i64(), value.as_u64()) {
            (Json::Bool(truth), _, _) => return truth.to_guest(ty),
            (_, Some(number), _) => return number.to_guest(ty),
            (_, _, Some(number)) => return number.to_guest(ty),
            _ => {}
        }
    }
    from_json(ty, &value).map(|value| Datum::from_value(value, ty))
}

fn is_integer(ty: &Type) -> bool {
    use Kind::{S8, S16, S32, S64, U8, U16, U32, U64};
    matches!(ty.kind(), S8 | S16 | S32 | S64 | U8 | U16 | U32 | U64)
}

impl FromGuest for Dynamic {
    fn from_guest(datum: Datum) -> Result<Self, String> {
        Ok(match datum {
            Datum::Text(text) => Dynamic::Text(text),
            Datum::Bytes(bytes) => Dynamic::Bytes(bytes),
            Datum::Value(value) if value.kind() == Kind::String => Dynamic::Text(value.unwrap_string().into_owned()),
            Datum::Value(value) => Dynamic::Json(to_json(&value)),
        })
    }

    fn from_nothing() -> Result<Self, String> {
        Ok(Dynamic::Nothing)
    }
}

impl Dynamic {
    /// The same as JSON: text as a string, bytes as an array of numbers, nothing as `null`.
    #[must_use]
    pub fn into_json(self) -> Json {
        match self {
            Dynamic::Nothing => Json::Null,
            Dynamic::Text(text) => text.into(),
            Dynamic::Bytes(bytes) => bytes.into(),
            Dynamic::Json(json) => json,
        }
    }
}

impl Args for Arguments {
    fn give(self, function: &Function) -> Result<Vec<Datum>, String> {
        super::args::count(function, self.0.len())?;
        let params = function.params.iter().zip(self.0);
        let given = params.map(|((name, ty), arg)| {
            let arg = if function.raw { raw(arg) } else { arg };
            arg.to_guest(ty).map_err(|why| format!("`{name}`: {why}"))
        });
        given.collect()
    }
}

/// JSON, for a function that does not say what its bytes mean.
fn raw(arg: Dynamic) -> Dynamic {
    match arg {
        Dynamic::Json(json @ (Json::Array(_) | Json::Object(_) | Json::Number(_) | Json::Bool(_) | Json::Null)) => {
            Dynamic::Text(json.to_string())
        }
        arg => arg,
    }
}

impl Results for Returned {
    const WHOLE: bool = false;

    fn take(results: Vec<Datum>) -> Result<Self, String> {
        let mut values = results.into_iter().map(Dynamic::from_guest).collect::<Result<Vec<_>, _>>()?;
        Ok(Self(match values.len() {
            0 | 1 => values.pop().unwrap_or_default(),
            _ => Dynamic::Json(values.into_iter().map(Dynamic::into_json).collect()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use holm_abi::Value;
    use serde_json::json;

    use super::*;

    fn given(value: impl Into<Json>, ty: &Type) -> Result<Json, String> {
        let datum = Dynamic::Json(value.into()).to_guest(ty)?;
        Ok(to_json(&datum.into_value().map_err(|error| error.to_string())?))
    }

    #[test]
    fn json_is_what_is_wanted() {
        assert_eq!(given("é", &Type::STRING), Ok("é".into()));
        assert_eq!(given("é", &Type::CHAR), Ok("é".into()));
        assert_eq!(given("hi", &Type::list(Type::U8)), Ok(json!([104, 105])));
        assert_eq!(given(3, &Type::F64), Ok(json!(3.0)));
        assert_eq!(given(u32::MAX, &Type::S32), Ok(json!(-1)), "a core module's integers have no sign");
        assert_eq!(given(true, &Type::BOOL), Ok(json!(true)));
        assert_eq!(given(Json::Null, &Type::option(Type::U8)), Ok(Json::Null));
        assert_eq!(given(5, &Type::option(Type::U8)), Ok(5.into()));
        assert_eq!(given(true, &Type::option(Type::BOOL)), Ok(true.into()));
        assert_eq!(given(true, &Type::U8), Ok(1.into()));
        assert_eq!(given(json!([1, 2]), &Type::list(Type::U8)), Ok(json!([1, 2])));
        assert_eq!(given(json!({"err": "no"}), &Type::result(None, Some(Type::STRING))), Ok(json!({"err": "no"})));
    }

    #[test]
    fn json_that_is_something_else_is_refused() {
        for (json, ty) in [
            (json!(5), Type::STRING),
            (json!({"a": 1}), Type::STRING),
            (json!(300), Type::U8),
            (json!(1.5), Type::S32),
            (json!("5"), Type::S32),
            (json!([300]), Type::list(Type::U8)),
        ] {
            assert!(given(json.clone(), &ty).is_err(), "{json} as {ty}");
        }
    }

    #[test]
    fn a_function_of_bytes_is_given_json_as_text() {
        let function = Function {
            name: "run".into(),
            params: vec![("input".into(), Type::list(Type::U8))],
            results: vec![],
            refused: None,
            signature: String::new(),
            raw: true,
        };
        let give = |arg| Arguments(vec![arg]).give(&function).unwrap();
        assert_eq!(give(Dynamic::Json(json!([1, 2]))), [Datum::Bytes(b"[1,2]".to_vec())]);
        assert_eq!(give(Dynamic::Json(json!("text"))), [Datum::Bytes(b"text".to_vec())]);
        assert_eq!(give(Dynamic::Bytes(vec![0])), [Datum::Bytes(vec![0])]);
        assert!(Arguments(vec![Dynamic::Nothing, Dynamic::Nothing]).give(&function).is_err());
    }

    #[test]
    fn several_results_are_an_array() {
        let both = vec![Datum::Value(Value::make_s32(7)), Datum::Text("é".into())];
        assert_eq!(Returned::take(both), Ok(Returned(Dynamic::Json(json!([7, "é"])))));
        assert_eq!(Returned::take(vec![]), Ok(Returned(Dynamic::Nothing)));
    }
}
