//! What a host can do with a loaded guest.

use std::sync::Arc;

use async_trait::async_trait;
use holm_engine::{Error, Kind, Result, Usage};

use crate::{Caller, Datum, Events, HttpFilter, HttpHandler, Input, Outbound, Output, Stdio, Type, Value};

/// One way into a guest.
#[derive(Clone)]
pub enum Entry {
    /// Run it to completion.
    Command(Arc<dyn Command>),
    /// Call its functions.
    Functions(Arc<dyn Functions>),
    /// Hand it HTTP requests.
    Http(Arc<dyn HttpHandler>),
    /// Tell it of events.
    Events(Arc<dyn Events>),
    /// Have it stand between HTTP requests and what answers them.
    HttpFilter(Arc<dyn HttpFilter>),
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

    /// A fresh instance, for any number of calls one after the other.
    ///
    /// # Errors
    /// It failed while it started, or reached a limit.
    async fn open(&self) -> Result<Box<dyn Instance>>;

    /// Calls the function at this place in the list on a fresh instance.
    ///
    /// # Errors
    /// As [`Instance::call`].
    async fn call_on_fresh(&self, function: usize, args: Vec<Datum>) -> Result<Vec<Datum>> {
        self.open().await?.call(Invocation { function, args, caller: Caller::default() }).await
    }

    /// Calls one function on a fresh instance. `args` are of the types that [`Functions::list`] gives.
    ///
    /// # Errors
    /// As [`Instance::call`].
    async fn call(&self, name: &str, args: &[Value]) -> Result<Vec<Value>> {
        let at = self.list().iter().position(|function| function.name == name).ok_or_else(|| no_function(name))?;
        let types = self.list()[at].params.iter();
        let args = args.iter().zip(types).map(|(arg, (_, ty))| Datum::from_value(arg.clone(), ty)).collect();
        let results = self.call_on_fresh(at, args).await?;
        let values = results.into_iter().map(Datum::into_value).collect::<std::result::Result<_, _>>();
        values.map_err(|error| Error::new(Kind::Internal, format!("a result has no text form: {error}")))
    }
}

/// The error of a function that is not there.
pub fn no_function(name: &str) -> Error {
    Error::new(Kind::Usage, format!("there is no function `{name}`"))
}

/// An instance that is kept between calls: what one leaves behind, the next finds.
#[async_trait]
pub trait Instance: Send {
    /// Calls one function, under the limits of the guest's [`crate::Host`], those on time and fuel for this call alone.
    ///
    /// An instance that failed, or whose call was not waited for, is in whatever state it was in: it must not be called
    /// again.
    ///
    /// # Errors
    /// [`holm_engine::Kind::Usage`] for a function that is not in the list or arguments of other types, before the guest is
    /// touched; a trap, or a limit.
    async fn call(&mut self, invocation: Invocation) -> Result<Vec<Datum>>;
}

/// One call of a function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Its place in [`Functions::list`].
    pub function: usize,
    /// What it is given.
    pub args: Vec<Datum>,
    /// Who calls: what the functions that the host lends are told, and where usage is counted.
    pub caller: Caller,
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
    /// Its only argument and its result are bytes whose meaning the two sides know; there may be no argument, which is the
    /// same as none of them.
    pub raw: bool,
}
