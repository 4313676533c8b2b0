//! The text, and what of it plugins may see and change.

use std::ops::Range;

use super::bindings::acme::editor::buffer::{Host, Span};

/// Bytes that a text may have. A plugin's own memory is held to its limit; what it has the host keep, the host must bound.
const MOST: usize = 16 << 20;

/// A text, and which of its lines are selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(unreachable_pub, reason = "what implements a world's imports is as public as the world")]
pub struct Buffer {
    lines: Vec<String>,
    selected: Range<usize>,
}

impl Buffer {
    pub(crate) fn new(text: &str) -> Self {
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        Self { selected: 0..lines.len(), lines }
    }

    pub(crate) fn text(&self) -> String {
        self.lines.iter().flat_map(|line| [line, "\n"]).collect()
    }

    /// The selected lines, numbered as people count.
    pub(crate) fn selection(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.lines.get(self.selected.clone()).unwrap_or_default();
        (self.selected.start + 1..).zip(lines.iter().map(String::as_str))
    }

    /// Selects these lines, or everything.
    pub(crate) fn select(&mut self, lines: Option<Range<usize>>) -> Result<(), String> {
        let lines = lines.unwrap_or(0..self.lines.len());
        self.lines.get(lines.clone()).ok_or_else(|| self.outside())?;
        self.selected = lines;
        Ok(())
    }

    fn outside(&self) -> String {
        format!("there are {} lines", self.lines.len())
    }

    /// Puts `new` in the place of `old`, whatever a plugin says these are.
    fn put(&mut self, old: Range<usize>, new: Vec<String>) -> Result<(), String> {
        let gone = self.lines.get(old.clone()).ok_or_else(|| self.outside())?;
        if new.iter().any(|line| line.contains('\n')) {
            return Err("a line has no end-of-line in it".into());
        }
        let length = |lines: &[String]| lines.iter().map(|line| line.len() + 1).sum::<usize>();
        if length(&self.lines) - length(gone) + length(&new) > MOST {
            return Err(format!("a text has at most {MOST} bytes"));
        }
        let Range { start, end } = self.selected;
        if start <= old.start && old.end <= end {
            self.selected.end = end - old.len() + new.len();
        }
        self.lines.splice(old, new);
        self.selected.end = self.selected.end.min(self.lines.len());
        self.selected.start = self.selected.start.min(self.selected.end);
        Ok(())
    }
}

/// The interface `buffer` of the world. What a plugin did wrong it is told as a value; these functions have nothing to trap
/// for.
impl Host for Buffer {
    fn line_count(&mut self) -> u32 {
        // More than this many lines are more than `MOST` bytes.
        self.lines.len() as u32
    }

    fn selection(&mut self) -> Span {
        Span { start: self.selected.start as u32, end: self.selected.end as u32 }
    }

    fn lines(&mut self, which: Span) -> Result<Vec<String>, String> {
        let lines = self.lines.get(range(which));
        lines.map(<[String]>::to_vec).ok_or_else(|| self.outside())
    }

    fn replace(&mut self, which: Span, lines: Vec<String>) -> Result<(), String> {
        self.put(range(which), lines)
    }

    fn insert(&mut self, at: u32, lines: Vec<String>) -> Result<(), String> {
        let at = at as usize;
        self.put(at..at, lines)
    }
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}
