//! Files of variables, `.env`: a line `NAME=VALUE` for each.
//!
//! The form is the one that the crate `dotenvy` reads, as Spin uses it: `export ` may stand in front, `#` begins a comment,
//! values in single quotes stand as they are, those in double quotes have escapes, both may go over several lines, and
//! `$NAME` or `${NAME}` outside of single quotes is another variable.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::CharIndices;

use super::MAX_VALUE;

/// What `text` says, where `outside` has the variables that are not in it, which win; or a line, from 1, and what is wrong
/// with it.
pub(super) fn parse(
    text: &str,
    outside: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>, (usize, &'static str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = BTreeMap::new();
    let mut rest = text.char_indices().peekable();
    while let Some(&(start, _)) = rest.peek() {
        let mut entry = Entry { text, rest: &mut rest, found: &found, outside };
        let read = entry.read();
        let line = || text.get(..start).map_or(0, |before| before.matches('\n').count()) + 1;
        if let Some((name, value)) = read.map_err(|why| (line(), why))? {
            // The first of several is meant, as with `dotenv` in other languages.
            found.entry(name).or_insert(value);
        }
    }
    Ok(found)
}

struct Entry<'t, 'r> {
    text: &'t str,
    rest: &'r mut Peekable<CharIndices<'t>>,
    found: &'r BTreeMap<String, String>,
    outside: &'r dyn Fn(&str) -> Option<String>,
}

impl Entry<'_, '_> {
    /// Reads up to the end of a line, or of the value that ends on a later one.
    fn read(&mut self) -> Result<Option<(String, String)>, &'static str> {
        self.blanks();
        if self.is_end() || self.peek() == Some('#') {
            self.line_end();
            return Ok(None);
        }
        let mut name = self.name();
        if name == "export" && self.peek() != Some('=') {
            self.blanks();
            name = self.name();
        }
        if !is_name(&name) {
            return Err("a line is NAME=VALUE, and a name has letters, digits, underscores and dots");
        }
        self.blanks();
        if self.rest.next_if(|(_, c)| *c == '=').is_none() {
            return Err("a name is followed by `=` and its value");
        }
        self.blanks();
        let value = self.value()?;
        Ok(Some((name, value)))
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().map(|(_, c)| *c)
    }

    fn is_end(&mut self) -> bool {
        matches!(self.peek(), None | Some('\n' | '\r'))
    }

    fn blanks(&mut self) {
        while self.rest.next_if(|(_, c)| matches!(c, ' ' | '\t')).is_some() {}
    }

    fn line_end(&mut self) {
        for (_, c) in self.rest.by_ref() {
            if c == '\n' {
                break;
            }
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some((_, c)) = self.rest.next_if(|(_, c)| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')) {
            name.push(c);
        }
        name
    }

    /// A value, and the rest of its last line.
    fn value(&mut self) -> Result<String, &'static str> {
        let mut value = String::new();
        while !self.is_end() {
            match self.peek() {
                Some('\'') => self.single(&mut value)?,
                Some('"') => self.double(&mut value)?,
                Some(' ' | '\t') => {
                    self.blanks();
                    match self.is_end() || self.peek() == Some('#') {
                        true => break,
                        false => return Err("a value with blanks in it is put in quotes"),
                    }
                }
                Some('\\') => {
                    self.rest.next();
                    value.extend(self.rest.next_if(|(_, c)| *c != '\n').map(|(_, c)| c));
                }
                Some('$') => self.variable(&mut value)?,
                _ => value.extend(self.rest.next().map(|(_, c)| c)),
            }
        }
        self.line_end();
        Ok(value)
    }

    fn single(&mut self, value: &mut String) -> Result<(), &'static str> {
        self.rest.next();
        loop {
            match self.rest.next() {
                Some((_, '\'')) => return Ok(()),
                Some((_, c)) => value.push(c),
                None => return Err("a single quote is not closed"),
            }
        }
    }

    fn double(&mut self, value: &mut String) -> Result<(), &'static str> {
        self.rest.next();
        loop {
            match self.peek() {
                Some('"') => {
                    self.rest.next();
                    return Ok(());
                }
                Some('$') => self.variable(value)?,
                Some('\\') => {
                    self.rest.next();
                    match self.rest.next() {
                        Some((_, 'n')) => value.push('\n'),
                        Some((_, c @ ('\\' | '"' | '\'' | '$' | ' '))) => value.push(c),
                        _ => return Err("after a backslash in double quotes comes one of n \\ \" ' $"),
                    }
                }
                Some(c) => {
                    self.rest.next();
                    value.push(c);
                }
                None => return Err("a double quote is not closed"),
            }
        }
    }

    /// `$NAME` or `${NAME}`; one that nobody has is empty, and a `$` alone stands for itself.
    fn variable(&mut self, value: &mut String) -> Result<(), &'static str> {
        self.rest.next();
        let braced = self.rest.next_if(|(_, c)| *c == '{').is_some();
        let name = self.name();
        if braced && self.rest.next_if(|(_, c)| *c == '}').is_none() {
            return Err("`${` is followed by a name and `}`");
        }
        if name.is_empty() && !braced {
            value.push('$');
        }
        let other = (self.outside)(&name).or_else(|| self.found.get(&name).cloned()).unwrap_or_default();
        // Lines that each name the one before twice would grow without end.
        if value.len() + other.len() > MAX_VALUE {
            return Err("a value is longer than one may be");
        }
        value.push_str(&other);
        debug_assert!(value.len() <= self.text.len() + MAX_VALUE);
        Ok(())
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, (usize, &'static str)> {
        let outside = |name: &str| (name == "HOST").then(|| "outside".to_owned());
        parse(text, &outside).map(|found| found.into_iter().collect())
    }

    fn value(line: &str) -> String {
        read(&format!("A={line}")).unwrap().remove(0).1
    }

    #[test]
    fn lines_are_names_and_values() {
        let text = "\u{feff}# a comment\n\nA=1\r\n  export B = two # and a comment\nexport=3\nC.D=\nE=#no\nA=again";
        let pairs = [("A", "1"), ("B", "two"), ("C.D", ""), ("E", "#no"), ("export", "3")];
        assert_eq!(read(text).unwrap(), pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn quotes_keep_blanks_lines_and_what_would_be_special() {
        assert_eq!(value("'a $B \\n' # c"), "a $B \\n");
        assert_eq!(value(r#""a\nb \"c\" \$D \\""#), "a\nb \"c\" $D \\");
        assert_eq!(value("\"one\ntwo\""), "one\ntwo");
        assert_eq!(value("a'b c'd"), "ab cd");
        assert_eq!(value(r"a\ b"), "a b");
    }

    #[test]
    fn variables_are_those_outside_and_those_above() {
        let found = read("A=1\nB=${A}2\nC=\"$HOST:$B:$NOBODY\"\nHOST=inside\nD=$HOST\nE=$").unwrap();
        let values: Vec<&str> = found.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["1", "12", "outside:12:", "outside", "$", "inside"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line) in [
            ("A=1\n=2", 2),
            ("A", 1),
            ("A=b c", 1),
            ("\n\nA='b\n\n", 3),
            ("A=\"b", 1),
            ("A=\"\\x\"", 1),
            ("A=${B", 1),
            ("1A=2", 1),
            ("A=\"b\nc\"\nü=1", 3),
        ] {
            assert_eq!(read(text).unwrap_err().0, line, "{text:?}");
        }
    }

    #[test]
    fn lines_that_double_each_other_have_an_end() {
        let lines = (1..64).map(|i| format!("A{i}=$A{0}$A{0}\n", i - 1));
        let text = format!("A0={}\n{}", "x".repeat(1000), lines.collect::<String>());
        assert!(read(&text).is_err());
    }
}
