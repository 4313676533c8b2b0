//! Everything that is wrong with what a server was told, for one answer.

use holm_engine::{Error, Kind, Result};

/// Gathers errors of several steps.
#[derive(Default)]
pub(super) struct Wrong {
    kind: Option<Kind>,
    lines: Vec<String>,
    notes: Vec<String>,
}

impl Wrong {
    pub(super) fn add(&mut self, error: &Error) {
        self.kind.get_or_insert(error.kind());
        self.lines.push(error.to_string());
        let new = error.notes().iter().filter(|note| !self.notes.contains(note)).cloned().collect::<Vec<_>>();
        self.notes.extend(new);
    }

    /// The value, unless it is an error.
    pub(super) fn unless<T>(&mut self, result: Result<T>) -> Option<T> {
        result.inspect_err(|error| self.add(error)).ok()
    }

    /// Whether nothing is.
    pub(super) fn is_nothing(&self) -> bool {
        self.kind.is_none()
    }

    /// What it is, and what helps, a piece of text each.
    pub(super) fn reasons(self) -> Vec<String> {
        self.lines.into_iter().chain(self.notes).collect()
    }

    /// Nothing, if nothing is wrong.
    ///
    /// # Errors
    /// All of it as one error, of the kind of the first.
    pub(super) fn end(self) -> Result<()> {
        let Some(kind) = self.kind else { return Ok(()) };
        let error = Error::new(kind, self.lines.join("\n"));
        Err(self.notes.into_iter().fold(error, |error, note| error.note(note)))
    }
}
