//! Routes as Spin writes them, whose segments may have names.
//!
//! What Spin does is read from its sources: `crates/routes` of github.com/spinframework/spin, and the crate `routefinder`
//! that it matches with.

use super::path;

/// What `spin.toml` says of a route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Pattern {
    /// As it is written there.
    pub(super) raw: String,
    /// What stands before it in every route of the app: nothing, or a path without a slash at its end.
    pub(super) base: String,
    /// Whether nothing below is covered.
    pub(super) exact: bool,
}

/// One segment of a route's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment<'r> {
    /// This text, in the spelling of [`normal_segment`](crate::normal_segment).
    Exact(&'r str),
    /// Any text, which has this name.
    Named(&'r str),
    /// Names and texts with dots between them, as in `:name.json` or `v:major.:minor`.
    Mixed(&'r str),
}

impl<'r> Segment<'r> {
    /// A segment of a pattern: a name begins with a colon, at the beginning of the segment or behind a dot.
    pub(super) fn of_pattern(text: &'r str) -> Self {
        match text.strip_prefix(':') {
            Some(name) if !name.contains('.') => Segment::Named(name),
            None if !text.contains(".:") => Segment::Exact(text),
            _ => Segment::Mixed(text),
        }
    }

    /// Whether it covers this segment of a request's path, as it was received.
    pub fn covers(&self, asked: &str) -> bool {
        match self {
            Segment::Exact(text) => path::normal_segment(asked) == *text,
            Segment::Named(_) => true,
            Segment::Mixed(pattern) => parts(pattern, asked, |_, _| {}).is_some(),
        }
    }

    /// Hands out each name, and the text that stands for it in a segment that is covered.
    pub fn named<'p>(&self, asked: &'p str, mut take: impl FnMut(&'r str, &'p str)) {
        match self {
            Segment::Exact(_) => {}
            Segment::Named(name) => take(name, asked),
            Segment::Mixed(pattern) => _ = parts(pattern, asked, take),
        }
    }
}

/// Takes `asked` apart by the pattern of a mixed segment: a name stands for all up to the next dot, the last for the rest.
fn parts<'r, 'p>(pattern: &'r str, asked: &'p str, mut take: impl FnMut(&'r str, &'p str)) -> Option<()> {
    let mut left = Some(asked);
    let mut pieces = pattern.split('.').peekable();
    while let Some(piece) = pieces.next() {
        let rest = left?;
        let Some(name) = piece.strip_prefix(':') else {
            let after = rest.strip_prefix(piece)?;
            left = match pieces.peek() {
                Some(_) => Some(after.strip_prefix('.')?),
                None => after.is_empty().then_some(after),
            };
            left?;
            continue;
        };
        if pieces.peek().is_none() {
            take(name, rest);
            return (!rest.is_empty()).then_some(());
        }
        let (value, after) = rest.split_once('.')?;
        take(name, value);
        left = Some(after);
    }
    Some(())
}

/// Reads a route of `spin.toml`, and the path that it is kept with. The error is the reason alone.
pub(super) fn parse(base: &str, raw: &str) -> Result<(Pattern, String), String> {
    let base = path(base)?;
    let rest = raw.strip_prefix('/').unwrap_or(raw);
    let below = ["...", "*"].into_iter().find_map(|end| rest.strip_suffix(end));
    let below = below.filter(|before| before.is_empty() || before.ends_with('/'));
    let own = path(below.unwrap_or(rest))?;
    let whole = format!("{base}{own}");
    path::check_size(&whole)?;
    let pattern = Pattern { raw: raw.to_owned(), base, exact: below.is_none() };
    Ok((pattern, if whole.is_empty() { "/".into() } else { whole }))
}

/// `text` with a slash before every segment and none at the end.
fn path(text: &str) -> Result<String, String> {
    let inner = text.trim_matches('/');
    let mut path = String::with_capacity(text.len() + 1);
    if inner.is_empty() {
        return Ok(path);
    }
    for segment in inner.split('/') {
        path.push('/');
        match segment {
            "..." | "*" => return Err(format!("`{segment}` stands at the end of a route, and nowhere else")),
            _ => push(segment, &mut path)?,
        }
    }
    Ok(path)
}

fn push(segment: &str, path: &mut String) -> Result<(), String> {
    if let Segment::Exact(text) = Segment::of_pattern(segment) {
        if text.starts_with('*') {
            return Err("`*` stands alone, for all that is below".into());
        }
        path.push_str(&path::segment(text)?);
        return Ok(());
    }
    for piece in segment.split('.') {
        let name = piece.strip_prefix(':').unwrap_or(piece);
        if piece.starts_with(':') && name.is_empty() {
            return Err("behind `:` stands the name of a segment, as in /users/:id".into());
        }
        if let Some(other) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !"-_".contains(*c)) {
            let other = other.escape_debug();
            return Err(format!("a name, and what stands beside it, has letters, digits, `-` and `_`, not `{other}`"));
        }
    }
    path.push_str(segment);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(pattern: &str, asked: &str) -> Option<Vec<(String, String)>> {
        let segment = Segment::of_pattern(pattern);
        let mut taken = Vec::new();
        segment.covers(asked).then(|| segment.named(asked, |name, value| taken.push((name.into(), value.into()))))?;
        Some(taken)
    }

    #[test]
    fn a_name_stands_for_a_segment_or_for_what_is_between_dots() {
        for (pattern, asked, expected) in [
            (":id", "7", Some(&[("id", "7")][..])),
            (":id", "a.b", Some(&[("id", "a.b")])),
            (":id", "", Some(&[("id", "")])),
            (":name.json", "a.json", Some(&[("name", "a")])),
            (":name.json", "a.b.json", None),
            (":name.json", "a.txt", None),
            (":name.json", "a", None),
            (":name.:kind", "a.b", Some(&[("name", "a"), ("kind", "b")])),
            (":name.:kind", "a.b.c", Some(&[("name", "a"), ("kind", "b.c")])),
            (":name.:kind", "a.", None),
            ("v1.:minor", "v1.2", Some(&[("minor", "2")])),
            ("v1.:minor", "v2.2", None),
            ("v1", "%761", Some(&[])),
            ("v1", "v2", None),
            ("a:b", "a:b", Some(&[])),
        ] {
            let expected = expected.map(|pairs| pairs.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect());
            assert_eq!(taken(pattern, asked), expected, "{pattern} {asked}");
        }
    }
}
