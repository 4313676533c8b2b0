//! Which imports Holm provides.
//!
//! wasm-bindgen's names are `__wbindgen_NAME`, since 0.2.10x `__wbg___wbindgen_NAME_HASH`, and `__wbg_NAME_HASH` for
//! what the guest's source imports. The hash is different in every build.

use holm_engine::shape::{Signature, ValType};

use crate::glue::Glue;

/// An import that Holm provides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intrinsic {
    /// `(pointer, length)`: an exception.
    Throw,
    /// `(value)`: an exception.
    Rethrow,
    DropRef,
    CloneRef,
    /// `(pointer, length) -> value`
    Text,
    /// `(f64) -> value`
    Number,
    /// `(pointer, length) -> value`
    Error,
    /// `(pointer, value)`: pointer and length of a copy of the text, or a null pointer.
    TextGet,
    /// `(pointer, value)`: a flag, and 8 bytes later the number.
    NumberGet,
    /// `(value) -> i32`: 0, 1, or this when it is no boolean.
    BooleanGet(i32),
    IsUndefined,
    IsNull,
    IsNullish,
    IsText,
    /// `(pointer, value)`: as `TextGet`, for people.
    DebugText,
    /// `() -> value`
    Memory,
    InitTable,
    /// `(i32)`: a word of a type's description.
    Describe,
    /// `(function, arguments) -> pointer`: a conversion that has just been described.
    Described,
    /// `() -> i32`: the first handle that is no constant.
    StaticsEnd,
}

use Intrinsic as I;

/// The modules that only JavaScript has.
pub(crate) fn is_javascript(module: &str) -> bool {
    matches!(module, "wbg" | "__wbindgen_placeholder__" | "__wbindgen_externref_xform__")
        || module.starts_with("./") && module.ends_with(".js")
}

/// What provides an import of this name and type. `glue` tells apart what names do not.
pub(crate) fn intrinsic(name: &str, ty: &Signature, glue: Option<&Glue>) -> Option<Intrinsic> {
    let found = by_name(name, ty, glue)?;
    signature(found, ty).then_some(found)
}

fn by_name(name: &str, ty: &Signature, glue: Option<&Glue>) -> Option<Intrinsic> {
    let hashed = name.strip_prefix("__wbg_").map(without_hash);
    let bare = hashed.unwrap_or(name).strip_prefix("__wbindgen_");
    match (bare, hashed) {
        (Some(bare), _) if bare.starts_with("generic_") || bare.starts_with("cast_") => cast(name, ty, glue),
        (Some(bare), hashed) => Some(match bare {
            "throw" => I::Throw,
            "rethrow" => I::Rethrow,
            "object_drop_ref" => I::DropRef,
            "object_clone_ref" => I::CloneRef,
            "string_new" | "string_from_utf8_lossy" => I::Text,
            "number_new" => I::Number,
            "error_new" => I::Error,
            "string_get" => I::TextGet,
            "number_get" => I::NumberGet,
            "boolean_get" => I::BooleanGet(if hashed.is_some() { crate::plan::SMALL_HOLE } else { 2 }),
            "is_undefined" => I::IsUndefined,
            "is_null" => I::IsNull,
            "is_null_or_undefined" => I::IsNullish,
            "is_string" => I::IsText,
            "debug_string" => I::DebugText,
            "memory" => I::Memory,
            "init_externref_table" => I::InitTable,
            "describe" => I::Describe,
            "describe_generic_import" => I::Described,
            "externref_statics_end" => I::StaticsEnd,
            _ => return None,
        }),
        (None, Some("Error")) => Some(I::Error),
        // Every constructor is called `new`.
        (None, Some("new")) if glue?.function(name)?.contains("new Error(getStringFromWasm0(") => Some(I::Error),
        _ => None,
    }
}

/// A conversion has no name but a number; what it does is said in the JavaScript, else its type must do.
fn cast(name: &str, ty: &Signature, glue: Option<&Glue>) -> Option<Intrinsic> {
    let Some(body) = glue.and_then(|glue| glue.function(name)) else {
        return Some(if ty.params == [ValType::F64] { I::Number } else { I::Text });
    };
    match body {
        body if body.contains("`Ref(String) -> Externref`") => Some(I::Text),
        body if body.contains("`F64 -> Externref`") => Some(I::Number),
        body if body.contains("const ret = getStringFromWasm0(arg0, arg1);") => Some(I::Text),
        _ => None,
    }
}

/// `now` of `now_8292799cd92c81dd`.
pub(crate) fn without_hash(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => name,
        _ => name,
    }
}

/// Whether an import is what its name says: a value is a handle or a reference.
fn signature(intrinsic: Intrinsic, ty: &Signature) -> bool {
    use ValType::{F64, I32};
    let value = |ty: &ValType| *ty == I32 || *ty == ValType::Ref("externref".into());
    match (intrinsic, ty.params.as_slice(), ty.results.as_slice()) {
        (I::Throw, [I32, I32], []) | (I::InitTable, [], []) | (I::Describe, [I32], []) => true,
        (I::Described, [I32, I32], [I32]) | (I::StaticsEnd, [], [I32]) | (I::DropRef, [I32], []) => true,
        (I::Rethrow, [given], []) | (I::Memory, [], [given]) => value(given),
        (I::CloneRef, [given], [returned]) => value(given) && value(returned),
        (I::Text | I::Error, [I32, I32], [returned]) | (I::Number, [F64], [returned]) => value(returned),
        (I::TextGet | I::NumberGet | I::DebugText, [I32, given], []) => value(given),
        (I::BooleanGet(_) | I::IsUndefined | I::IsNull | I::IsNullish | I::IsText, [given], [I32]) => value(given),
        _ => false,
    }
}
