//! From a guest to Rust.

use holm_abi::{Datum, Value, WasmTypeKind as Kind, WasmValue as _};

/// What a guest's value can be taken as.
pub trait FromGuest: Sized {
    /// Takes `datum` as one of these.
    ///
    /// # Errors
    /// Says why it is none.
    fn from_guest(datum: Datum) -> Result<Self, String>;

    /// Takes nothing as one of these, where a function returns nothing.
    ///
    /// # Errors
    /// For all but `()`.
    fn from_nothing() -> Result<Self, String> {
        Err("it returns nothing".into())
    }
}

impl FromGuest for String {
    fn from_guest(datum: Datum) -> Result<Self, String> {
        match datum {
            Datum::Text(text) => Ok(text),
            Datum::Bytes(bytes) => String::from_utf8(bytes).map_err(|_| "bytes that are not UTF-8".into()),
            Datum::Value(value) => match value.kind() {
                Kind::String => Ok(value.unwrap_string().into_owned()),
                Kind::Enum => Ok(value.unwrap_enum().into_owned()),
                Kind::Char => Ok(value.unwrap_char().to_string()),
                _ => Err(unfit(&value, "text")),
            },
        }
    }
}

impl FromGuest for Vec<u8> {
    fn from_guest(datum: Datum) -> Result<Self, String> {
        match datum {
            Datum::Bytes(bytes) => Ok(bytes),
            Datum::Text(text) => Ok(text.into_bytes()),
            Datum::Value(value) if value.kind() == Kind::List => {
                let byte = |item: &Value| (item.kind() == Kind::U8).then(|| item.unwrap_u8());
                let bytes: Option<_> = value.unwrap_list().map(|item| byte(&item)).collect();
                bytes.ok_or_else(|| unfit(&value, "bytes"))
            }
            Datum::Value(value) => Err(unfit(&value, "bytes")),
        }
    }
}

impl FromGuest for Datum {
    fn from_guest(datum: Datum) -> Result<Self, String> {
        Ok(datum)
    }
}

impl FromGuest for Value {
    fn from_guest(datum: Datum) -> Result<Self, String> {
        datum.into_value().map_err(|error| error.to_string())
    }
}

impl FromGuest for () {
    fn from_guest(_: Datum) -> Result<Self, String> {
        Ok(())
    }

    fn from_nothing() -> Result<Self, String> {
        Ok(())
    }
}

impl FromGuest for bool {
    fn from_guest(datum: Datum) -> Result<Self, String> {
        match one(datum, "a truth value")? {
            value if value.kind() == Kind::Bool => Ok(value.unwrap_bool()),
            // Core modules have none.
            value if value.kind() == Kind::S32 => Ok(value.unwrap_s32() != 0),
            value => Err(unfit(&value, "a truth value")),
        }
    }
}

impl FromGuest for char {
    fn from_guest(datum: Datum) -> Result<Self, String> {
        match one(datum, "a character")? {
            value if value.kind() == Kind::Char => Ok(value.unwrap_char()),
            value => Err(unfit(&value, "a character")),
        }
    }
}

macro_rules! integers {
    ($($rust:ty),*) => {$(
        impl FromGuest for $rust {
            fn from_guest(datum: Datum) -> Result<Self, String> {
                let value = one(datum, "a number")?;
                // A core module's integers have no sign: they are what the caller takes them for.
                let number = match value.kind() {
                    Kind::S32 if <$rust>::MIN == 0 && <$rust>::BITS == 32 => {
                        i128::from(value.unwrap_s32().cast_unsigned())
                    }
                    Kind::S64 if <$rust>::MIN == 0 && <$rust>::BITS == 64 => {
                        i128::from(value.unwrap_s64().cast_unsigned())
                    }
                    _ => integer(&value)?,
                };
                number.try_into().map_err(|_| format!("the number {number} is out of range for {}", stringify!($rust)))
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, u8, u16, u32, u64);

fn integer(value: &Value) -> Result<i128, String> {
    Ok(match value.kind() {
        Kind::S8 => value.unwrap_s8().into(),
        Kind::S16 => value.unwrap_s16().into(),
        Kind::S32 => value.unwrap_s32().into(),
        Kind::S64 => value.unwrap_s64().into(),
        Kind::U8 => value.unwrap_u8().into(),
        Kind::U16 => value.unwrap_u16().into(),
        Kind::U32 => value.unwrap_u32().into(),
        Kind::U64 => value.unwrap_u64().into(),
        _ => return Err(unfit(value, "a whole number")),
    })
}

impl FromGuest for f64 {
    fn from_guest(datum: Datum) -> Result<Self, String> {
        let value = one(datum, "a number")?;
        match value.kind() {
            Kind::F64 => Ok(value.unwrap_f64()),
            Kind::F32 => Ok(value.unwrap_f32().into()),
            _ => Err(unfit(&value, "a fraction")),
        }
    }
}

impl FromGuest for f32 {
    fn from_guest(datum: Datum) -> Result<Self, String> {
        let value = one(datum, "a number")?;
        match value.kind() {
            Kind::F32 => Ok(value.unwrap_f32()),
            _ => Err(unfit(&value, "a fraction of 32 bits")),
        }
    }
}

impl<T: FromGuest> FromGuest for Option<T> {
    fn from_guest(datum: Datum) -> Result<Self, String> {
        let value = one(datum, "an option")?;
        match value.kind() {
            Kind::Option => value.unwrap_option().map(|some| T::from_guest(datum_of(some.into_owned()))).transpose(),
            _ => Err(unfit(&value, "an option")),
        }
    }
}

impl<T: FromGuest, E: FromGuest> FromGuest for Result<T, E> {
    fn from_guest(datum: Datum) -> Result<Self, String> {
        let value = one(datum, "a result")?;
        if value.kind() != Kind::Result {
            return Err(unfit(&value, "a result"));
        }
        Ok(match value.unwrap_result() {
            Ok(payload) => Ok(payload_as(payload.map(|payload| payload.into_owned()))?),
            Err(payload) => Err(payload_as(payload.map(|payload| payload.into_owned()))?),
        })
    }
}

impl FromGuest for Vec<String> {
    fn from_guest(datum: Datum) -> Result<Self, String> {
        let value = one(datum, "a list")?;
        match value.kind() {
            Kind::List => value.unwrap_list().map(|item| String::from_guest(datum_of(item.into_owned()))).collect(),
            _ => Err(unfit(&value, "a list")),
        }
    }
}

fn one(datum: Datum, wanted: &str) -> Result<Value, String> {
    match datum {
        Datum::Value(value) => Ok(value),
        Datum::Text(_) => Err(format!("text where {wanted} was expected")),
        Datum::Bytes(_) => Err(format!("bytes where {wanted} was expected")),
    }
}

fn payload_as<T: FromGuest>(payload: Option<Value>) -> Result<T, String> {
    payload.map(datum_of).map_or_else(T::from_nothing, T::from_guest)
}

/// A value whose type is what it is made of.
pub(crate) fn datum_of(value: Value) -> Datum {
    let is_bytes = |value: &Value| value.unwrap_list().all(|item| item.kind() == Kind::U8);
    match value.kind() {
        Kind::String => Datum::Text(value.unwrap_string().into_owned()),
        Kind::List if value.unwrap_list().next().is_some() && is_bytes(&value) => {
            Datum::Bytes(value.unwrap_list().map(|item| item.unwrap_u8()).collect())
        }
        _ => Datum::Value(value),
    }
}

fn unfit(value: &Value, wanted: &str) -> String {
    format!("a {} where {wanted} was expected", value.kind())
}

#[cfg(test)]
mod tests {
    use holm_abi::Type;

    use super::*;

    fn wave(ty: &Type, text: &str) -> Datum {
        Datum::from_value(holm_abi::parse_arg(ty, text).unwrap(), ty)
    }

    #[test]
    fn integers_without_a_sign_are_what_they_are_taken_for() {
        let all = || Datum::Value(Value::make_s32(-1));
        assert_eq!((i32::from_guest(all()), u32::from_guest(all())), (Ok(-1), Ok(u32::MAX)));
        assert!(u64::from_guest(all()).is_err(), "a wider type would make another number of it");
        assert!(u8::from_guest(Datum::Value(Value::make_u32(256))).is_err());
    }

    #[test]
    fn results_and_options_carry_text_and_bytes() {
        let ty = Type::result(Some(Type::STRING), Some(Type::list(Type::U8)));
        assert_eq!(Result::<String, Vec<u8>>::from_guest(wave(&ty, "ok(\"a\")")), Ok(Ok("a".into())));
        assert_eq!(Result::<String, Vec<u8>>::from_guest(wave(&ty, "err([1, 2])")), Ok(Err(vec![1, 2])));
        assert_eq!(Result::<String, Vec<u8>>::from_guest(wave(&ty, "err([])")), Ok(Err(vec![])));
        let ty = Type::option(Type::U8);
        assert_eq!(Option::<u8>::from_guest(wave(&ty, "some(1)")), Ok(Some(1)));
        assert_eq!(Option::<u8>::from_guest(wave(&ty, "none")), Ok(None));
    }

    #[test]
    fn bytes_that_are_no_text_are_not_taken_for_it() {
        assert!(String::from_guest(Datum::Bytes(vec![0xff])).unwrap_err().contains("UTF-8"));
    }
}
