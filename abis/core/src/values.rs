//! Values between Holm, core modules and components.

use holm_abi::{Datum, Error, Type, WasmType, WasmTypeKind as Kind, WasmValue};
use wasmtime::{ValType, component};

/// The type of a core value, as callers see it. `None` for references and vectors, which have no text.
pub(crate) fn core_type(ty: &ValType) -> Option<Type> {
    match ty {
        ValType::I32 => Some(Type::S32),
        ValType::I64 => Some(Type::S64),
        ValType::F32 => Some(Type::F32),
        ValType::F64 => Some(Type::F64),
        ValType::V128 | ValType::Ref(_) => None,
    }
}

/// A component's value of type `ty` in the form that callers see.
///
/// # Errors
/// [`holm_abi::Kind::Internal`] for a value of another type.
pub(crate) fn from_val(value: &component::Val, ty: &Type) -> Result<Datum, Error> {
    match value {
        component::Val::String(text) => Ok(Datum::Text(text.clone())),
        component::Val::List(items) if *ty == Type::list(Type::U8) => {
            let byte = |item: &component::Val| match item {
                component::Val::U8(byte) => Ok(*byte),
                _ => Err(unfit("a list of bytes holds something else")),
            };
            items.iter().map(byte).collect::<Result<_, _>>().map(Datum::Bytes)
        }
        value => convert(value, ty).map(Datum::Value).map_err(unfit),
    }
}

/// What [`from_val`] undoes.
///
/// # Errors
/// [`holm_abi::Kind::Usage`] for a value that is not of this type.
pub(crate) fn to_val(datum: &Datum, ty: &component::Type) -> Result<component::Val, Error> {
    let wrong = |what: &str| Error::new(holm_abi::Kind::Usage, format!("{what} where a {} was expected", ty.kind()));
    match (datum, ty) {
        (Datum::Text(text), component::Type::String) => Ok(component::Val::String(text.clone())),
        (Datum::Bytes(bytes), component::Type::List(list)) if list.ty() == component::Type::U8 => {
            Ok(component::Val::List(bytes.iter().copied().map(component::Val::U8).collect()))
        }
        (Datum::Text(_), _) => Err(wrong("text")),
        (Datum::Bytes(_), _) => Err(wrong("bytes")),
        (Datum::Value(value), ty) => convert(value, ty).map_err(|why| Error::new(holm_abi::Kind::Usage, why)),
    }
}

fn unfit(why: impl Into<String>) -> Error {
    Error::new(holm_abi::Kind::Internal, why)
}

/// The same value in another representation. `ty` is the type in that representation.
///
/// # Errors
/// Says which value does not fit which type.
pub(crate) fn convert<A: WasmValue, B: WasmValue>(value: &A, ty: &B::Type) -> Result<B, String> {
    let unfit = || format!("a {} where a {} was expected", value.kind(), ty.kind());
    if value.kind() != ty.kind() {
        return Err(unfit());
    }
    let converted = match value.kind() {
        Kind::Bool => Ok(B::make_bool(value.unwrap_bool())),
        Kind::S8 => Ok(B::make_s8(value.unwrap_s8())),
        Kind::S16 => Ok(B::make_s16(value.unwrap_s16())),
        Kind::S32 => Ok(B::make_s32(value.unwrap_s32())),
        Kind::S64 => Ok(B::make_s64(value.unwrap_s64())),
        Kind::U8 => Ok(B::make_u8(value.unwrap_u8())),
        Kind::U16 => Ok(B::make_u16(value.unwrap_u16())),
        Kind::U32 => Ok(B::make_u32(value.unwrap_u32())),
        Kind::U64 => Ok(B::make_u64(value.unwrap_u64())),
        Kind::F32 => Ok(B::make_f32(value.unwrap_f32())),
        Kind::F64 => Ok(B::make_f64(value.unwrap_f64())),
        Kind::Char => Ok(B::make_char(value.unwrap_char())),
        Kind::String => Ok(B::make_string(value.unwrap_string())),
        Kind::List => {
            let element = ty.list_element_type().ok_or_else(unfit)?;
            let items = value.unwrap_list().map(|item| convert(item.as_ref(), &element));
            B::make_list(ty, items.collect::<Result<Vec<B>, _>>()?)
        }
        Kind::Tuple => {
            let types: Vec<_> = ty.tuple_element_types().collect();
            let items = value.unwrap_tuple().zip(&types).map(|(item, ty)| convert(item.as_ref(), ty));
            B::make_tuple(ty, items.collect::<Result<Vec<B>, _>>()?)
        }
        Kind::Record => {
            let mut fields = Vec::new();
            for ((name, field), (_, ty)) in value.unwrap_record().zip(ty.record_fields()) {
                fields.push((name, convert::<A, B>(field.as_ref(), &ty)?));
            }
            B::make_record(ty, fields.iter().map(|(name, field)| (name.as_ref(), field.clone())))
        }
        Kind::Variant => {
            let (case, payload) = value.unwrap_variant();
            let (_, payload_type) = ty.variant_cases().find(|(name, _)| *name == case).ok_or_else(unfit)?;
            let payload = convert_option(payload.as_deref(), payload_type)?;
            B::make_variant(ty, &case, payload)
        }
        Kind::Enum => B::make_enum(ty, &value.unwrap_enum()),
        Kind::Option => {
            let payload = convert_option(value.unwrap_option().as_deref(), ty.option_some_type())?;
            B::make_option(ty, payload)
        }
        Kind::Result => {
            let (ok, err) = ty.result_types().ok_or_else(unfit)?;
            match value.unwrap_result() {
                Ok(payload) => B::make_result(ty, Ok(convert_option(payload.as_deref(), ok)?)),
                Err(payload) => B::make_result(ty, Err(convert_option(payload.as_deref(), err)?)),
            }
        }
        Kind::Flags => {
            let names: Vec<_> = value.unwrap_flags().collect();
            B::make_flags(ty, names.iter().map(AsRef::as_ref))
        }
        _ => return Err(unfit()),
    };
    converted.map_err(|error| error.to_string())
}

fn convert_option<A: WasmValue, B: WasmValue>(value: Option<&A>, ty: Option<B::Type>) -> Result<Option<B>, String> {
    match (value, ty) {
        (Some(value), Some(ty)) => convert(value, &ty).map(Some),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use holm_abi::Value;

    use super::*;

    #[test]
    fn compound_values_survive_a_conversion() {
        let inner = Type::variant([("a", Some(Type::list(Type::CHAR))), ("b", None)]).unwrap();
        let ty = Type::record([("v", inner), ("o", Type::option(Type::STRING))]).unwrap();
        for text in ["{v: a(['x', 'y']), o: some(\"z\")}", "{v: b}"] {
            let value: Value = wasm_wave::from_str(&ty, text).unwrap();
            assert_eq!(convert::<Value, Value>(&value, &ty).unwrap(), value);
        }
    }
}
