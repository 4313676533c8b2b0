//! Values as JSON, for programs.
//!
//! Records are objects, lists and tuples arrays, flags arrays of names, an option its value or null, a
//! result `{"ok": …}` or `{"err": …}`, an enum its case, a variant `"case"` or `{"case": payload}`. Numbers
//! are numbers; those JSON has no words for are the strings `"nan"`, `"inf"` and `"-inf"`.

use serde_json::{Map, Number, Value as Json};

use crate::{Type, Value, WasmType as _, WasmTypeKind as Kind, WasmValue as _};

/// Writes a value as JSON.
pub fn to_json(value: &Value) -> Json {
    match value.kind() {
        Kind::Bool => value.unwrap_bool().into(),
        Kind::S8 => value.unwrap_s8().into(),
        Kind::S16 => value.unwrap_s16().into(),
        Kind::S32 => value.unwrap_s32().into(),
        Kind::S64 => value.unwrap_s64().into(),
        Kind::U8 => value.unwrap_u8().into(),
        Kind::U16 => value.unwrap_u16().into(),
        Kind::U32 => value.unwrap_u32().into(),
        Kind::U64 => value.unwrap_u64().into(),
        Kind::F32 => float_to_json(f64::from(value.unwrap_f32())),
        Kind::F64 => float_to_json(value.unwrap_f64()),
        Kind::Char => value.unwrap_char().to_string().into(),
        Kind::String => value.unwrap_string().into(),
        Kind::List | Kind::FixedLengthList => value.unwrap_list().map(|item| to_json(&item)).collect(),
        Kind::Tuple => value.unwrap_tuple().map(|item| to_json(&item)).collect(),
        Kind::Record => {
            let fields = value.unwrap_record().map(|(name, field)| (name.into_owned(), to_json(&field)));
            Json::Object(fields.collect())
        }
        Kind::Variant => match value.unwrap_variant() {
            (case, Some(payload)) => tagged(&case, to_json(&payload)),
            (case, None) => case.into(),
        },
        Kind::Enum => value.unwrap_enum().into(),
        Kind::Option => value.unwrap_option().map_or(Json::Null, |some| to_json(&some)),
        Kind::Result => match value.unwrap_result() {
            Ok(ok) => tagged("ok", ok.map_or(Json::Null, |ok| to_json(&ok))),
            Err(err) => tagged("err", err.map_or(Json::Null, |err| to_json(&err))),
        },
        Kind::Flags => value.unwrap_flags().map(|flag| Json::from(flag.as_ref())).collect(),
        _ => Json::Null,
    }
}

fn tagged(tag: &str, payload: Json) -> Json {
    Json::Object(Map::from_iter([(tag.to_owned(), payload)]))
}

fn float_to_json(float: f64) -> Json {
    match Number::from_f64(float) {
        Some(number) => Json::Number(number),
        None if float.is_nan() => "nan".into(),
        None if float > 0.0 => "inf".into(),
        None => "-inf".into(),
    }
}

/// Reads a value of this type from JSON.
///
/// # Errors
/// Says what was found where, and what was expected.
pub fn from_json(ty: &Type, json: &Json) -> Result<Value, String> {
    let unexpected = || format!("{json} is not a {ty}");
    let integer = || json.as_i64().ok_or_else(unexpected);
    let natural = || json.as_u64().ok_or_else(unexpected);
    let too_large = |_| format!("{json} is out of range for {ty}");
    match ty.kind() {
        Kind::Bool => json.as_bool().map(Value::make_bool).ok_or_else(unexpected),
        Kind::S8 => Ok(Value::make_s8(integer()?.try_into().map_err(too_large)?)),
        Kind::S16 => Ok(Value::make_s16(integer()?.try_into().map_err(too_large)?)),
        Kind::S32 => Ok(Value::make_s32(integer()?.try_into().map_err(too_large)?)),
        Kind::S64 => Ok(Value::make_s64(integer()?)),
        Kind::U8 => Ok(Value::make_u8(natural()?.try_into().map_err(too_large)?)),
        Kind::U16 => Ok(Value::make_u16(natural()?.try_into().map_err(too_large)?)),
        Kind::U32 => Ok(Value::make_u32(natural()?.try_into().map_err(too_large)?)),
        Kind::U64 => Ok(Value::make_u64(natural()?)),
        Kind::F32 => float(json).map(|float| Value::make_f32(float as f32)).ok_or_else(unexpected),
        Kind::F64 => float(json).map(Value::make_f64).ok_or_else(unexpected),
        Kind::Char => {
            let mut chars = json.as_str().ok_or_else(unexpected)?.chars();
            match (chars.next(), chars.next()) {
                (Some(only), None) => Ok(Value::make_char(only)),
                _ => Err(unexpected()),
            }
        }
        Kind::String => json.as_str().map(|text| Value::make_string(text.into())).ok_or_else(unexpected),
        _ => compound(ty, json),
    }
}

fn float(json: &Json) -> Option<f64> {
    match json.as_str() {
        Some("nan") => Some(f64::NAN),
        Some("inf") => Some(f64::INFINITY),
        Some("-inf") => Some(f64::NEG_INFINITY),
        Some(_) => None,
        None => json.as_f64(),
    }
}

fn compound(ty: &Type, json: &Json) -> Result<Value, String> {
    let unexpected = || format!("{json} is not a {ty}");
    let array = || json.as_array().ok_or_else(unexpected);
    let made = match ty.kind() {
        Kind::List | Kind::FixedLengthList => {
            let element = ty.list_element_type().ok_or_else(unexpected)?;
            let items: Vec<_> = array()?.iter().map(|item| from_json(&element, item)).collect::<Result<_, _>>()?;
            Value::make_list(ty, items)
        }
        Kind::Tuple => {
            let types: Vec<_> = ty.tuple_element_types().collect();
            if types.len() != array()?.len() {
                return Err(unexpected());
            }
            let items = types.iter().zip(array()?).map(|(ty, item)| from_json(ty, item));
            Value::make_tuple(ty, items.collect::<Result<Vec<_>, _>>()?)
        }
        Kind::Record => return record(ty, json),
        Kind::Variant => {
            let (case, payload) = case_of(json).ok_or_else(unexpected)?;
            let found = ty.variant_cases().find(|(name, _)| name == case);
            let (_, payload_type) = found.ok_or_else(|| no_such_case(ty, case))?;
            let payload = payload_type.map(|ty| from_json(&ty, payload)).transpose()?;
            Value::make_variant(ty, case, payload)
        }
        Kind::Enum => Value::make_enum(ty, json.as_str().ok_or_else(unexpected)?),
        Kind::Option => {
            let inner = ty.option_some_type().ok_or_else(unexpected)?;
            let some = (!json.is_null()).then(|| from_json(&inner, json)).transpose()?;
            Value::make_option(ty, some)
        }
        Kind::Result => {
            let (ok, err) = ty.result_types().ok_or_else(unexpected)?;
            let payload = |ty: Option<Type>, json| ty.map(|ty| from_json(&ty, json)).transpose();
            match case_of(json) {
                Some(("ok", json)) => Value::make_result(ty, Ok(payload(ok, json)?)),
                Some(("err", json)) => Value::make_result(ty, Err(payload(err, json)?)),
                _ => return Err(unexpected()),
            }
        }
        Kind::Flags => {
            let names = array()?.iter().map(|name| name.as_str().ok_or_else(unexpected));
            Value::make_flags(ty, names.collect::<Result<Vec<_>, _>>()?)
        }
        _ => return Err(format!("a {ty} cannot be given as JSON")),
    };
    made.map_err(|error| format!("{json} is not a {ty}: {error}"))
}

fn record(ty: &Type, json: &Json) -> Result<Value, String> {
    let object = json.as_object().ok_or_else(|| format!("{json} is not a {ty}"))?;
    let types: Vec<_> = ty.record_fields().collect();
    if let Some(unknown) = object.keys().find(|key| types.iter().all(|(name, _)| name != key.as_str())) {
        return Err(format!("{ty} has no field `{unknown}`"));
    }
    let mut fields = Vec::with_capacity(types.len());
    for (name, field_type) in &types {
        let missing = || format!("the field `{name}` of {ty} is missing");
        let field = match object.get(name.as_ref()) {
            Some(field) => field,
            None if field_type.kind() == Kind::Option => &Json::Null,
            None => return Err(missing()),
        };
        fields.push((name.as_ref(), from_json(field_type, field)?));
    }
    Value::make_record(ty, fields).map_err(|error| format!("{json} is not a {ty}: {error}"))
}

/// `"case"`, or an object with the case as its only key.
fn case_of(json: &Json) -> Option<(&str, &Json)> {
    match json {
        Json::String(case) => Some((case, &Json::Null)),
        Json::Object(object) if object.len() == 1 => {
            object.iter().next().map(|(case, payload)| (case.as_str(), payload))
        }
        _ => None,
    }
}

fn no_such_case(ty: &Type, case: &str) -> String {
    let cases: Vec<_> = ty.variant_cases().map(|(name, _)| name.into_owned()).collect();
    format!("there is no case `{case}`: it is one of {}", cases.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(ty: &Type, json: Json) {
        assert_eq!(to_json(&from_json(ty, &json).unwrap()), json, "{ty}");
    }

    #[test]
    fn every_kind_of_value_survives_the_way_there_and_back() {
        let person = Type::record([("name", Type::STRING), ("age", Type::option(Type::U8))]).unwrap();
        let shape = Type::variant([("circle", Some(Type::F64)), ("nothing", None)]).unwrap();
        round_trip(&Type::U64, u64::MAX.into());
        round_trip(&Type::F64, "nan".into());
        round_trip(&person, serde_json::json!({"name": "Ada", "age": 36}));
        round_trip(&person, serde_json::json!({"name": "Ada", "age": null}));
        round_trip(&shape, serde_json::json!({"circle": 2.5}));
        round_trip(&shape, serde_json::json!("nothing"));
        round_trip(&Type::list(Type::U8), serde_json::json!([1, 2]));
        round_trip(&Type::result(Some(Type::S32), Some(Type::STRING)), serde_json::json!({"err": "no"}));
        round_trip(&Type::flags(["read", "write"]).unwrap(), serde_json::json!(["read"]));
        round_trip(&Type::enum_ty(["red", "green"]).unwrap(), "red".into());
        round_trip(&Type::tuple([Type::U8, Type::CHAR]).unwrap(), serde_json::json!([1, "x"]));
    }

    #[test]
    fn a_field_that_does_not_exist_is_named() {
        let point = Type::record([("x", Type::U8)]).unwrap();
        let error = from_json(&point, &serde_json::json!({"x": 1, "z": 2})).unwrap_err();
        assert!(error.ends_with("has no field `z`"), "{error}");
    }

    #[test]
    fn a_number_out_of_range_is_refused() {
        assert_eq!(from_json(&Type::U8, &300.into()).unwrap_err(), "300 is out of range for u8");
    }
}
