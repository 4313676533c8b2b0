//! Where in a script something is wrong.

use std::fmt;
use std::ops::Range;

use miette::Diagnostic;

use crate::ComposeError;

/// Why a script could not be composed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ScriptError {
    /// Something is wrong at a place of the text.
    At(Box<Mistake>),
    /// The script is larger than may be.
    TooLarge {
        /// The script's file.
        file: String,
        /// Its size in bytes.
        size: usize,
    },
    /// A package, or the result, is not what it has to be.
    Compose(ComposeError),
}

/// Something that is wrong at a place of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The script's file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The character within the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// The line's text.
    pub text: String,
    /// How many of its characters are meant, from the column on.
    pub length: usize,
    /// What to do, where that is known.
    pub hint: Option<String>,
}

impl ScriptError {
    /// What to do next, one sentence each.
    pub fn hints(&self) -> Vec<String> {
        match self {
            ScriptError::At(mistake) => mistake.hint.iter().cloned().collect(),
            ScriptError::TooLarge { .. } => Vec::new(),
            ScriptError::Compose(error) => error.hints(),
        }
    }
}

impl std::error::Error for ScriptError {}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScriptError::At(mistake) => mistake.fmt(f),
            ScriptError::TooLarge { file, size } => {
                write!(f, "{file} has {size} bytes, and a script may have {}; is it a component?", super::MAX_SCRIPT)
            }
            ScriptError::Compose(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake { file, line, column, message, text, length, .. } = self;
        let number = line.to_string();
        let gap = " ".repeat(number.len());
        let before: String =
            text.chars().take(column.saturating_sub(1)).map(|c| if c == '\t' { c } else { ' ' }).collect();
        writeln!(f, "{file}:{line}:{column}: {message}")?;
        write!(f, "  {number} | {text}\n  {gap} | {before}{}", "^".repeat((*length).max(1)))
    }
}

/// A script's text and the name it has in messages.
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

/// Longer lines are cut.
const MAX_LINE: usize = 160;

impl Place<'_> {
    pub(super) fn error(&self, message: &str, span: Range<usize>) -> ScriptError {
        ScriptError::At(Box::new(self.mistake(message, span)))
    }

    fn mistake(&self, message: &str, span: Range<usize>) -> Mistake {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let whole = self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let marked = self.text.get(span).and_then(|marked| marked.lines().next()).unwrap_or_default();
        Mistake {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(start..).unwrap_or_default().chars().count() + 1,
            message: message.to_owned(),
            text: whole.chars().take(MAX_LINE).collect(),
            length: marked.chars().count().min(MAX_LINE),
            hint: None,
        }
    }

    /// An error of wac's, at the place that it labels first. What caused it is part of the message.
    pub(super) fn diagnostic<E: Diagnostic>(&self, error: &E) -> ScriptError {
        let mut message = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(next) = cause {
            message += &format!(": {next}");
            cause = next.source();
        }
        let labels: Vec<_> = error.labels().into_iter().flatten().collect();
        let Some(label) = labels.iter().find(|label| label.primary()).or_else(|| labels.first()) else {
            return ScriptError::Compose(ComposeError::Invalid(message));
        };
        let mut mistake = self.mistake(&message, label.offset()..label.offset() + label.len());
        if message.starts_with("unknown package") {
            let hint = "say where it is: --with NAMESPACE:NAME=FILE; or put it into deps/NAMESPACE/NAME.wasm beside the script";
            mistake.hint = Some(hint.to_owned());
        }
        ScriptError::At(Box::new(mistake))
    }
}
