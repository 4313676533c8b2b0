//! Which app answers a request: hosts and paths, the most particular first.
//!
//! A [`Router`] is built once from every [`Route`] and what it leads to, and never changes; to change routes, build
//! another. It is a tree of host labels, beginning with the last, and in each host a tree of path segments, so
//! looking up takes time by the lengths of the request's host and path, however many routes there are.
#![forbid(unsafe_code)]

mod conflict;
mod host;
mod hosts;
mod paths;

pub use conflict::Conflict;

use holm_manifest::Route;
use hosts::Hosts;
use std::sync::Arc;

/// Leads requests to values of `T`. Clones share one tree.
#[derive(Debug)]
pub struct Router<T> {
    hosts: Arc<Hosts<T>>,
}

impl<T> Clone for Router<T> {
    fn clone(&self) -> Self {
        Router { hosts: Arc::clone(&self.hosts) }
    }
}

/// Leads nowhere.
impl<T> Default for Router<T> {
    fn default() -> Self {
        Router { hosts: Arc::new(Hosts::default()) }
    }
}

impl<T> Router<T> {
    /// Leads every route to the value beside it.
    ///
    /// # Errors
    /// Every route that is given to two different values, with both. The same route to the same value twice is fine.
    pub fn build(routes: impl IntoIterator<Item = (Route, T)>) -> Result<Self, Vec<Conflict<T>>>
    where
        T: PartialEq + Clone,
    {
        let mut hosts = Hosts::<T>::default();
        let mut conflicts = Vec::new();
        for (route, value) in routes {
            let place = hosts.paths(route.host()).place(&route);
            match place {
                Some(first) if *first == value => {}
                Some(first) => conflicts.push(Conflict { route, first: first.clone(), second: value }),
                None => *place = Some(value),
            }
        }
        if conflicts.is_empty() { Ok(Router { hosts: Arc::new(hosts) }) } else { Err(conflicts) }
    }

    /// Leads every route to the value beside it; one that is given to several values, to the first.
    pub fn of_first(routes: impl IntoIterator<Item = (Route, T)>) -> Self {
        let mut hosts = Hosts::<T>::default();
        for (route, value) in routes {
            hosts.paths(route.host()).place(&route).get_or_insert(value);
        }
        Router { hosts: Arc::new(hosts) }
    }

    /// What a request leads to, and the part of `path` that its route stands for: `""` for a route without a path,
    /// else it begins with a slash and ends before one, or at the end of the path. What follows it in `path` is then
    /// the guest's own (CGI's `SCRIPT_NAME` and `PATH_INFO`, RFC 3875, section 4.1).
    ///
    /// Of all routes that cover the request, the one with the most particular host is taken: the host itself, then the
    /// longest wildcard, then no host; of those with the same host, the one with the longest path. Where routes have names
    /// in the place of segments, as Spin's have, it is the one whose first segment is a text, then a name, then neither;
    /// of those alike in this, the same of the second, and so on. An exact route stands for the whole path.
    ///
    /// `host` is the `Host` header or `:authority` as received: a port and a dot at the end make no difference, nor
    /// does case. Empty, or no host at all, it is covered by routes without a host only; to refuse such a request is for the
    /// caller (RFC 9112, section 3.2). `path` is the request's target in origin form; what follows `?` does not count.
    /// It is not resolved: `..` is a segment like any other, and no route has one.
    ///
    /// Allocates only where the path has a `%`.
    pub fn find<'p>(&self, host: &str, path: &'p str) -> Option<(&T, &'p str)> {
        let path = &path[..path.find(['?', '#']).unwrap_or(path.len())];
        let mut buffer = host::Buffer::default();
        self.hosts.find(host::normal(host, &mut buffer), path)
    }
}
