//! Types as guests describe them themselves, before wasm-bindgen's program has seen them.
//!
//! Such a guest exports `__wbindgen_describe_NAME` for every function; each passes the type to the import
//! `__wbindgen_describe`, word by word. The words are numbers of the list in `tys.rs` of the crate
//! wasm-bindgen-shared; in older versions the list was shorter, so the numbers behind an insertion were lower.
//! Format: `descriptor.rs` of wasm-bindgen-cli-support.

use holm_engine::shape::ValType;

use crate::declared::{Declaration, Declared, HOLE, OLD_HOLE};
use crate::intrinsic::Intrinsic;
use crate::number::Number;

/// Numbers of the list, as of 0.2.130.
mod tag {
    pub(super) const F32: u32 = 12;
    pub(super) const F64: u32 = 13;
    pub(super) const BOOL: u32 = 14;
    pub(super) const FUNCTION: u32 = 15;
    pub(super) const CACHED_STRING: u32 = 17;
    pub(super) const STRING: u32 = 18;
    pub(super) const REF: u32 = 19;
    pub(super) const LONG_REF: u32 = 21;
    pub(super) const SLICE: u32 = 22;
    pub(super) const VECTOR: u32 = 23;
    pub(super) const EXTERNREF: u32 = 24;
    pub(super) const NAMED_EXTERNREF: u32 = 25;
    pub(super) const ENUM: u32 = 26;
    pub(super) const RUST_STRUCT: u32 = 29;
    pub(super) const CHAR: u32 = 30;
    pub(super) const OPTION: u32 = 31;
    pub(super) const RESULT: u32 = 32;
    pub(super) const UNIT: u32 = 33;
    pub(super) const CLAMPED: u32 = 34;
}

/// Which of the list's later additions a guest's version had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Era {
    /// Of the four wide integers behind `u64`.
    wide: u32,
    /// Of the two kinds of enumerations behind the first.
    enums: u32,
}

impl Era {
    /// The eras a function's description may be of, the newest first: its first word says it is a function.
    pub(crate) fn of(words: &[u32]) -> Vec<Self> {
        let wide = match words.first() {
            Some(15) => 4,
            Some(13) => 2,
            Some(11) => 0,
            _ => return Vec::new(),
        };
        [2, 1, 0].map(|enums| Era { wide, enums }).to_vec()
    }

    /// The number that a word would be in the newest list.
    fn newest(self, word: u32) -> u32 {
        let word = if word < 8 { word } else { word.saturating_add(4 - self.wide) };
        if word <= tag::ENUM { word } else { word.saturating_add(2 - self.enums) }
    }

    /// Optional numbers of 32 bits are JavaScript's numbers since there are wide integers, about.
    fn optional_is_f64(self) -> bool {
        self.wide > 0
    }
}

/// Reads the words of one description.
struct Words<'a> {
    words: &'a [u32],
    era: Era,
}

/// Types that nest deeper than this are nobody's.
const MAX_DEPTH: u32 = 8;

impl Words<'_> {
    fn next(&mut self) -> Option<u32> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(*first)
    }

    fn tag(&mut self) -> Option<u32> {
        self.next().map(|word| self.era.newest(word))
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.next()?).ok()?;
        let (text, rest) = self.words.split_at_checked(length)?;
        self.words = rest;
        text.iter().map(|word| char::from_u32(*word)).collect()
    }

    /// The type of a result, and whether it can be an error.
    fn result(&mut self) -> Option<(Declared, bool)> {
        let fallible = self.words.first().is_some_and(|word| self.era.newest(*word) == tag::RESULT);
        if fallible {
            self.next()?;
        }
        Some((self.ty(MAX_DEPTH)?, fallible))
    }

    /// A type; `None` for one that is not decoded, after which nothing of the description is understood.
    fn ty(&mut self, depth: u32) -> Option<Declared> {
        let depth = depth.checked_sub(1)?;
        Some(match self.tag()? {
            tag::BOOL => Declared::Bool,
            tag::CHAR => Declared::Char,
            tag::UNIT => Declared::Unit,
            tag::STRING | tag::CACHED_STRING => Declared::Text,
            tag::CLAMPED => self.ty(depth)?,
            tag::REF | tag::LONG_REF => match self.ty(depth)? {
                given @ (Declared::Text | Declared::Array(_) | Declared::Texts | Declared::Foreign(_)) => given,
                _ => Declared::Foreign("a reference".into()),
            },
            tag::SLICE | tag::VECTOR => match self.ty(depth)? {
                Declared::Exact(number) => Declared::Array(number),
                // Texts in lists are described as what they are in JavaScript.
                Declared::Text => Declared::Texts,
                Declared::Foreign(name) if name == "`string`" => Declared::Texts,
                _ => Declared::Foreign("a list".into()),
            },
            tag::OPTION => Declared::Option(Box::new(self.ty(depth)?)),
            tag::EXTERNREF => Declared::Foreign("a JavaScript value".into()),
            tag::NAMED_EXTERNREF => Declared::Foreign(format!("`{}`", self.text()?)),
            tag::RUST_STRUCT => {
                let name = self.text()?;
                if self.era.wide == 4 {
                    self.text()?;
                }
                Declared::Foreign(format!("an object of the class `{name}`"))
            }
            number => Declared::Exact(exact(number)?),
        })
    }
}

fn exact(tag: u32) -> Option<Number> {
    Some(match tag {
        0 => Number::I8,
        1 => Number::U8,
        2 => Number::I16,
        3 => Number::U16,
        4 => Number::I32,
        5 => Number::U32,
        6 => Number::I64,
        7 => Number::U64,
        tag::F32 => Number::F32,
        tag::F64 => Number::F64,
        _ => return None,
    })
}

/// The function that `words` describe; `None` when not all of them are understood.
pub(crate) fn function(words: &[u32], era: Era, export: &str) -> Option<Declaration> {
    let mut words = Words { words, era };
    if words.tag()? != tag::FUNCTION {
        return None;
    }
    let _shim = words.next()?;
    let count = words.next()?;
    let names = ('a'..='z').map(String::from).chain((0..).map(|index| format!("p{index}")));
    let params: Vec<_> =
        (0..count).zip(names).map(|(_, name)| Some((name, words.ty(MAX_DEPTH)?))).collect::<Option<_>>()?;
    let (result, fallible) = words.result()?;
    // The result comes again as it is without a promise. Words that are left over were misread.
    words.result()?;
    if !words.words.is_empty() {
        return None;
    }
    let layout = layout(&result, fallible, era);
    Some(Declaration {
        name: crate::intrinsic::without_hash(export).to_owned(),
        export: export.to_owned(),
        signature: signature(&params, &result, fallible),
        params,
        result,
        fallible: Some(fallible),
        layout: (layout.len() > 1).then_some(layout),
        hole: if era.wide == 4 { HOLE } else { OLD_HOLE },
    })
}

fn layout(ty: &Declared, fallible: bool, era: Era) -> Vec<ValType> {
    let mut core = core(ty, era);
    core.extend(fallible.then_some([ValType::I32, ValType::I32]).into_iter().flatten());
    core
}

fn core(ty: &Declared, era: Era) -> Vec<ValType> {
    match ty {
        Declared::Unit => vec![],
        Declared::Exact(number) => vec![number.core()],
        Declared::Text | Declared::Texts | Declared::Array(_) => vec![ValType::I32, ValType::I32],
        Declared::Option(inner) => match **inner {
            Declared::Exact(number) if number.size() < 4 => vec![ValType::I32],
            Declared::Exact(number) if number.size() == 4 && era.optional_is_f64() => vec![ValType::F64],
            Declared::Exact(number) => vec![ValType::I32, number.core()],
            _ => core(inner, era),
        },
        _ => vec![ValType::I32],
    }
}

/// The signature in Rust's words, which these types are.
fn signature(params: &[(String, Declared)], result: &Declared, fallible: bool) -> String {
    let params: Vec<String> = params.iter().map(|(name, ty)| format!("{name}: {}", rust(ty))).collect();
    let result = match (rust(result), fallible) {
        (result, true) => format!(" -> Result<{result}>"),
        (result, false) if result == "()" => String::new(),
        (result, false) => format!(" -> {result}"),
    };
    format!("({}){result}", params.join(", "))
}

fn rust(ty: &Declared) -> String {
    match ty {
        Declared::Unit => "()".into(),
        Declared::Bool => "bool".into(),
        Declared::Char => "char".into(),
        Declared::Exact(number) => number_name(*number),
        Declared::Text => "String".into(),
        Declared::Texts => "Vec<String>".into(),
        Declared::Array(number) => format!("Vec<{}>", number_name(*number)),
        Declared::Option(inner) => format!("Option<{}>", rust(inner)),
        Declared::Number | Declared::Bigint | Declared::Foreign(_) => "JsValue".into(),
    }
}

fn number_name(number: Number) -> String {
    format!("{number:?}").to_lowercase()
}

/// What a described conversion does: it has an empty key, one argument and a JavaScript value as its result.
pub(crate) fn conversion(words: &[u32]) -> Option<Intrinsic> {
    let (0, description) = words.split_first().map(|(key, rest)| (*key, rest))? else { return None };
    let era = *Era::of(description).first()?;
    let [_, _, 1, types @ ..] = description else { return None };
    let types: Vec<u32> = types.iter().map(|word| era.newest(*word)).collect();
    match types.as_slice() {
        [tag::REF, tag::STRING, tag::EXTERNREF, ..] => Some(Intrinsic::Text),
        [tag::F64, tag::EXTERNREF, ..] => Some(Intrinsic::Number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_numberings_are_understood() {
        let new = [15, 0, 1, 31, 5, 32, 18, 32, 18];
        let old = [11, 0, 1, 25, 5, 26, 14, 26, 14];
        for words in [new, old] {
            let found =
                Era::of(&words).into_iter().find_map(|era| function(&words, era, "f_0123456789abcdef")).unwrap();
            assert_eq!(found.name, "f");
            assert_eq!(found.params[0].1, Declared::Option(Box::new(Declared::Exact(Number::U32))));
            assert_eq!((found.result, found.fallible), (Declared::Text, Some(true)));
            assert_eq!(found.signature, "(a: Option<u32>) -> Result<String>");
        }
    }

    #[test]
    fn unfinished_or_endless_words_are_no_function() {
        let endless = [vec![15, 0, 1], vec![31; 1000]].concat();
        let long_name = [15, 0, 1, 25, u32::MAX, 97];
        for words in [&[][..], &[15], &[15, 0, u32::MAX], &[15, 0, 1, 99, 33, 33], &endless, &long_name] {
            for era in Era::of(words) {
                assert!(function(words, era, "f").is_none(), "{words:?}");
            }
        }
    }
}
