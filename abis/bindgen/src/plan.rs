//! How a declared function is called: which core values carry which of its arguments and results.
//!
//! The rules are those of wasm-bindgen's `convert` module: every type is up to two core values, an error
//! adds two more, and more than one core value is returned through a pointer or, after wasm-bindgen's
//! multi-value pass, directly.

use holm_abi::{Function, Type};
use holm_engine::shape::{Signature, ValType};

use crate::declared::{Declaration, Declared};
use crate::number::Number;

/// A type that crosses.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ty {
    Unit,
    Bool,
    Char,
    Number(Number),
    /// Pointer and bytes.
    Text,
    /// Pointer and count of handles.
    Texts,
    /// Pointer and count of elements.
    Array(Number),
    Option(Box<Ty>, Absent),
}

/// What says that an optional value is absent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Absent {
    /// A pointer that is null.
    Null,
    /// A flag of 0 before the value.
    Flag,
    /// [`SMALL_HOLE`], where the value is narrower than 24 bits.
    Small,
    /// This number, which no value is; the value itself is a number of JavaScript's.
    Number(f64),
}

/// Stands for an absent boolean, character or small integer.
pub(crate) const SMALL_HOLE: i32 = 0xFF_FFFF;

/// How a function is called.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) export: String,
    pub(crate) params: Vec<Ty>,
    pub(crate) result: Ty,
    /// Two more core values say whether it failed, and with what.
    pub(crate) fallible: bool,
    /// What it leaves where its first parameter points; `None` when it returns directly.
    pub(crate) memory: Option<Vec<ValType>>,
}

impl Ty {
    /// The type callers see; `None` for nothing.
    pub(crate) fn wave(&self) -> Option<Type> {
        Some(match self {
            Ty::Unit => return None,
            Ty::Bool => Type::BOOL,
            Ty::Char => Type::CHAR,
            Ty::Number(number) => number.wave(),
            Ty::Text => Type::STRING,
            Ty::Texts => Type::list(Type::STRING),
            Ty::Array(number) => Type::list(number.wave()),
            Ty::Option(inner, _) => Type::option(inner.wave()?),
        })
    }
}

/// Optional parameters that are tried both ways; a function with more is not one of wasm-bindgen's.
const MAX_OPTIONS: usize = 8;

impl Plan {
    /// How to call `declared`, whose export has this signature.
    ///
    /// # Errors
    /// Why it cannot be called, for people.
    pub(crate) fn new(declared: &Declaration, core: &Signature) -> Result<Self, String> {
        refuse_foreign(declared)?;
        let types: Vec<&Declared> = declared.params.iter().map(|(_, ty)| ty).collect();
        let params = |core: &[ValType]| split(&types, core, declared.hole);
        let (params, memory) = match (params(&core.params), core.params.split_first()) {
            (Some(params), _) if declared.layout.is_none() || !core.results.is_empty() => (params, None),
            (_, Some((ValType::I32, rest))) if core.results.is_empty() => {
                let params = params(rest).ok_or_else(unlike)?;
                (params, Some(declared.layout.clone().ok_or_else(unknown_layout)?))
            }
            _ => return Err(unlike()),
        };
        if params.contains(&Ty::Texts) {
            return Err("it takes a list of texts, which live in JavaScript".into());
        }
        let returned = memory.as_deref().unwrap_or(&core.results);
        let (result, fallible) = result(declared, returned)?;
        Ok(Plan { export: declared.export.clone(), params, result, fallible, memory })
    }
}

/// What callers see of a function, and how it is called if it can be.
pub(crate) fn describe(declared: &Declaration, core: &Signature) -> (Function, Option<Plan>) {
    let plan = Plan::new(declared, core);
    let (params, results) = match &plan {
        Ok(plan) => {
            let names = declared.params.iter().map(|(name, _)| name.clone());
            let types = plan.params.iter().filter_map(Ty::wave);
            (names.zip(types).collect(), plan.result.wave().into_iter().collect())
        }
        Err(_) => (Vec::new(), Vec::new()),
    };
    let function = Function {
        name: declared.name.clone(),
        params,
        results,
        refused: plan.as_ref().err().cloned(),
        signature: declared.signature.clone(),
        raw: false,
    };
    (function, plan.ok())
}

fn refuse_foreign(declared: &Declaration) -> Result<(), String> {
    for (name, ty) in &declared.params {
        if let Some(foreign) = foreign(ty) {
            return Err(format!("its parameter `{name}` is {foreign}, which lives in JavaScript"));
        }
    }
    match foreign(&declared.result) {
        Some(foreign) => Err(format!("it returns {foreign}, which lives in JavaScript")),
        None => Ok(()),
    }
}

fn foreign(ty: &Declared) -> Option<&str> {
    match ty {
        Declared::Foreign(words) => Some(words),
        Declared::Option(inner) => foreign(inner),
        _ => None,
    }
}

fn unlike() -> String {
    "its export takes or returns something else than it was declared to".into()
}

fn unknown_layout() -> String {
    "it returns through memory, and how is only in the .js file that belongs beside it".into()
}

/// The parameters' types, if these are exactly their core values.
fn split(types: &[&Declared], core: &[ValType], hole: f64) -> Option<Vec<Ty>> {
    // Every parameter is at least one core value, which bounds this recursion.
    if types.len() > core.len() {
        return None;
    }
    let options = types.iter().filter(|ty| matches!(ty, Declared::Option(_))).count();
    if options > MAX_OPTIONS {
        return None;
    }
    let Some((first, rest)) = types.split_first() else { return core.is_empty().then(Vec::new) };
    for (ty, count) in readings(first, core, hole) {
        let Some(tail) = core.get(count..).and_then(|core| split(rest, core, hole)) else { continue };
        let mut all = vec![ty];
        all.extend(tail);
        return Some(all);
    }
    None
}

/// The result's type, and whether an error follows it.
fn result(declared: &Declaration, core: &[ValType]) -> Result<(Ty, bool), String> {
    for (ty, count) in readings(&declared.result, core, declared.hole) {
        let fallible = match core.get(count..) {
            Some([]) => false,
            Some([ValType::I32, ValType::I32]) => true,
            _ => continue,
        };
        if declared.fallible.is_none_or(|known| known == fallible) {
            return Ok((ty, fallible));
        }
    }
    Err(unlike())
}

/// What a declared type can be, if these core values begin with it, and how many of them it takes.
fn readings(ty: &Declared, core: &[ValType], hole: f64) -> Vec<(Ty, usize)> {
    let begins = |with: &[ValType]| core.starts_with(with);
    let one = |ty: Ty, with: ValType| if begins(&[with]) { vec![(ty, 1)] } else { vec![] };
    let two = |ty: Ty| if begins(&[ValType::I32, ValType::I32]) { vec![(ty, 2)] } else { vec![] };
    match ty {
        Declared::Unit => vec![(Ty::Unit, 0)],
        Declared::Bool => one(Ty::Bool, ValType::I32),
        Declared::Char => one(Ty::Char, ValType::I32),
        Declared::Exact(number) => one(Ty::Number(*number), number.core()),
        Declared::Bigint => one(Ty::Number(Number::I64), ValType::I64),
        Declared::Number => match core.first() {
            Some(ValType::I64) | None => vec![],
            Some(core) => Number::of_core(core).map(|number| (Ty::Number(number), 1)).into_iter().collect(),
        },
        Declared::Text => two(Ty::Text),
        Declared::Texts => two(Ty::Texts),
        Declared::Array(number) => two(Ty::Array(*number)),
        Declared::Option(inner) => optional(inner, core, hole),
        Declared::Foreign(_) => vec![],
    }
}

/// Likewise for an optional value.
fn optional(inner: &Declared, core: &[ValType], hole: f64) -> Vec<(Ty, usize)> {
    let absent = |absent| move |(ty, count)| (Ty::Option(Box::new(ty), absent), count);
    let all = |found: Vec<(Ty, usize)>, how: Absent| found.into_iter().map(absent(how)).collect::<Vec<_>>();
    match inner {
        Declared::Text | Declared::Texts | Declared::Array(_) => all(readings(inner, core, hole), Absent::Null),
        Declared::Bool | Declared::Char => all(readings(inner, core, hole), Absent::Small),
        Declared::Exact(number) if number.size() < 4 => all(readings(inner, core, hole), Absent::Small),
        Declared::Number | Declared::Exact(_) | Declared::Bigint => {
            let mut found = Vec::new();
            if core.first() == Some(&ValType::F64) && *inner != Declared::Bigint {
                let number = if let Declared::Exact(number) = inner { *number } else { Number::F64 };
                found.extend(all(vec![(Ty::Number(number), 1)], Absent::Number(hole)));
            }
            if let Some((ValType::I32, rest)) = core.split_first() {
                let after = readings(inner, rest, hole).into_iter().map(|(ty, count)| (ty, count + 1));
                found.extend(all(after.collect(), Absent::Flag));
            }
            if *inner == Declared::Number {
                let small = readings(&Declared::Exact(Number::I32), core, hole);
                found.extend(all(small, Absent::Small));
            }
            found
        }
        _ => vec![],
    }
}
