//! Two versions of a definition beside each other.

use anstyle::{AnsiColor, Style};

const OLD: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();
/// Characters of the left column, at most.
const WIDEST: usize = 56;
/// Lines beyond which what is the same is not looked for.
const MANY: usize = 500;

/// Lines of both columns, what is the same in one line. Indented, and with a mark where they differ.
pub(super) fn side_by_side(old: &[String], new: &[String]) -> String {
    let pairs = match (old.len(), new.len()) {
        (1, 1) => vec![(old.first(), new.first())],
        (a, b) if a > MANY || b > MANY => {
            old.iter().map(|line| (Some(line), None)).chain(new.iter().map(|line| (None, Some(line)))).collect()
        }
        _ => aligned(old, new),
    };
    let width = pairs.iter().filter_map(|(old, _)| Some(old.as_ref()?.chars().count())).max().unwrap_or(0);
    let stacked = width > WIDEST || old.is_empty();
    let mut text = String::new();
    for (old, new) in pairs {
        let [left, right] = [old, new].map(|line| line.map(|line| crate::output::printable(line)).unwrap_or_default());
        let same = old == new;
        let line = match (same, stacked) {
            (true, true) => format!("      {left}\n"),
            (true, false) => format!("      {left:width$}     {right}\n"),
            (false, true) => {
                let old = old.map(|_| format!("    {OLD}- {left}{OLD:#}\n")).unwrap_or_default();
                let new = new.map(|_| format!("    {NEW}+ {right}{NEW:#}\n")).unwrap_or_default();
                format!("{old}{new}")
            }
            (false, false) => {
                let left = match old {
                    Some(_) => format!("{OLD}- {left:width$}{OLD:#}"),
                    None => format!("  {left:width$}"),
                };
                match new {
                    Some(_) => format!("    {left}   {NEW}+ {right}{NEW:#}\n"),
                    // Without what would only fill the line up.
                    None => format!(
                        "    {OLD}- {}{OLD:#}\n",
                        old.map(|old| crate::output::printable(old)).unwrap_or_default()
                    ),
                }
            }
        };
        text.extend(line.lines().flat_map(|line| [line.trim_end(), "\n"]));
    }
    text
}

type Pair<'l> = (Option<&'l String>, Option<&'l String>);

/// The longest common lines beside each other, and what stands between them beside what took its place.
fn aligned<'l>(old: &'l [String], new: &'l [String]) -> Vec<Pair<'l>> {
    // Of each pair of ends, how many lines the rest has in common.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for (i, left) in old.iter().enumerate().rev() {
        for (j, right) in new.iter().enumerate().rev() {
            common[i][j] = match left == right {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    while i < old.len() || j < new.len() {
        match (old.get(i), new.get(j)) {
            (Some(left), Some(right)) if left == right => {
                beside(&mut pairs, &mut gone, &mut come);
                pairs.push((Some(left), Some(right)));
                (i, j) = (i + 1, j + 1);
            }
            (Some(left), right) if right.is_none() || common[i + 1][j] >= common[i][j + 1] => {
                gone.push(left);
                i += 1;
            }
            (_, right) => {
                come.extend(right);
                j += 1;
            }
        }
    }
    beside(&mut pairs, &mut gone, &mut come);
    pairs
}

fn beside<'l>(pairs: &mut Vec<Pair<'l>>, gone: &mut Vec<&'l String>, come: &mut Vec<&'l String>) {
    let lines = gone.len().max(come.len());
    pairs.extend((0..lines).map(|at| (gone.get(at).copied(), come.get(at).copied())));
    gone.clear();
    come.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(old: &[&str], new: &[&str]) -> String {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        anstream::adapter::strip_str(&side_by_side(&lines(old), &lines(new))).to_string()
    }

    #[test]
    fn what_is_the_same_stands_in_one_line() {
        let shown = plain(
            &["record r {", "  a: u8,", "  b: u8,", "}"],
            &["record r {", "  a: u8,", "  c: u8,", "  d: u8,", "}"],
        );
        let expected = "      record r {     record r {
        a: u8,         a: u8,
    -   b: u8,     +   c: u8,
                   +   d: u8,
      }              }
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_wide_stands_one_below_the_other() {
        let long = "x".repeat(60);
        assert_eq!(plain(&[&long], &["y"]), format!("    - {long}\n    + y\n"));
    }

    #[test]
    fn one_side_may_be_empty() {
        assert_eq!(plain(&[], &["func()"]), "    + func()\n");
        assert_eq!(plain(&["func()"], &[]), "    - func()\n");
    }
}
