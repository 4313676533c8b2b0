//! Two owners of one route.

use holm_manifest::Route;
use std::error::Error;
use std::fmt;

/// A route that was given to two values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict<T> {
    /// The route.
    pub route: Route,
    /// Who had it.
    pub first: T,
    /// Who wanted it as well.
    pub second: T,
}

impl<T: fmt::Display> fmt::Display for Conflict<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Conflict { route, first, second } = self;
        write!(f, "the route `{route}` is {first}'s and {second}'s; each route leads to one guest")
    }
}

impl<T: fmt::Debug + fmt::Display> Error for Conflict<T> {}
