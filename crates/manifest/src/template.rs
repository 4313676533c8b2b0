//! Texts with variables in them: `https://{{ host }}/`.

use holm_grants::ParseError;
use std::fmt;
use std::str::FromStr;

/// A text that names variables of its app, as a Spin manifest writes it: `{{ name }}`. Parsed once; whoever evaluates it
/// joins the pieces.
///
/// Text form: whatever stands between `{{` and the next `}}`, without blanks around it, is a name; all else stands for
/// itself. Whether there are such variables is for the app to say.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// A part of a template.
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text as it stands.
    Text(String),
    /// The value of this variable.
    Variable(String),
}

impl Template {
    /// A template of these pieces, in order.
    pub fn new(pieces: Vec<Piece>) -> Self {
        Self { pieces }
    }

    /// A text without variables.
    pub fn text(text: impl Into<String>) -> Self {
        Self { pieces: vec![Piece::Text(text.into())] }
    }

    /// Its pieces, in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The variables that it names.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text that it always is; `None` if it names a variable.
    pub fn literal(&self) -> Option<String> {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => Some(text.clone()),
            Piece::Variable(_) => None,
        };
        self.pieces.iter().map(text).collect()
    }
}

impl FromStr for Template {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{{") {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let Some((name, behind)) = behind.split_once("}}") else {
                // The text itself may be a secret.
                return Err(ParseError::new("a text with variables", "{{ name }}", "{{", "`}}` is missing behind it"));
            };
            pieces.push(Piece::Variable(name.trim().to_owned()));
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { pieces })
    }
}

/// A text in a manifest may be a secret: only the variables are shown.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.variables()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<String> {
        let template: Template = text.parse().unwrap();
        let shown = template.pieces().iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Variable(name) => format!("<{name}>"),
        });
        shown.collect()
    }

    #[test]
    fn a_text_is_split_at_its_variables() {
        for (text, expected) in [
            ("", &[][..]),
            ("a", &["a"][..]),
            ("a-{{ b }}-c", &["a-", "<b>", "-c"][..]),
            ("{{a}}{{b}}", &["<a>", "<b>"][..]),
            ("{a} }} {", &["{a} }} {"][..]),
            ("{{{a}}}", &["<{a>", "}"][..]),
        ] {
            assert_eq!(pieces(text), expected, "{text}");
        }
    }

    #[test]
    fn a_variable_that_does_not_end_is_told_without_the_text() {
        let error = "secret {{ a }} {{ b".parse::<Template>().unwrap_err().to_string();
        assert!(error.contains("`}}` is missing") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn a_text_without_variables_is_known_at_once() {
        assert_eq!("a}}".parse::<Template>().unwrap().literal().as_deref(), Some("a}}"));
        assert_eq!(Template::default().literal().as_deref(), Some(""));
        assert_eq!("{{ a }}".parse::<Template>().unwrap().literal(), None);
    }
}
