//! One call of a plugin.

use std::any::Any;
use std::sync::Arc;

use holm_abi::{Caller, Datum, Function, Instance, Invocation, Value, WasmTypeKind, WasmValue as _};
use holm_engine::Usage;

use crate::convert::{Args, Results, datum_of};
use crate::host::Info;
use crate::plugin::Plugin;
use crate::{Error, Kind, Report, Result};

/// A call that is to be made: [`Plugin::invoke`].
#[must_use = "nothing is called before `run` or `run_async`"]
pub struct Invoke<'a> {
    plugin: &'a Plugin,
    function: &'a str,
    with: Option<Arc<dyn Any + Send + Sync>>,
}

/// What a call returned, and what it used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Called<R> {
    /// What it returned.
    pub value: R,
    /// What it used.
    pub report: Report,
}

/// A call that has ended.
#[derive(Debug)]
pub struct Record<'a> {
    /// The plugin's name.
    pub plugin: &'a str,
    /// The function's name.
    pub function: &'a str,
    /// What it used.
    pub report: Report,
    /// Why it failed, if it did.
    pub error: Option<&'a Error>,
}

/// Told of every call.
pub(crate) type OnCall = Arc<dyn Fn(&Record<'_>) + Send + Sync>;

impl<'a> Invoke<'a> {
    pub(crate) fn new(plugin: &'a Plugin, function: &'a str) -> Self {
        Self { plugin, function, with: None }
    }

    /// Gives something along that functions of the host can ask for while the call goes on ([`crate::Call::with`]): whose
    /// request it serves, say.
    pub fn with<T: Any + Send + Sync>(self, what: T) -> Self {
        Self { with: Some(Arc::new(what)), ..self }
    }

    /// Makes the call, and waits for it.
    ///
    /// # Errors
    /// As [`Plugin::call`].
    pub fn run<R: Results>(self, args: impl Args) -> Result<Called<R>> {
        let runtime = Arc::clone(&self.plugin.runtime().0);
        runtime.block_on(self.call(args))
    }

    /// Makes the call. Dropping the future cancels it.
    ///
    /// # Errors
    /// As [`Plugin::call`].
    pub async fn run_async<R: Results>(self, args: impl Args) -> Result<Called<R>> {
        let runtime = Arc::clone(&self.plugin.runtime().0);
        runtime.within(self.call(args)).await
    }

    async fn call<R: Results>(self, args: impl Args) -> Result<Called<R>> {
        let (results, report) = self.plugin.pooled(self.function, args, self.with).await?;
        let value = results_as(results, self.function).map_err(|error| self.plugin.about(error))?;
        Ok(Called { value, report })
    }
}

/// Calls one function of an instance, and tells what it used.
pub(crate) async fn call(
    instance: &mut dyn Instance,
    function: usize,
    args: Vec<Datum>,
    info: Arc<Info>,
) -> (Result<Vec<Datum>>, Report) {
    let usage = Arc::<Usage>::default();
    let caller = Caller { usage: Arc::clone(&usage), with: Some(info) };
    let called = instance.call(Invocation { function, args, caller }).await;
    (called, Report::of(&usage))
}

/// The arguments as the function takes them.
pub(crate) fn arguments(function: &Function, args: impl Args) -> Result<Vec<Datum>> {
    let unfit = |why| Error::new(Kind::Usage, format!("`{}` cannot be called like this: {why}", function.name));
    args.give(function).map_err(unfit)
}

/// The results as the caller wants them. Of a result, whoever does not want it whole gets the value, or the guest's error
/// as the call's.
pub(crate) fn results_as<R: Results>(results: Vec<Datum>, function: &str) -> Result<R> {
    let unfit = |why| Error::new(Kind::Usage, format!("`{function}` returned {why}"));
    let Some(result) = result(&results).cloned() else { return R::take(results).map_err(unfit) };
    if let Ok(whole) = R::take(results) {
        return Ok(whole);
    }
    match result.unwrap_result() {
        Ok(value) => R::take(value.map(|value| datum_of(value.into_owned())).into_iter().collect()).map_err(unfit),
        Err(error) => Err(Error::new(Kind::Failed, failure(error.as_deref()))),
    }
}

fn result(results: &[Datum]) -> Option<&Value> {
    match results {
        [Datum::Value(value)] if value.kind() == WasmTypeKind::Result => Some(value),
        _ => None,
    }
}

fn failure(error: Option<&Value>) -> String {
    error.map_or_else(|| "it failed, and does not say why".to_owned(), holm_abi::print)
}
