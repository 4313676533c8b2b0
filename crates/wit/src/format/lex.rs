//! WIT text as tokens and comments, none of them lost.
//!
//! The tokens are those of the component model's `design/mvp/WIT.md`, "Lexical structure", with one difference: a number is read
//! together with all that may follow in a version (`0.2.0-rc.1+build`), which the grammar puts together from several tokens.

/// A token, and the comments in front of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) text: &'t str,
    pub(super) before: Vec<Comment<'t>>,
    /// Whether an empty line stands in front of it, behind its comments.
    pub(super) blank: bool,
}

/// A comment as it is written, without the space behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comment<'t> {
    pub(super) text: &'t str,
    /// Whether an empty line stands in front of it.
    pub(super) blank: bool,
    /// Whether something else stands in front of it, on the same line.
    pub(super) trailing: bool,
}

impl Comment<'_> {
    /// To the end of its line.
    pub(super) fn is_line(&self) -> bool {
        self.text.starts_with("//")
    }
}

/// Tokens in the order of the text. The last one is empty and has the comments that nothing follows.
///
/// # Errors
/// The byte at which something stands that is no token, or that a comment or string begins at and does not end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, usize> {
    let mut lexer = Lexer { text, at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 } };
    let mut tokens = Vec::new();
    loop {
        let (before, blank) = lexer.trivia()?;
        let start = lexer.at;
        let Some(first) = lexer.rest().chars().next() else {
            tokens.push(Token { text: "", before, blank });
            return Ok(tokens);
        };
        lexer.at += length(lexer.rest(), first).ok_or(start)?;
        tokens.push(Token { text: lexer.since(start), before, blank });
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Comments up to the next token, and whether an empty line stands behind the last of them.
    fn trivia(&mut self) -> Result<(Vec<Comment<'t>>, bool), usize> {
        let mut comments = Vec::new();
        let mut line_begins = self.at == 0;
        loop {
            let start = self.at;
            let space = self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\n', '\r']).len();
            self.at += space;
            let lines = self.since(start).bytes().filter(|byte| *byte == b'\n').count();
            // What ends a line comment is not part of it.
            let blank = lines > 1;
            line_begins |= lines > 0;
            let start = self.at;
            if self.rest().starts_with("//") {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if self.rest().starts_with("/*") {
                self.at += block(self.rest()).ok_or(start)?;
            } else {
                return Ok((comments, blank));
            }
            comments.push(Comment { text: self.since(start).trim_end(), blank, trailing: !line_begins });
            line_begins = false;
        }
    }
}

/// Bytes of the block comment at the start of `text`. They may nest.
fn block(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += rest.chars().next()?.len_utf8();
        }
    }
}

/// Bytes of the token at the start of `text`.
fn length(text: &str, first: char) -> Option<usize> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let run = |text: &str| text.find(|c| !word(c)).unwrap_or(text.len());
    match first {
        '-' if text.starts_with("->") => Some(2),
        '=' | ',' | ':' | '.' | ';' | '(' | ')' | '{' | '}' | '<' | '>' | '*' | '@' | '/' | '+' | '-' => Some(1),
        '%' => Some(1 + run(text.get(1..)?)),
        '"' => string(text),
        '0'..='9' => {
            let version = |c: char| c.is_ascii_alphanumeric() || "-+.".contains(c);
            let length = text.find(|c| !version(c)).unwrap_or(text.len());
            let arrow = text.get(length..)?.starts_with('>') && text.get(..length)?.ends_with('-');
            // `->` behind a number, and `@1.0.0.{names}`.
            Some(text.get(..length - usize::from(arrow))?.trim_end_matches('.').len())
        }
        first if word(first) => Some(run(text)),
        _ => None,
    }
}

fn string(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            '\n' => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        tokens(text).unwrap().iter().map(|token| token.text).collect()
    }

    #[test]
    fn versions_are_one_token_and_names_behind_them_are_not_part_of_it() {
        assert_eq!(
            texts("use a:b/c@0.2.0-rc.1+x.{d};"),
            ["use", "a", ":", "b", "/", "c", "@", "0.2.0-rc.1+x", ".", "{", "d", "}", ";", ""]
        );
        assert_eq!(texts("list<u8,4>->x"), ["list", "<", "u8", ",", "4", ">", "->", "x", ""]);
        assert_eq!(texts("@1.0.1-- 4->x"), ["@", "1.0.1--", "4", "->", "x", ""]);
    }

    #[test]
    fn comments_nest_and_know_where_they_stand() {
        let tokens = tokens("// a\n\n/* b /* c */ */ x; // d\n  /// e\ny").unwrap();
        let comments: Vec<_> = tokens.iter().flat_map(|token| &token.before).collect();
        let seen: Vec<_> = comments.iter().map(|c| (c.text, c.blank, c.trailing)).collect();
        assert_eq!(
            seen,
            [("// a", false, false), ("/* b /* c */ */", true, false), ("// d", false, true), ("/// e", false, false)]
        );
    }

    #[test]
    fn what_is_no_token_is_named_by_its_place() {
        assert_eq!(tokens("a ?"), Err(2));
        assert_eq!(tokens("a /* b"), Err(2));
        assert_eq!(tokens("\"a\nb\""), Err(0));
    }
}
