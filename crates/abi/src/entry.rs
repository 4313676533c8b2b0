//! What a host can do with a loaded guest.

use std::sync::Arc;

use async_trait::async_trait;
use holm_engine::Result;

use crate::{HttpHandler, Type, Value};

/// One way into a guest.
#[derive(Clone)]
pub enum Entry {
    /// Run it to completion.
    Command(Arc<dyn Command>),
    /// Call its functions.
    Functions(Arc<dyn Functions>),
    /// Hand it HTTP requests.
    Http(Arc<dyn HttpHandler>),
}

/// A guest that runs to completion.
///
/// Every run is a fresh instance.
#[async_trait]
pub trait Command: Send + Sync {
    /// Runs the guest with these arguments, the first of which is the program's name.
    ///
    /// Returns the guest's own exit code: 0 to 255 for most systems, though a guest may give any.
    ///
    /// # Errors
    /// A trap or a limit.
    async fn run(&self, args: &[String]) -> Result<i32>;
}

/// A guest whose exported functions can be called by name.
#[async_trait]
pub trait Functions: Send + Sync {
    /// What can be called, in the order of the guest's exports.
    fn list(&self) -> &[Function];

    /// Calls one function on a fresh instance. `args` are of the types that [`Functions::list`] gives.
    ///
    /// # Errors
    /// [`holm_engine::Kind::Usage`] for a function that is not in the list, a trap, or a limit.
    async fn call(&self, name: &str, args: &[Value]) -> Result<Vec<Value>>;
}

/// One function of a guest.
#[derive(Clone, Debug)]
pub struct Function {
    /// The name to call it by. Functions of an interface are called `INTERFACE#FUNCTION`.
    pub name: String,
    /// Names and types of the parameters; a core module's have the names `a`, `b`, …
    pub params: Vec<(String, Type)>,
    /// Types of the results.
    pub results: Vec<Type>,
    /// Why it cannot be called from outside, if it cannot: it takes a resource, say.
    pub refused: Option<String>,
    /// The signature in the words of the guest's own world, for people.
    pub signature: String,
}
