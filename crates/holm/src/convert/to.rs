//! From Rust to a guest.

use holm_abi::{Datum, Type, Value, WasmType as _, WasmTypeKind as Kind, WasmValue as _};

/// What can be given to a guest.
pub trait ToGuest {
    /// This value as one of type `ty`.
    ///
    /// # Errors
    /// Says why it is none.
    fn to_guest(self, ty: &Type) -> Result<Datum, String>;
}

impl ToGuest for String {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        match ty.kind() {
            Kind::String => Ok(Datum::Text(self)),
            _ if is_bytes(ty) => Ok(Datum::Bytes(self.into_bytes())),
            Kind::Enum => Value::make_enum(ty, &self).map(Datum::Value).map_err(|error| error.to_string()),
            _ => Err(format!("text where a {ty} was expected")),
        }
    }
}

impl ToGuest for &str {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        self.to_owned().to_guest(ty)
    }
}

impl ToGuest for &String {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        self.clone().to_guest(ty)
    }
}

impl ToGuest for Vec<u8> {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        if is_bytes(ty) { Ok(Datum::Bytes(self)) } else { Err(format!("bytes where a {ty} was expected")) }
    }
}

impl ToGuest for &[u8] {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        self.to_vec().to_guest(ty)
    }
}

impl<const N: usize> ToGuest for &[u8; N] {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        self.to_vec().to_guest(ty)
    }
}

impl ToGuest for &Vec<u8> {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        self.clone().to_guest(ty)
    }
}

impl ToGuest for Vec<String> {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        let items = self.into_iter().map(|item| Value::make_string(item.into()));
        Value::make_list(ty, items).map(Datum::Value).map_err(|error| error.to_string())
    }
}

impl ToGuest for Datum {
    fn to_guest(self, _: &Type) -> Result<Datum, String> {
        Ok(self)
    }
}

impl ToGuest for Value {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        Ok(Datum::from_value(self, ty))
    }
}

impl ToGuest for bool {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        match ty.kind() {
            Kind::Bool => Ok(Datum::Value(Value::make_bool(self))),
            _ => i32::from(self).to_guest(ty),
        }
    }
}

impl ToGuest for char {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        match ty.kind() {
            Kind::Char => Ok(Datum::Value(Value::make_char(self))),
            _ => self.to_string().to_guest(ty),
        }
    }
}

macro_rules! integers {
    ($($rust:ty),*) => {$(
        impl ToGuest for $rust {
            fn to_guest(self, ty: &Type) -> Result<Datum, String> {
                integer(i128::from(self), ty)
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, u8, u16, u32, u64);

/// A number as one of any numeric type that can hold it. A core module's integers have no sign, so they take both.
fn integer(number: i128, ty: &Type) -> Result<Datum, String> {
    let unfit = || format!("the number {number} is out of range for {ty}");
    macro_rules! narrow {
        ($make:ident) => {
            number.try_into().map(Value::$make).map_err(|_| unfit())?
        };
    }
    Ok(Datum::Value(match ty.kind() {
        Kind::S8 => narrow!(make_s8),
        Kind::S16 => narrow!(make_s16),
        Kind::U8 => narrow!(make_u8),
        Kind::U16 => narrow!(make_u16),
        Kind::U32 => narrow!(make_u32),
        Kind::U64 => narrow!(make_u64),
        Kind::S32 => match u32::try_from(number) {
            Ok(bits) => Value::make_s32(bits.cast_signed()),
            Err(_) => narrow!(make_s32),
        },
        Kind::S64 => match u64::try_from(number) {
            Ok(bits) => Value::make_s64(bits.cast_signed()),
            Err(_) => narrow!(make_s64),
        },
        Kind::F32 => Value::make_f32(number as f32),
        Kind::F64 => Value::make_f64(number as f64),
        _ => return Err(format!("a number where a {ty} was expected")),
    }))
}

impl ToGuest for f32 {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        f64::from(self).to_guest(ty)
    }
}

impl ToGuest for f64 {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        match ty.kind() {
            Kind::F64 => Ok(Datum::Value(Value::make_f64(self))),
            Kind::F32 => Ok(Datum::Value(Value::make_f32(self as f32))),
            _ => Err(format!("a fraction where a {ty} was expected")),
        }
    }
}

impl<T: ToGuest> ToGuest for Option<T> {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        let inner = ty.option_some_type().ok_or_else(|| format!("an option where a {ty} was expected"))?;
        let payload = self.map(|some| value(some, Some(&inner))).transpose()?;
        Value::make_option(ty, payload).map(Datum::Value).map_err(|error| error.to_string())
    }
}

impl<T: ToGuest, E: ToGuest> ToGuest for Result<T, E> {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        let (ok, err) = ty.result_types().ok_or_else(|| format!("a result where a {ty} was expected"))?;
        let result = match self {
            Ok(payload) => Ok(ok.map(|ty| value(payload, Some(&ty))).transpose()?),
            Err(payload) => Err(err.map(|ty| value(payload, Some(&ty))).transpose()?),
        };
        Value::make_result(ty, result).map(Datum::Value).map_err(|error| error.to_string())
    }
}

impl<E: ToGuest> ToGuest for Result<(), E> {
    fn to_guest(self, ty: &Type) -> Result<Datum, String> {
        let (_, err) = ty.result_types().ok_or_else(|| format!("a result where a {ty} was expected"))?;
        let result = match self {
            Ok(()) => Ok(None),
            Err(payload) => Err(err.map(|ty| value(payload, Some(&ty))).transpose()?),
        };
        Value::make_result(ty, result).map(Datum::Value).map_err(|error| error.to_string())
    }
}

fn value(item: impl ToGuest, ty: Option<&Type>) -> Result<Value, String> {
    let ty = ty.ok_or("something where nothing was expected")?;
    item.to_guest(ty)?.into_value().map_err(|error| error.to_string())
}

pub(crate) fn is_bytes(ty: &Type) -> bool {
    ty.list_element_type().is_some_and(|element| element.kind() == Kind::U8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_type_that_the_guest_has_if_it_can_hold_them() {
        let value = |datum| if let Datum::Value(value) = datum { value } else { panic!("{datum:?}") };
        assert_eq!(value(200_u8.to_guest(&Type::U64).unwrap()), Value::make_u64(200));
        assert_eq!(value(u32::MAX.to_guest(&Type::S32).unwrap()), Value::make_s32(-1));
        assert_eq!(value((-1_i64).to_guest(&Type::S32).unwrap()), Value::make_s32(-1));
        assert!(300_i32.to_guest(&Type::U8).unwrap_err().contains("out of range for u8"));
        assert!((-1_i32).to_guest(&Type::U32).is_err());
        assert!(1.5_f64.to_guest(&Type::U32).is_err());
    }

    #[test]
    fn text_is_bytes_for_those_who_take_bytes_and_never_the_other_way_round() {
        assert_eq!("é".to_guest(&Type::list(Type::U8)), Ok(Datum::Bytes("é".into())));
        assert!(b"e".to_guest(&Type::STRING).is_err());
    }
}
