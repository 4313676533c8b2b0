//! The tree of path segments in one host.

use holm_manifest::{Route, Segment, normal_segment};
use std::collections::HashMap;

/// What the paths below some prefix lead to. Most have nothing below them, so a small thing: there may be many.
#[derive(Debug)]
pub(crate) struct Paths<T> {
    /// The path itself, and all that is below.
    here: Option<T>,
    more: Option<Box<More<T>>>,
}

/// What is more particular.
#[derive(Debug)]
struct More<T> {
    children: HashMap<Box<str>, Paths<T>>,
    /// On the root of a tree: whether one of its routes is Spin's. Others have none of what follows.
    spin: bool,
    /// The path itself, and nothing below.
    exact: Option<T>,
    /// Names with something beside them, the most particular first.
    mixed: Vec<(Box<str>, Paths<T>)>,
    /// Any segment.
    named: Option<Paths<T>>,
}

impl<T> Default for Paths<T> {
    fn default() -> Self {
        Paths { here: None, more: None }
    }
}

impl<T> Default for More<T> {
    fn default() -> Self {
        More { children: HashMap::new(), spin: false, exact: None, mixed: Vec::new(), named: None }
    }
}

/// A value, and the part of the path that its route stands for.
type Found<'t, 'p, T> = Option<(&'t T, &'p str)>;

impl<T> Paths<T> {
    /// Where the path of `route` leads.
    pub(crate) fn place(&mut self, route: &Route) -> &mut Option<T> {
        if route.as_spin().is_some() {
            self.more.get_or_insert_default().spin = true;
        }
        let mut paths = self;
        for segment in route.segments() {
            let more = paths.more.get_or_insert_default();
            paths = match segment {
                Segment::Exact(text) => more.children.entry(text.into()).or_default(),
                Segment::Named(_) => more.named.get_or_insert_default(),
                Segment::Mixed(text) => more.mixed(text),
            };
        }
        if route.is_exact() { &mut paths.more.get_or_insert_default().exact } else { &mut paths.here }
    }

    /// Where the longest prefix of `path` leads, and that prefix. A path without a slash in front, such as the `*` of
    /// OPTIONS, is below the root alone.
    #[inline]
    pub(crate) fn find<'p>(&self, path: &'p str) -> Found<'_, 'p, T> {
        if self.more.as_ref().is_some_and(|more| more.spin) {
            // Spin takes slashes at the beginning for one.
            let slashes = path.len() - path.trim_start_matches('/').len();
            return self.find_pattern(path, slashes.saturating_sub(1));
        }
        self.find_plain(path)
    }

    #[inline]
    fn find_plain<'p>(&self, path: &'p str) -> Found<'_, 'p, T> {
        let mut paths = self;
        let mut best = self.here.as_ref().map(|value| (value, ""));
        let mut at = 0;
        // Most hosts have one route, at the root.
        while let Some(more) = &paths.more
            && path[at..].starts_with('/')
        {
            let (segment, next) = first_segment(path, at);
            let Some(child) = more.children.get(normal_segment(segment).as_ref()) else {
                break;
            };
            (paths, at) = (child, next);
            best = paths.here.as_ref().map(|value| (value, &path[..at])).or(best);
        }
        best
    }

    /// As Spin chooses, from the first segment on: a text goes before a name, and a name before `...`. Goes no deeper than
    /// there are segments in some route, and nowhere twice.
    fn find_pattern<'p>(&self, path: &'p str, at: usize) -> Found<'_, 'p, T> {
        let below = || self.here.as_ref().map(|value| (value, &path[..at]));
        let Some(more) = &self.more else {
            return below();
        };
        if path[at..].bytes().all(|byte| byte == b'/') {
            return more.exact.as_ref().map(|value| (value, path)).or_else(below);
        }
        if !path[at..].starts_with('/') {
            return below();
        }
        let (segment, next) = first_segment(path, at);
        let texts = || more.children.get(normal_segment(segment).as_ref())?.find_pattern(path, next);
        texts().or_else(|| more.find_named(segment, path, next)).or_else(below)
    }
}

impl<T> More<T> {
    fn mixed(&mut self, text: &str) -> &mut Paths<T> {
        // Names that differ do not make places differ.
        let shape = shape(text);
        let at = match self.mixed.iter().position(|(has, _)| self::shape(has) == shape) {
            Some(at) => at,
            None => {
                let before = |has: &str| self::shape(has) <= shape;
                let at = self.mixed.iter().take_while(|(has, _)| before(has)).count();
                self.mixed.insert(at, (text.into(), Paths::default()));
                at
            }
        };
        &mut self.mixed[at].1
    }

    fn find_named<'p>(&self, segment: &str, path: &'p str, next: usize) -> Found<'_, 'p, T> {
        let covering = self.mixed.iter().filter(|(text, _)| Segment::Mixed(text).covers(segment));
        let mixed = || covering.into_iter().find_map(|(_, paths)| paths.find_pattern(path, next));
        mixed().or_else(|| self.named.as_ref()?.find_pattern(path, next))
    }
}

/// A mixed segment without its names, in an order that has the more particular first: texts before names, and more pieces
/// before fewer.
fn shape(text: &str) -> Vec<(u8, &str)> {
    let pieces = text.split('.').map(|piece| if piece.starts_with(':') { (1, "") } else { (0, piece) });
    pieces.chain([(2, "")]).collect()
}

/// The segment behind the slash at `at`, and where it ends.
#[inline]
fn first_segment(path: &str, at: usize) -> (&str, usize) {
    let rest = &path[at + 1..];
    let segment = &rest[..rest.find('/').unwrap_or(rest.len())];
    (segment, at + 1 + segment.len())
}
