//! Numbers, `bool` and `char` as core modules have them.

use holm_abi::{Error, Kind, Result, Type, Value, WasmType as _, WasmTypeKind as Form, WasmValue as _};
use wasmtime::{Val, ValType};

/// The core type that values of a type are passed as. `None`: they are no numbers.
pub fn scalar(ty: &Type) -> Option<ValType> {
    match ty.kind() {
        Form::Bool | Form::S8 | Form::U8 | Form::S16 | Form::U16 | Form::S32 | Form::U32 | Form::Char => {
            Some(ValType::I32)
        }
        Form::S64 | Form::U64 => Some(ValType::I64),
        Form::F32 => Some(ValType::F32),
        Form::F64 => Some(ValType::F64),
        _ => None,
    }
}

/// The value of type `ty` that a core module means.
///
/// # Errors
/// [`Kind::Trap`] for a `char` that is none, [`Kind::Internal`] for a type without a core type.
pub fn from_scalar(ty: &Type, value: &Val) -> Result<Value> {
    let bits = match value {
        Val::I32(value) => u64::from(value.cast_unsigned()),
        Val::I64(value) => value.cast_unsigned(),
        Val::F32(bits) => u64::from(*bits),
        Val::F64(bits) => *bits,
        _ => 0,
    };
    let low = bits as u32;
    Ok(match ty.kind() {
        Form::Bool => Value::make_bool(low != 0),
        Form::S8 => Value::make_s8(low as i8),
        Form::U8 => Value::make_u8(low as u8),
        Form::S16 => Value::make_s16(low as i16),
        Form::U16 => Value::make_u16(low as u16),
        Form::S32 => Value::make_s32(low as i32),
        Form::U32 => Value::make_u32(low),
        Form::S64 => Value::make_s64(bits as i64),
        Form::U64 => Value::make_u64(bits),
        Form::F32 => Value::make_f32(f32::from_bits(low)),
        Form::F64 => Value::make_f64(f64::from_bits(bits)),
        Form::Char => {
            let char = char::from_u32(low);
            Value::make_char(char.ok_or_else(|| Error::new(Kind::Trap, "it gave the host a character that is none"))?)
        }
        _ => return Err(Error::new(Kind::Internal, "a function of the host was linked as what it is not")),
    })
}

/// A value as a core module has it. `None`: it is no number.
pub fn to_scalar(value: &Value) -> Option<Val> {
    Some(match value.kind() {
        Form::Bool => Val::I32(value.unwrap_bool().into()),
        Form::S8 => Val::I32(value.unwrap_s8().into()),
        Form::U8 => Val::I32(value.unwrap_u8().into()),
        Form::S16 => Val::I32(value.unwrap_s16().into()),
        Form::U16 => Val::I32(value.unwrap_u16().into()),
        Form::S32 => Val::I32(value.unwrap_s32()),
        Form::U32 => Val::I32(value.unwrap_u32().cast_signed()),
        Form::S64 => Val::I64(value.unwrap_s64()),
        Form::U64 => Val::I64(value.unwrap_u64().cast_signed()),
        Form::F32 => Val::F32(value.unwrap_f32().to_bits()),
        Form::F64 => Val::F64(value.unwrap_f64().to_bits()),
        Form::Char => Val::I32(u32::from(value.unwrap_char()).cast_signed()),
        _ => return None,
    })
}
