//! Two texts side by side.

use std::fmt;

/// A line of both sides. What a side has not is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The importing side.
    pub left: Option<String>,
    /// The exporting side.
    pub right: Option<String>,
}

/// How many rows are shown.
const MOST: usize = 80;
/// Above this many lines a comparison line by line would cost more than it tells.
const MOST_TO_ALIGN: usize = 400;

/// Puts the lines of two declarations beside each other so that those that are the same share a row.
pub(super) fn align(left: &[String], right: &[String], rows: &mut Vec<Row>) {
    if left.len().max(right.len()) > MOST_TO_ALIGN {
        let pairs = (0..left.len().max(right.len())).map(|at| (left.get(at).cloned(), right.get(at).cloned()));
        rows.extend(pairs.map(|(left, right)| Row { left, right }));
        return;
    }
    let common = common(left, right);
    let (mut l, mut r) = (0, 0);
    for (at, other) in common.into_iter().chain([(left.len(), right.len())]) {
        // Between two lines that are the same: what is there on either side, in pairs.
        while l < at || r < other {
            let one = (l < at).then(|| left.get(l).cloned()).flatten();
            let two = (r < other).then(|| right.get(r).cloned()).flatten();
            l += usize::from(l < at);
            r += usize::from(r < other);
            rows.push(Row { left: one, right: two });
        }
        if let (Some(one), Some(two)) = (left.get(at), right.get(other)) {
            rows.push(Row { left: Some(one.clone()), right: Some(two.clone()) });
        }
        (l, r) = (at + 1, other + 1);
    }
}

/// The longest common subsequence of lines, as pairs of their indices.
fn common(left: &[String], right: &[String]) -> Vec<(usize, usize)> {
    let width = right.len() + 1;
    let mut lengths = vec![0u32; (left.len() + 1) * width];
    let get = |lengths: &[u32], l: usize, r: usize| lengths.get(l * width + r).copied().unwrap_or_default();
    for (l, one) in left.iter().enumerate().rev() {
        for (r, other) in right.iter().enumerate().rev() {
            let length = if one == other {
                get(&lengths, l + 1, r + 1) + 1
            } else {
                get(&lengths, l + 1, r).max(get(&lengths, l, r + 1))
            };
            if let Some(slot) = lengths.get_mut(l * width + r) {
                *slot = length;
            }
        }
    }
    let mut pairs = Vec::new();
    let (mut l, mut r) = (0, 0);
    while let (Some(one), Some(other)) = (left.get(l), right.get(r)) {
        if one == other {
            pairs.push((l, r));
            (l, r) = (l + 1, r + 1);
        } else if get(&lengths, l + 1, r) >= get(&lengths, l, r + 1) {
            l += 1;
        } else {
            r += 1;
        }
    }
    pairs
}

/// Wider than this, both columns together, the sides are written below each other.
const MAX_WIDTH: usize = 130;

/// Writes rows under their heads. Rows whose sides differ are marked.
pub(super) fn write(f: &mut fmt::Formatter<'_>, heads: &[[&str; 2]], rows: &[Row]) -> fmt::Result {
    let shown = rows.get(..MOST).unwrap_or(rows);
    let lefts = heads.iter().map(|[left, _]| *left).chain(shown.iter().filter_map(|row| row.left.as_deref()));
    let rights = heads.iter().map(|[_, right]| *right).chain(shown.iter().filter_map(|row| row.right.as_deref()));
    let width = lefts.map(|left| left.chars().count()).max().unwrap_or_default();
    let right_width = rights.map(|right| right.chars().count()).max().unwrap_or_default();
    if width + right_width > MAX_WIDTH {
        below(f, heads.iter().map(|[left, _]| *left), shown, |row| (&row.left, &row.right))?;
        return below(f, heads.iter().map(|[_, right]| *right), shown, |row| (&row.right, &row.left));
    }
    for [left, right] in heads {
        line(f, " ", left, right, width)?;
    }
    write!(f, "\n  ──{}─┼─{}", "─".repeat(width), "─".repeat(right_width))?;
    for row in shown {
        let mark = if row.left == row.right { " " } else { ">" };
        line(f, mark, row.left.as_deref().unwrap_or_default(), row.right.as_deref().unwrap_or_default(), width)?;
    }
    match rows.len() - shown.len() {
        0 => Ok(()),
        more => write!(f, "\n    and {more} lines more"),
    }
}

/// Writes one side: its heads, and its rows.
fn below<'a>(
    f: &mut fmt::Formatter<'_>,
    heads: impl Iterator<Item = &'a str>,
    rows: &[Row],
    side: impl Fn(&Row) -> (&Option<String>, &Option<String>),
) -> fmt::Result {
    write!(f, "\n    {}:", heads.collect::<Vec<_>>().join(" "))?;
    for (own, other) in rows.iter().map(side) {
        let Some(own_line) = own else { continue };
        write!(f, "\n    {} {own_line}", if own == other { " " } else { ">" })?;
    }
    Ok(())
}

fn line(f: &mut fmt::Formatter<'_>, mark: &str, left: &str, right: &str, width: usize) -> fmt::Result {
    let space = width - left.chars().count().min(width);
    let line = format!("  {mark} {left}{} │ {right}", " ".repeat(space));
    write!(f, "\n{}", line.trim_end())
}
