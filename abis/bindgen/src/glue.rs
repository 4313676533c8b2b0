//! What the generated JavaScript beside a guest tells that its types do not.
//!
//! Nothing of it is run. wasm-bindgen writes it in a few fixed forms, and these are looked for: `>>> 0` makes a
//! number unsigned, reads at `retptr` are the layout of a result, and the body of an import says what of
//! JavaScript it needs. A file in another form tells nothing, which is safe.

use holm_engine::shape::ValType;

use crate::declared::{Declaration, Declared, OLD_HOLE};
use crate::dts::is_identifier;
use crate::number::Number;

/// The text of the generated JavaScript.
pub(crate) struct Glue(String);

impl Glue {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The body of the function of this name.
    pub(crate) fn function(&self, name: &str) -> Option<&str> {
        let mut functions = self.mentions(name).filter(|(before, after)| {
            let declared = before.ends_with("function ") && after.starts_with('(');
            declared || after.starts_with(" = function") || after.starts_with(": function")
        });
        functions.next().and_then(|(_, after)| body(after))
    }

    /// What of JavaScript the import of this name stands for: `Date.now`.
    pub(crate) fn needs(&self, import: &str) -> Option<String> {
        if let Some(body) = self.function(import) {
            let mut lines = body.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
            return lines.next().and_then(callee);
        }
        let (_, after) = self.mentions(import).next()?;
        let (_, named) = after.lines().next()?.split_once("notDefined('")?;
        named.split_once('\'').map(|(name, _)| name.to_owned())
    }

    /// Adds to a declaration what its function's body tells.
    pub(crate) fn complete(&self, declared: &mut Declaration) {
        let Some(body) = self.function(&declared.export) else { return };
        let unsigned = body.lines().any(|line| line.trim_start().starts_with("return ") && line.contains(">>> 0"));
        let unsigned_big = body.contains("return BigInt.asUintN(64");
        if unsigned || unsigned_big {
            make_unsigned(&mut declared.result, unsigned, unsigned_big);
        }
        if declared.result == Declared::Text && body.contains("return String.fromCodePoint(") {
            declared.result = Declared::Char;
        }
        for (name, ty) in &mut declared.params {
            if *ty == Declared::Text && body.contains(&format!("{name}.codePointAt(0)")) {
                *ty = Declared::Char;
            }
        }
        if body.contains("0x100000001") {
            declared.hole = OLD_HOLE;
        }
        if body.contains("retptr") {
            declared.layout = Some(layout(body));
        }
    }

    fn mentions<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a, 'n> {
        self.0.match_indices(name).filter_map(|(at, name)| {
            let (before, after) = (self.0.get(..at)?, self.0.get(at + name.len()..)?);
            let whole = !before.ends_with(is_identifier) && !after.starts_with(is_identifier);
            whole.then_some((before, after))
        })
    }
}

fn make_unsigned(ty: &mut Declared, small: bool, big: bool) {
    match ty {
        Declared::Number if small => *ty = Declared::Exact(Number::U32),
        Declared::Bigint if big => *ty = Declared::Exact(Number::U64),
        Declared::Option(inner) => make_unsigned(inner, small, big),
        _ => {}
    }
}

/// The text between the first brace and the one that closes it.
fn body(text: &str) -> Option<&str> {
    let (_, text) = text.split_once('{')?;
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return text.get(..at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `Date.now` of `const ret = Date.now();`. Calls on what the guest passes have no name of their own.
fn callee(line: &str) -> Option<String> {
    let line = line.strip_prefix("const ret = ").or_else(|| line.strip_prefix("return ")).unwrap_or(line);
    let called = line.split(['(', ';']).next()?;
    let name = called.strip_prefix("new ").unwrap_or(called);
    let is_path = name.chars().all(|c| is_identifier(c) || c == '.') && name.starts_with(char::is_alphabetic);
    let is_global = !name.starts_with("arg") && !name.starts_with("getObject") && !name.contains("FromWasm");
    (is_path && is_global).then(|| called.to_owned())
}

/// The core values that are read at the return pointer, in order.
fn layout(body: &str) -> Vec<ValType> {
    let reads = body.lines().filter(|line| line.contains("retptr") && line.trim_start().starts_with("var r"));
    let types = reads.filter_map(|line| {
        let (_, getter) = line.split_once(" = ")?;
        let has = |name: &str| getter.contains(name);
        match () {
            () if has("BigInt64") || has("BigUint64") => Some(ValType::I64),
            () if has("Float64") => Some(ValType::F64),
            () if has("Float32") => Some(ValType::F32),
            () if has("Int32") || has("Uint32") => Some(ValType::I32),
            () => None,
        }
    });
    types.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_named_by_what_it_calls() {
        let glue = Glue::new(
            "export function __wbg_a_1() {\n const ret = Date.now();\n return ret;\n}\n\
             imports.wbg.__wbg_b_2 = function(arg0) {\n console.log(arg0);\n};\n\
             imports.wbg.__wbg_c_3 = typeof Date.now == 'function' ? Date.now : notDefined('Date.now');\n\
             imports.wbg.__wbg_d_4 = function(arg0) {\n const ret = getObject(arg0).size;\n};\n\
             const x = { __wbg_e_5: function() { const ret = new Date(); return ret; } };"
                .into(),
        );
        let needs = |name| glue.needs(name);
        assert_eq!(needs("__wbg_a_1").as_deref(), Some("Date.now"));
        assert_eq!(needs("__wbg_b_2").as_deref(), Some("console.log"));
        assert_eq!(needs("__wbg_c_3").as_deref(), Some("Date.now"));
        assert_eq!(needs("__wbg_d_4"), None);
        assert_eq!(needs("__wbg_e_5").as_deref(), Some("new Date"));
        assert_eq!(needs("__wbg_f_6"), None);
    }

    #[test]
    fn unfinished_text_tells_nothing() {
        for text in ["function f", "function f(", "function f() {", "f = ", ""] {
            let glue = Glue::new(text.into());
            assert_eq!(glue.function("f"), None, "{text}");
            assert_eq!(glue.needs("f"), None, "{text}");
        }
    }
}
