//! Types of core functions.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A core value type (Core Specification, "Value Types").
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ValType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 128-bit vector.
    V128,
    /// A reference, as the text format writes it: `externref`, `(ref null 3)`.
    Ref(String),
}

impl From<wasmparser::ValType> for ValType {
    fn from(ty: wasmparser::ValType) -> ValType {
        match ty {
            wasmparser::ValType::I32 => ValType::I32,
            wasmparser::ValType::I64 => ValType::I64,
            wasmparser::ValType::F32 => ValType::F32,
            wasmparser::ValType::F64 => ValType::F64,
            wasmparser::ValType::V128 => ValType::V128,
            wasmparser::ValType::Ref(reference) => ValType::Ref(reference_text(reference)),
        }
    }
}

fn reference_text(ty: wasmparser::RefType) -> String {
    match ty.type_index().and_then(|index| index.as_module_index()) {
        Some(index) if ty.is_nullable() => format!("(ref null {index})"),
        Some(index) => format!("(ref {index})"),
        None => ty.to_string(),
    }
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ValType::I32 => "i32",
            ValType::I64 => "i64",
            ValType::F32 => "f32",
            ValType::F64 => "f64",
            ValType::V128 => "v128",
            ValType::Ref(text) => text,
        })
    }
}

/// The type of a core function. Written `(i32, i64) -> i32`; several results are in brackets as well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Signature {
    /// Parameter types, in order.
    pub params: Vec<ValType>,
    /// Result types, in order.
    pub results: Vec<ValType>,
}

impl From<&wasmparser::FuncType> for Signature {
    fn from(ty: &wasmparser::FuncType) -> Signature {
        Signature {
            params: ty.params().iter().copied().map(ValType::from).collect(),
            results: ty.results().iter().copied().map(ValType::from).collect(),
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, &self.params)?;
        f.write_str(" -> ")?;
        match self.results.as_slice() {
            [only] => only.fmt(f),
            results => write_list(f, results),
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, types: &[ValType]) -> fmt::Result {
    f.write_str("(")?;
    for (index, ty) in types.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{ty}")?;
    }
    f.write_str(")")
}
