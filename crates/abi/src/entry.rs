//! What a host can do with a loaded guest.

use std::sync::Arc;

use async_trait::async_trait;
use holm_engine::{Result, Usage};

use crate::{HttpHandler, Input, Outbound, Output, Stdio, Type, Value};

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
    /// Runs the guest. Must be called within a tokio runtime; who drops the run ends the guest.
    ///
    /// Returns the guest's own exit code: 0 to 255 for most systems, though a guest may give any.
    ///
    /// # Errors
    /// A trap or a limit.
    async fn run(&self, run: &Run) -> Result<i32>;
}

/// What belongs to one run of a program.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The arguments, the first of which is the program's name.
    pub args: Vec<String>,
    /// Environment variables beside the granted ones. Where both name the same, the granted one is kept.
    pub env: Vec<(String, String)>,
    /// Standard input; `None` is what the guest's [`crate::Host`] says, as it is for the other streams.
    pub stdin: Option<Input>,
    /// Standard output.
    pub stdout: Option<Output>,
    /// Standard error.
    pub stderr: Option<Output>,
    /// Counts what the guest uses, as it does. Its limit on CPU time is one on what is counted here.
    pub usage: Arc<Usage>,
    /// What the host has to do with the HTTP requests that the guest makes.
    pub outbound: Option<Arc<dyn Outbound>>,
}

impl Run {
    /// A run with these arguments and the host's streams.
    pub fn new(args: impl Into<Vec<String>>) -> Self {
        Self { args: args.into(), ..Self::default() }
    }

    /// The streams of this run under a host with those of `host`.
    pub fn stdio(&self, host: &Stdio) -> Stdio {
        Stdio {
            stdin: self.stdin.as_ref().unwrap_or(&host.stdin).clone(),
            stdout: self.stdout.as_ref().unwrap_or(&host.stdout).clone(),
            stderr: self.stderr.as_ref().unwrap_or(&host.stderr).clone(),
        }
    }
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
