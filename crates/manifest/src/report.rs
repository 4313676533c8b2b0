//! Collecting problems, so that a person mends a manifest in one go.

use crate::error::{ManifestError, Problem};
use std::ops::Range;
use std::path::Path;

/// How many problems are told. Nobody reads more, and a hostile manifest could hold a million.
const MOST_PROBLEMS: usize = 50;

/// The problems found so far in one manifest.
pub(crate) struct Report<'a> {
    text: &'a str,
    found: Vec<(usize, String)>,
    omitted: usize,
}

impl<'a> Report<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Report { text, found: Vec::new(), omitted: 0 }
    }

    /// Notes a problem with the bytes at `span`.
    pub(crate) fn add(&mut self, span: Range<usize>, message: impl Into<String>) {
        if self.found.len() == MOST_PROBLEMS {
            self.omitted += 1;
            return;
        }
        self.found.push((span.start, message.into()));
    }

    /// The line, from 1, that the byte at `offset` is on.
    pub(crate) fn line(&self, offset: usize) -> usize {
        position(self.text, offset).0
    }

    /// `value` if nothing was wrong, or else every problem in the order of the text.
    pub(crate) fn finish<T>(mut self, path: &Path, value: T) -> Result<T, ManifestError> {
        if self.found.is_empty() {
            return Ok(value);
        }
        self.found.sort_by_key(|(offset, _)| *offset);
        let text = self.text;
        let problem = |(offset, message)| {
            let (line, column) = position(text, offset);
            Problem { line, column, message }
        };
        Err(ManifestError::Invalid {
            path: path.to_owned(),
            problems: self.found.into_iter().map(problem).collect(),
            omitted: self.omitted,
        })
    }
}

/// Line and column of a byte, both from 1; the column counts characters.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        assert_eq!(position("a\nüb", 4), (2, 2));
        assert_eq!(position("", 0), (1, 1));
        assert_eq!(position("a\n", 2), (2, 1));
    }

    #[test]
    fn problems_past_the_fiftieth_are_only_counted() {
        let mut report = Report::new("x");
        (0..60).for_each(|_| report.add(0..1, "bad"));
        let error = report.finish(Path::new("holm.toml"), ()).unwrap_err().to_string();
        assert!(error.starts_with("60 problems in holm.toml\n  holm.toml:1:1: bad\n"));
        assert!(error.ends_with("\n  and 10 more"));
    }
}
