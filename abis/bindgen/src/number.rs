//! Numbers as they cross: their width, and their bits.

use holm_abi::{Type, Value, WasmTypeKind as Kind, WasmValue as _};
use holm_engine::shape::ValType;

/// A number type of Rust. `char` and `bool` are not numbers here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Number {
    /// The core type that carries it.
    pub(crate) fn core(self) -> ValType {
        match self {
            Number::I64 | Number::U64 => ValType::I64,
            Number::F32 => ValType::F32,
            Number::F64 => ValType::F64,
            _ => ValType::I32,
        }
    }

    /// The number type a core type is shown as when nothing more is known.
    pub(crate) fn of_core(ty: &ValType) -> Option<Self> {
        match ty {
            ValType::I32 => Some(Number::I32),
            ValType::I64 => Some(Number::I64),
            ValType::F32 => Some(Number::F32),
            ValType::F64 => Some(Number::F64),
            ValType::V128 | ValType::Ref(_) => None,
        }
    }

    /// Bytes of one in an array, which is also their alignment.
    pub(crate) fn size(self) -> u32 {
        match self {
            Number::I8 | Number::U8 => 1,
            Number::I16 | Number::U16 => 2,
            Number::I32 | Number::U32 | Number::F32 => 4,
            Number::I64 | Number::U64 | Number::F64 => 8,
        }
    }

    /// The type callers see.
    pub(crate) fn wave(self) -> Type {
        match self {
            Number::I8 => Type::S8,
            Number::U8 => Type::U8,
            Number::I16 => Type::S16,
            Number::U16 => Type::U16,
            Number::I32 => Type::S32,
            Number::U32 => Type::U32,
            Number::I64 => Type::S64,
            Number::U64 => Type::U64,
            Number::F32 => Type::F32,
            Number::F64 => Type::F64,
        }
    }

    /// The bits of a value of this type, sign-extended to its core type. `None` for a value of another type.
    pub(crate) fn bits(self, value: &Value) -> Option<u64> {
        let signed = |value: i32| u64::from(value.cast_unsigned());
        Some(match (self, value.kind()) {
            (Number::I8, Kind::S8) => signed(value.unwrap_s8().into()),
            (Number::U8, Kind::U8) => value.unwrap_u8().into(),
            (Number::I16, Kind::S16) => signed(value.unwrap_s16().into()),
            (Number::U16, Kind::U16) => value.unwrap_u16().into(),
            (Number::I32, Kind::S32) => signed(value.unwrap_s32()),
            (Number::U32, Kind::U32) => value.unwrap_u32().into(),
            (Number::I64, Kind::S64) => value.unwrap_s64().cast_unsigned(),
            (Number::U64, Kind::U64) => value.unwrap_u64(),
            (Number::F32, Kind::F32) => value.unwrap_f32().to_bits().into(),
            (Number::F64, Kind::F64) => value.unwrap_f64().to_bits(),
            _ => return None,
        })
    }

    /// The value with these bits; those beyond its width are ignored.
    pub(crate) fn value(self, bits: u64) -> Value {
        match self {
            Number::I8 => Value::make_s8(bits as i8),
            Number::U8 => Value::make_u8(bits as u8),
            Number::I16 => Value::make_s16(bits as i16),
            Number::U16 => Value::make_u16(bits as u16),
            Number::I32 => Value::make_s32(bits as i32),
            Number::U32 => Value::make_u32(bits as u32),
            Number::I64 => Value::make_s64(bits.cast_signed()),
            Number::U64 => Value::make_u64(bits),
            Number::F32 => Value::make_f32(f32::from_bits(bits as u32)),
            Number::F64 => Value::make_f64(f64::from_bits(bits)),
        }
    }

    /// The same number as JavaScript's, which carries the optional ones.
    pub(crate) fn to_f64(self, bits: u64) -> f64 {
        match self {
            Number::F64 => f64::from_bits(bits),
            Number::F32 => f32::from_bits(bits as u32).into(),
            Number::I64 => bits.cast_signed() as f64,
            Number::U64 => bits as f64,
            Number::U8 | Number::U16 | Number::U32 => f64::from(bits as u32),
            Number::I8 | Number::I16 | Number::I32 => f64::from(bits as i32),
        }
    }

    /// The value nearest to a number of JavaScript's.
    pub(crate) fn of_f64(self, number: f64) -> Value {
        match self {
            Number::F64 => Value::make_f64(number),
            Number::F32 => Value::make_f32(number as f32),
            Number::U8 | Number::U16 | Number::U32 => self.value(u64::from(number as u32)),
            Number::U64 => Value::make_u64(number as u64),
            _ => self.value((number as i64).cast_unsigned()),
        }
    }
}
