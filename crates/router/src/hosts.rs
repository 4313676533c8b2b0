//! The tree of host labels.

use crate::paths::Paths;
use holm_manifest::HostPattern;
use std::collections::HashMap;

/// The routes of every host, and those without one.
#[derive(Debug)]
pub(crate) struct Hosts<T> {
    named: Labels<T>,
    any: Paths<T>,
}

impl<T> Default for Hosts<T> {
    fn default() -> Self {
        Hosts { named: Labels::default(), any: Paths::default() }
    }
}

/// The hosts whose names end in the labels that lead here. The maps are keyed at random, so that nobody can choose
/// labels that fall together.
#[derive(Debug)]
struct Labels<T> {
    children: HashMap<Box<str>, Labels<T>>,
    /// Routes of exactly this name.
    exact: Option<Box<Paths<T>>>,
    /// Routes of every name below it.
    below: Option<Box<Paths<T>>>,
}

impl<T> Default for Labels<T> {
    fn default() -> Self {
        Labels { children: HashMap::new(), exact: None, below: None }
    }
}

impl<T> Hosts<T> {
    /// The routes of `host`, to add to.
    pub(crate) fn paths(&mut self, host: Option<&HostPattern>) -> &mut Paths<T> {
        let Some(host) = host else {
            return &mut self.any;
        };
        let mut labels = &mut self.named;
        for label in host.name().rsplit('.') {
            labels = labels.children.entry(label.into()).or_default();
        }
        let paths = if host.is_wildcard() { &mut labels.below } else { &mut labels.exact };
        paths.get_or_insert_default()
    }

    /// `host` in its one spelling, and empty when there is none.
    pub(crate) fn find<'p>(&self, host: &str, path: &'p str) -> Option<(&T, &'p str)> {
        let named = || self.named.find(Some(host), path);
        let named = if host.is_empty() { None } else { named() };
        named.or_else(|| self.any.find(path))
    }
}

impl<T> Labels<T> {
    /// `rest` is what stands before the labels that lead here. Goes no deeper than there are labels in some route.
    fn find<'p>(&self, rest: Option<&str>, path: &'p str) -> Option<(&T, &'p str)> {
        let Some(rest) = rest else {
            return self.exact.as_ref()?.find(path);
        };
        let (before, label) = match rest.rsplit_once('.') {
            Some((before, label)) => (Some(before), label),
            None => (None, rest),
        };
        let deeper = self.children.get(label).and_then(|labels| labels.find(before, path));
        deeper.or_else(|| self.below.as_ref()?.find(path))
    }
}
