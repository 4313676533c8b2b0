//! `[variables]`, and texts that name them.

use super::keys;
use super::names::{did_you_mean, is_variable, shown};
use super::{Around, each};
use crate::template::{Piece, Template};
use crate::triggers::Variable;
use crate::values::{Reader, Text};
use std::collections::BTreeMap;

/// Reads `[variables]`: each has a default, or has to be given.
pub(super) fn declared(reader: &mut Reader<'_, '_, '_>) -> BTreeMap<String, Variable> {
    let mut variables = BTreeMap::new();
    each(reader, "variables", "NAME = { default = \"…\" }", |reader, name, span| {
        check_name(reader, name, span.clone());
        keys::VARIABLE.check(reader);
        reader.text("description");
        let default = reader.text("default").map(|(text, _)| text.to_owned());
        let (required, secret) = (reader.flag("required"), reader.flag("secret").unwrap_or_default());
        let why = match (required.unwrap_or_default(), reader.value("default").is_some()) {
            (true, true) => "is `required` and has a `default`; leave one of them out",
            (false, false) => "has no `default`; give it one, or write `required = true`",
            _ => "",
        };
        if !why.is_empty() {
            reader.report.add(span, format!("the variable `{}` {why}", shown(name)));
        }
        variables.insert(name.to_owned(), Variable { default, secret });
    });
    variables
}

fn check_name(reader: &mut Reader<'_, '_, '_>, name: &str, span: std::ops::Range<usize>) {
    if !is_variable(name) {
        let why = format!(
            "`{}` cannot be the name of a variable: they are lower-case words with `_` between them, as in db_url",
            shown(name)
        );
        reader.report.add(span, why);
    }
}

/// Reads the table of a component's own variables.
pub(super) fn of_component(
    reader: &mut Reader<'_, '_, '_>,
    key: &str,
    around: &Around<'_>,
) -> BTreeMap<String, Template> {
    let mut variables = BTreeMap::new();
    for ((name, span), text) in reader.pairs(key) {
        check_name(reader, name, span);
        if let Some(template) = template(reader, &text, around) {
            variables.insert(name.to_owned(), template);
        }
    }
    variables
}

/// Reads a text that may name variables of the app.
pub(super) fn template(reader: &mut Reader<'_, '_, '_>, text: &Text<'_>, around: &Around<'_>) -> Option<Template> {
    let template: Template = reader.parse(text)?;
    for name in template.variables().filter(|name| !around.variables.contains_key(*name)) {
        let known = around.variables.keys().map(String::as_str);
        let advice = match (did_you_mean(name, known), around.variables.is_empty()) {
            (_, true) => "; declare it in [variables]".to_owned(),
            (advice, _) if advice.is_empty() => {
                format!("; there is {}", around.variables.keys().cloned().collect::<Vec<_>>().join(", "))
            }
            (advice, _) => advice,
        };
        let why = format!("the app has no variable `{}`{advice}", shown(name));
        reader.report.add(text.1.clone(), why);
    }
    Some(template)
}

/// What a text is where no variable is given another value than its default; `None` if one has no default.
pub(super) fn by_default(template: &Template, around: &Around<'_>) -> Option<String> {
    let mut text = String::new();
    for piece in template.pieces() {
        let piece = match piece {
            Piece::Text(text) => text,
            Piece::Variable(name) => around.variables.get(name)?.default.as_ref()?,
        };
        if text.len() + piece.len() > crate::MAX_BYTES as usize {
            return None;
        }
        text.push_str(piece);
    }
    Some(text)
}
