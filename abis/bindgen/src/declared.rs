//! What is said of a function, by a declaration file or by the guest itself.

use holm_engine::shape::ValType;

use crate::number::Number;

/// A type as it was declared, which may leave open how it crosses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Declared {
    /// Nothing.
    Unit,
    Bool,
    Char,
    /// TypeScript's `number`: the core type tells which.
    Number,
    /// TypeScript's `bigint`.
    Bigint,
    /// A number whose Rust type is known.
    Exact(Number),
    Text,
    /// A list of texts.
    Texts,
    Array(Number),
    Option(Box<Declared>),
    /// Something that lives in JavaScript, in the words of the declaration.
    Foreign(String),
}

/// A function as it was declared.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    /// The name to call it by.
    pub(crate) name: String,
    /// The name of its export.
    pub(crate) export: String,
    /// Names and types.
    pub(crate) params: Vec<(String, Declared)>,
    /// Its result, without the error.
    pub(crate) result: Declared,
    /// Whether it can return an error, where that is known.
    pub(crate) fallible: Option<bool>,
    /// What it leaves in memory if it returns through a pointer, where that is known.
    pub(crate) layout: Option<Vec<ValType>>,
    /// The number that stands for an absent one.
    pub(crate) hole: f64,
    /// For people.
    pub(crate) signature: String,
}

/// Stands for an absent number since 0.2.12x: JavaScript's `Number.MAX_SAFE_INTEGER`.
pub(crate) const HOLE: f64 = 9_007_199_254_740_991.0;

/// Stood for an absent number before.
pub(crate) const OLD_HOLE: f64 = 4_294_967_297.0;
