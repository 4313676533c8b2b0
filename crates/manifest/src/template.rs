//! Texts with variables in them: `https://{{ host }}/`.

use std::fmt;

/// A text that names variables of its app, as a Spin manifest writes it: `{{ name }}`. Parsed once; whoever evaluates it
/// joins the pieces.
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
}

/// A text in a manifest may be a secret: only the variables are shown.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.variables()).finish()
    }
}
