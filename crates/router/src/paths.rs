//! The tree of path segments in one host.

use holm_manifest::{Route, normal_segment};
use std::collections::HashMap;

/// What the paths below some prefix lead to.
#[derive(Debug)]
pub(crate) struct Paths<T> {
    children: HashMap<Box<str>, Paths<T>>,
    here: Option<T>,
}

impl<T> Default for Paths<T> {
    fn default() -> Self {
        Paths { children: HashMap::new(), here: None }
    }
}

impl<T> Paths<T> {
    /// Where the path of `route` leads.
    pub(crate) fn place(&mut self, route: &Route) -> &mut Option<T> {
        let mut paths = self;
        for segment in route.segments() {
            paths = paths.children.entry(segment.into()).or_default();
        }
        &mut paths.here
    }

    /// Where the longest prefix of `path` leads, and that prefix. A path without a slash in front, such as the `*` of
    /// OPTIONS, is below the root alone.
    pub(crate) fn find<'p>(&self, path: &'p str) -> Option<(&T, &'p str)> {
        let mut paths = self;
        let mut best = self.here.as_ref().map(|value| (value, ""));
        let mut at = 0;
        // Most hosts have one route, at the root.
        while !paths.children.is_empty() && path[at..].starts_with('/') {
            let rest = &path[at + 1..];
            let segment = &rest[..rest.find('/').unwrap_or(rest.len())];
            let Some(next) = paths.children.get(normal_segment(segment).as_ref()) else {
                break;
            };
            paths = next;
            at += 1 + segment.len();
            best = paths.here.as_ref().map(|value| (value, &path[..at])).or(best);
        }
        best
    }
}
