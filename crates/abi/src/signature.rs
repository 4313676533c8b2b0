//! Types of functions as text, for hosts that know them only when they run.
//!
//! Source of the words: the WIT specification (WebAssembly/component-model, `design/mvp/WIT.md`, "Types"), without named
//! types and resources. It is what `Display` of [`Type`] writes.

use std::str::FromStr;

use crate::Type;

/// The types of a function's parameters and of its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Of its parameters.
    pub params: Vec<Type>,
    /// Of its results: none or one.
    pub results: Vec<Type>,
}

/// How deep types may lie within one another.
const DEPTH: usize = 32;

impl FromStr for Signature {
    type Err = String;

    /// Reads `func(text: string, list<u8>) -> result<u32, string>`: parameters may have names, which mean nothing.
    ///
    /// # Errors
    /// Says what was expected where.
    fn from_str(text: &str) -> Result<Self, String> {
        whole(text, |parser| parser.signature())
    }
}

/// Reads a type: `list<u8>`, `record { name: string, age: option<u8> }`.
///
/// # Errors
/// Says what was expected where.
pub fn parse_type(text: &str) -> Result<Type, String> {
    whole(text, |parser| parser.ty())
}

fn whole<T>(text: &str, read: impl FnOnce(&mut Parser<'_>) -> Result<T, String>) -> Result<T, String> {
    let mut parser = Parser { text, rest: text, depth: 0 };
    let read = read(&mut parser)?;
    match parser.next() {
        None => Ok(read),
        Some(_) => Err(parser.expected("the end")),
    }
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn expected(&mut self, what: &str) -> String {
        let at = self.text.len() - self.rest.trim_start().len();
        format!("`{}` is no type: {what} was expected after {at} bytes", self.text.escape_debug())
    }

    fn accept(&mut self, token: &str) -> bool {
        self.next();
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.accept(token) { Ok(()) } else { Err(self.expected(&format!("`{token}`"))) }
    }

    /// A word, or the sign for no type. Names may stand behind a `%`, which is no part of them.
    fn word(&mut self) -> Result<&'a str, String> {
        self.accept("%");
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        // An arrow is no part of a word that it follows without a space.
        if word.is_empty() || word.starts_with('-') || word.ends_with('-') {
            return Err(self.expected("a name or a type"));
        }
        self.rest = rest;
        Ok(word)
    }

    fn signature(&mut self) -> Result<Signature, String> {
        self.expect("func")?;
        self.expect("(")?;
        let params = self.until(")", |parser| {
            let before = parser.rest;
            if parser.word().is_err() || !parser.accept(":") {
                parser.rest = before;
            }
            parser.ty()
        })?;
        let results = if self.accept("->") { vec![self.ty()?] } else { Vec::new() };
        Ok(Signature { params, results })
    }

    /// What stands between commas, of which there may be one more, up to `end`.
    fn until<T>(&mut self, end: &str, item: impl Fn(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        let mut items = Vec::new();
        while !self.accept(end) {
            items.push(item(self)?);
            if !self.accept(",") {
                self.expect(end)?;
                break;
            }
        }
        Ok(items)
    }

    fn ty(&mut self) -> Result<Type, String> {
        if self.depth >= DEPTH {
            return Err(format!(
                "`{}` is no type: its types lie too deep within one another",
                self.text.escape_debug()
            ));
        }
        self.depth += 1;
        let read = self.any_type();
        self.depth -= 1;
        read
    }

    fn any_type(&mut self) -> Result<Type, String> {
        let before = self.rest;
        let made = match self.word()? {
            "bool" => Some(Type::BOOL),
            "s8" => Some(Type::S8),
            "s16" => Some(Type::S16),
            "s32" => Some(Type::S32),
            "s64" => Some(Type::S64),
            "u8" => Some(Type::U8),
            "u16" => Some(Type::U16),
            "u32" => Some(Type::U32),
            "u64" => Some(Type::U64),
            "f32" => Some(Type::F32),
            "f64" => Some(Type::F64),
            "char" => Some(Type::CHAR),
            "string" => Some(Type::STRING),
            "list" => Some(Type::list(self.within()?)),
            "option" => Some(Type::option(self.within()?)),
            "result" => Some(self.result()?),
            "tuple" => {
                self.expect("<")?;
                Type::tuple(self.until(">", Self::ty)?)
            }
            "record" => Type::record(self.braces(|parser| {
                let name = parser.word()?;
                parser.expect(":")?;
                Ok((name, parser.ty()?))
            })?),
            "variant" => Type::variant(self.braces(|parser| {
                let name = parser.word()?;
                let payload = if parser.accept("(") { Some(parser.ty()?) } else { None };
                if payload.is_some() {
                    parser.expect(")")?;
                }
                Ok((name, payload))
            })?),
            "enum" => Type::enum_ty(self.braces(Self::word)?),
            "flags" => Type::flags(self.braces(Self::word)?),
            _ => {
                self.rest = before;
                return Err(self.expected("a type (`string`, `list<u8>`, `option<u32>`, …)"));
            }
        };
        made.ok_or_else(|| self.expected("something in it"))
    }

    fn within(&mut self) -> Result<Type, String> {
        self.expect("<")?;
        let ty = self.ty()?;
        self.expect(">")?;
        Ok(ty)
    }

    fn braces<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        self.expect("{")?;
        self.until("}", item)
    }

    fn result(&mut self) -> Result<Type, String> {
        if !self.accept("<") {
            return Ok(Type::result(None, None));
        }
        let ok = if self.accept("_") { None } else { Some(self.ty()?) };
        let err = if self.accept(",") { Some(self.ty()?) } else { None };
        self.expect(">")?;
        Ok(Type::result(ok, err))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_type_is_read_as_it_is_written() {
        for text in [
            "string",
            "list<u8>",
            "option<list<string>>",
            "result",
            "result<u32>",
            "result<_, string>",
            "result<tuple<bool, f64>, char>",
            "record { name: string, age: option<u8> }",
            "variant { circle(f64), nothing }",
            "enum { red, dark-red }",
            "flags { read, write }",
        ] {
            assert_eq!(parse_type(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn parameters_may_have_names() {
        let named: Signature = "func(list: list<u8>, %string: string,)->u32".parse().unwrap();
        assert_eq!(named, "func(list<u8>, string) -> u32".parse().unwrap());
        assert_eq!(named.params, [Type::list(Type::U8), Type::STRING]);
        assert_eq!("func()".parse(), Ok(Signature { params: vec![], results: vec![] }));
    }

    #[test]
    fn what_is_no_type_is_answered_with_what_was_expected() {
        for (text, expected) in [
            ("", "a name or a type"),
            ("strng", "a type (`string`"),
            ("list<u8", "`>`"),
            ("record { }", "something in it"),
            ("u8 u8", "the end"),
        ] {
            let error = parse_type(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!("(string)".parse::<Signature>().unwrap_err().contains("`func`"));
        assert!(parse_type(&"list<".repeat(100_000)).unwrap_err().contains("too deep"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_type_or_none(text in "[a-z0-9_<>{}(),:% é-]{0,40}") {
            let _ = parse_type(&text);
            let _ = format!("func({text}").parse::<Signature>();
        }
    }
}
