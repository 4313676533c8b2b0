//! Types from the `.d.ts` file that wasm-bindgen writes beside a guest.
//!
//! Of TypeScript only `export function NAME(PARAMETER: TYPE, …): TYPE;` is read, which is the form
//! wasm-bindgen gives every function that is not part of a class. The file is as trustworthy as the guest.

use crate::declared::{Declaration, Declared, HOLE};
use crate::number::Number;

/// Bytes of the longest declaration that is read, and how many are: what is beyond was not meant to be read.
const MAX_DECLARATION: usize = 16 << 10;
pub(crate) const MAX_FUNCTIONS: usize = 2000;

/// The functions that `text` declares, in its order.
pub(crate) fn parse(text: &str) -> Vec<Declaration> {
    let text = without_comments(text);
    let mut rest = text.as_str();
    let mut found = Vec::new();
    while let Some((_, after)) = rest.split_once("export function ")
        && found.len() < MAX_FUNCTIONS
    {
        rest = after;
        found.extend(declaration(&after[..after.floor_char_boundary(MAX_DECLARATION)]));
    }
    found
}

fn declaration(text: &str) -> Option<Declaration> {
    let (name, after) = text.split_once('(')?;
    let name = name.trim();
    if name.is_empty() || !name.chars().all(is_identifier) {
        return None;
    }
    let end = closing(after)?;
    let (params, after) = (after.get(..end)?, after.get(end + 1..)?);
    let (result, _) = after.trim_start().strip_prefix(':')?.split_once([';', '\n'])?;
    let (params_text, result) = (one_line(params), one_line(result));
    Some(Declaration {
        name: name.to_owned(),
        export: name.to_owned(),
        params: pieces(params, ',').into_iter().filter_map(parameter).collect(),
        result: ty(&result),
        fallible: None,
        layout: None,
        hole: HOLE,
        signature: format!("({params_text}): {result}"),
    })
}

fn parameter(text: &str) -> Option<(String, Declared)> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let Some((name, declared)) = text.split_once(':') else {
        return Some((text.to_owned(), Declared::Foreign("untyped".into())));
    };
    let (name, declared) = (name.trim(), ty(declared));
    Some(match name.strip_suffix('?') {
        Some(name) if matches!(declared, Declared::Option(_)) => (name.to_owned(), declared),
        Some(name) => (name.to_owned(), Declared::Option(Box::new(declared))),
        None => (name.to_owned(), declared),
    })
}

/// A type; `T | undefined` and `T | null` are optional.
fn ty(text: &str) -> Declared {
    let text = text.trim();
    let (absent, present): (Vec<&str>, Vec<&str>) =
        pieces(text, '|').into_iter().map(str::trim).partition(|piece| matches!(*piece, "undefined" | "null"));
    let inner = match present.as_slice() {
        [only] => plain(only),
        // Newer declarations take a plain array where a typed one is meant.
        [first, second] if second.ends_with("[]") => match plain(first) {
            array @ Declared::Array(_) => array,
            _ => Declared::Foreign(format!("`{text}`")),
        },
        _ => Declared::Foreign(format!("`{text}`")),
    };
    if absent.is_empty() { inner } else { Declared::Option(Box::new(inner)) }
}

fn plain(text: &str) -> Declared {
    match text {
        "void" => Declared::Unit,
        "boolean" => Declared::Bool,
        "number" => Declared::Number,
        "bigint" => Declared::Bigint,
        "string" => Declared::Text,
        "string[]" | "(string)[]" => Declared::Texts,
        "Int8Array" => Declared::Array(Number::I8),
        "Uint8Array" | "Uint8ClampedArray" => Declared::Array(Number::U8),
        "Int16Array" => Declared::Array(Number::I16),
        "Uint16Array" => Declared::Array(Number::U16),
        "Int32Array" => Declared::Array(Number::I32),
        "Uint32Array" => Declared::Array(Number::U32),
        "BigInt64Array" => Declared::Array(Number::I64),
        "BigUint64Array" => Declared::Array(Number::U64),
        "Float32Array" => Declared::Array(Number::F32),
        "Float64Array" => Declared::Array(Number::F64),
        other => Declared::Foreign(format!("`{other}`")),
    }
}

pub(crate) fn is_identifier(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where the bracket that was opened before `text` is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Splits at a separator that is in no brackets.
fn pieces(text: &str, separator: char) -> Vec<&str> {
    let (mut pieces, mut start, mut depth, mut before) = (Vec::new(), 0, 0_u32, ' ');
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            // The head of an arrow closes nothing.
            '>' if before == '=' => {}
            ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
            c if c == separator && depth == 0 => {
                pieces.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
        before = c;
    }
    pieces.push(&text[start..]);
    pieces
}

fn without_comments(mut text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    while let Some((before, comment)) = text.split_once('/') {
        code.push_str(before);
        let end = match comment.chars().next() {
            Some('*') => comment.split_once("*/").map(|(_, after)| after),
            Some('/') => comment.find('\n').map(|end| &comment[end..]),
            _ => {
                code.push('/');
                Some(comment)
            }
        };
        text = end.unwrap_or("");
    }
    code.push_str(text);
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Declaration {
        let mut all = parse(text);
        assert_eq!(all.len(), 1, "{text}");
        all.remove(0)
    }

    #[test]
    fn a_function_has_names_and_types() {
        let found =
            only("/** export function no(): void; */\nexport function f(a: number, b?: string | null): boolean;");
        assert_eq!(found.name, "f");
        let option = Declared::Option(Box::new(Declared::Text));
        assert_eq!(found.params, [("a".to_owned(), Declared::Number), ("b".to_owned(), option)]);
        assert_eq!(found.result, Declared::Bool);
        assert_eq!(found.signature, "(a: number, b?: string | null): boolean");
    }

    #[test]
    fn what_lives_in_javascript_is_foreign() {
        let found = only("export function f(a: (x: number) => void, b: Map<string, any>): Promise<any>;");
        assert!(matches!(&found.params[0].1, Declared::Foreign(_)));
        assert_eq!(found.params.len(), 2);
        assert_eq!(found.result, Declared::Foreign("`Promise<any>`".into()));
    }

    #[test]
    fn a_typed_array_may_be_given_as_a_plain_one() {
        let found = only("export function f(a: Uint8Array | number[]): Float64Array | undefined;");
        assert_eq!(found.params[0].1, Declared::Array(Number::U8));
        assert_eq!(found.result, Declared::Option(Box::new(Declared::Array(Number::F64))));
    }

    #[test]
    fn unfinished_text_is_no_declaration() {
        for text in
            ["export function ", "export function f(", "export function f()", "export function f(a: (", "/*", "/"]
        {
            assert!(parse(text).is_empty(), "{text}");
        }
    }
}
