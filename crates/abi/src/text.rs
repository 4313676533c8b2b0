//! Arguments and results as people write them: WAVE, with less ceremony for plain text.

use crate::{Type, Value, WasmType as _, WasmTypeKind, WasmValue as _};

/// Reads one argument from the command line.
///
/// Text is taken as it stands unless it is quoted; numbers may be hexadecimal, and a signed type takes the
/// unsigned number with the same bits; bytes may be given as text. Everything else is WAVE.
///
/// # Errors
/// Says what was expected, with an example.
pub fn parse_arg(ty: &Type, text: &str) -> Result<Value, String> {
    let plain = match ty.kind() {
        WasmTypeKind::String if !text.starts_with('"') => Some(Value::make_string(text.into())),
        WasmTypeKind::Char => single_char(text).map(Value::make_char),
        WasmTypeKind::S32 => bits(text, u32::BITS).map(|bits| Value::make_s32(bits as u32 as i32)),
        WasmTypeKind::S64 => bits(text, u64::BITS).map(|bits| Value::make_s64(bits as i64)),
        WasmTypeKind::F32 => text.parse().ok().map(Value::make_f32),
        WasmTypeKind::F64 => text.parse().ok().map(Value::make_f64),
        WasmTypeKind::List if is_bytes(ty) && !text.starts_with('[') => {
            Value::make_list(ty, text.bytes().map(Value::make_u8)).ok()
        }
        _ => None,
    };
    match plain {
        Some(value) => Ok(value),
        None => wasm_wave::from_str(ty, text).map_err(|_| format!("`{text}` is not {}", expected(ty))),
    }
}

/// Writes a result for a person: text as it is, everything else as WAVE.
pub fn print(value: &Value) -> String {
    match value.kind() {
        WasmTypeKind::String => value.unwrap_string().into_owned(),
        WasmTypeKind::Char => value.unwrap_char().to_string(),
        _ => wasm_wave::to_string(value).unwrap_or_else(|error| format!("<{error}>")),
    }
}

fn single_char(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let only = chars.next()?;
    chars.next().is_none().then_some(only)
}

/// An unsigned or hexadecimal number of at most this many bits. Plain signed numbers are WAVE's.
fn bits(text: &str, bits: u32) -> Option<u64> {
    let value = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok()?,
        None => text.parse().ok()?,
    };
    (bits == u64::BITS || value >> bits == 0).then_some(value)
}

pub(crate) fn is_bytes(ty: &Type) -> bool {
    ty.list_element_type().is_some_and(|element| element.kind() == WasmTypeKind::U8)
}

/// What an argument has to be, with an example. Numbers are called what they are in every guest's language.
fn expected(ty: &Type) -> String {
    let what = match ty.kind() {
        WasmTypeKind::S8 => "an 8-bit integer".into(),
        WasmTypeKind::S16 => "a 16-bit integer".into(),
        WasmTypeKind::S32 => "a 32-bit integer".into(),
        WasmTypeKind::S64 => "a 64-bit integer".into(),
        WasmTypeKind::U8 => "an unsigned 8-bit integer".into(),
        WasmTypeKind::U16 => "an unsigned 16-bit integer".into(),
        WasmTypeKind::U32 => "an unsigned 32-bit integer".into(),
        WasmTypeKind::U64 => "an unsigned 64-bit integer".into(),
        WasmTypeKind::F32 | WasmTypeKind::F64 => "a number".into(),
        WasmTypeKind::Enum | WasmTypeKind::Option => format!("an {ty}"),
        _ => format!("a {ty}"),
    };
    format!("{what}; one looks like this: {}", example(ty))
}

/// A value of this type, as WAVE.
fn example(ty: &Type) -> String {
    let list = |items: Vec<String>| items.join(", ");
    let with = |case: &str, payload: Option<Type>| match payload {
        Some(payload) => format!("{case}({})", example(&payload)),
        None => case.to_owned(),
    };
    match ty.kind() {
        WasmTypeKind::Bool => "true".into(),
        WasmTypeKind::S8 | WasmTypeKind::S16 | WasmTypeKind::S32 | WasmTypeKind::S64 => "-7".into(),
        WasmTypeKind::U8 | WasmTypeKind::U16 | WasmTypeKind::U32 | WasmTypeKind::U64 => "7".into(),
        WasmTypeKind::F32 | WasmTypeKind::F64 => "1.5".into(),
        WasmTypeKind::Char => "'x'".into(),
        WasmTypeKind::String => "\"text\"".into(),
        WasmTypeKind::List => format!("[{}]", ty.list_element_type().map(|ty| example(&ty)).unwrap_or_default()),
        WasmTypeKind::Tuple => format!("({})", list(ty.tuple_element_types().map(|ty| example(&ty)).collect())),
        WasmTypeKind::Record => {
            let fields = ty.record_fields().map(|(name, ty)| format!("{name}: {}", example(&ty)));
            format!("{{{}}}", list(fields.collect()))
        }
        WasmTypeKind::Variant => {
            ty.variant_cases().next().map(|(case, payload)| with(&case, payload)).unwrap_or_default()
        }
        WasmTypeKind::Enum => ty.enum_cases().next().map(|case| case.into_owned()).unwrap_or_default(),
        WasmTypeKind::Option => with("some", ty.option_some_type()),
        WasmTypeKind::Result => with("ok", ty.result_types().and_then(|(ok, _)| ok)),
        WasmTypeKind::Flags => format!("{{{}}}", ty.flags_names().next().unwrap_or_default()),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_needs_no_quotes() {
        assert_eq!(print(&parse_arg(&Type::STRING, "Ada Lovelace").unwrap()), "Ada Lovelace");
        assert_eq!(print(&parse_arg(&Type::STRING, r#""a\nb""#).unwrap()), "a\nb");
    }

    #[test]
    fn numbers_may_be_hexadecimal_or_unsigned() {
        for (text, value) in [("0xff", 255), ("4294967295", -1), ("-5", -5)] {
            assert_eq!(parse_arg(&Type::S32, text).unwrap().unwrap_s32(), value, "{text}");
        }
        assert!(parse_arg(&Type::S32, "4294967296").is_err());
    }

    #[test]
    fn bytes_may_be_given_as_text() {
        let bytes = Type::list(Type::U8);
        assert_eq!(print(&parse_arg(&bytes, "hi").unwrap()), "[104, 105]");
        assert_eq!(print(&parse_arg(&bytes, "[1, 2]").unwrap()), "[1, 2]");
    }

    #[test]
    fn an_example_is_a_value_of_its_type() {
        let person = Type::record([("name", Type::STRING), ("tags", Type::list(Type::CHAR))]).unwrap();
        let pair = Type::tuple([Type::option(person), Type::result(None, Some(Type::U8))]).unwrap();
        let shape = Type::variant([("both", Some(pair)), ("none", None)]).unwrap();
        for ty in [shape, Type::flags(["r", "w"]).unwrap(), Type::enum_ty(["red"]).unwrap(), Type::BOOL] {
            wasm_wave::from_str::<Value>(&ty, &example(&ty)).unwrap();
        }
    }

    #[test]
    fn a_wrong_argument_is_answered_with_an_example() {
        let error = parse_arg(&Type::U32, "many").unwrap_err();
        assert_eq!(error, "`many` is not an unsigned 32-bit integer; one looks like this: 7");
    }
}
