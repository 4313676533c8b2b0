//! Why a text could not be read, told to the person who wrote it.

use crate::quote::printable;
use std::borrow::Cow;

/// The longest piece of somebody's text that a message repeats, in characters.
const LONGEST_TEXT: usize = 120;
/// The longest reason, which may quote some of that text again, in characters.
const LONGEST_REASON: usize = 300;

/// A text that is not what it should be: which text, what is wrong with it, and the right form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}: {why} (example: `{example}`)")]
pub struct ParseError {
    what: &'static str,
    text: String,
    why: String,
    example: &'static str,
}

impl ParseError {
    /// `what` carries its article ("a network grant"); `example` is a text that would be read. Of `text` and `why` the
    /// message shows the beginning, with control characters spelt out.
    pub fn new(what: &'static str, example: &'static str, text: &str, why: impl Into<Cow<'static, str>>) -> Self {
        ParseError { what, text: shown(text, LONGEST_TEXT), why: shown(&why.into(), LONGEST_REASON), example }
    }
}

fn shown(text: &str, most: usize) -> String {
    let mut start: String = text.chars().take(most).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    printable(&start)
}

#[cfg(test)]
mod tests {
    use crate::{NetGrant, parse_size};

    #[test]
    fn a_message_neither_floods_a_terminal_nor_rewrites_it() {
        let text = format!("a:\u{1b}[2J{}", "x".repeat(100_000));
        for message in [text.parse::<NetGrant>().unwrap_err().to_string(), parse_size(&text).unwrap_err().to_string()] {
            assert!(message.len() < 1000 && !message.contains('\u{1b}'), "{message}");
        }
    }
}
