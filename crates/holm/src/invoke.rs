//! One call of a plugin.

use std::any::Any;
use std::pin::pin;
use std::sync::Arc;

use holm_abi::{Caller, Datum, Function, Instance, Invocation, Value, WasmTypeKind, WasmValue as _};
use holm_engine::Usage;

use crate::convert::{Args, Results, datum_of};
use crate::host::Info;
use crate::plugin::Plugin;
use crate::session::Session;
use crate::{Cancel, Error, Kind, Report, Result, Runtime};

/// A call that is to be made: [`Plugin::invoke`], [`Session::invoke`].
#[must_use = "nothing is called before `run` or `run_async`"]
pub struct Invoke<'a> {
    on: On<'a>,
    function: &'a str,
    around: Around,
    report: Option<&'a mut Report>,
}

/// Whose instance a call is made on.
enum On<'a> {
    Plugin(&'a Plugin),
    Session(&'a mut Session),
}

/// What belongs to a call beside its arguments.
#[derive(Default)]
pub(crate) struct Around {
    pub(crate) with: Option<Arc<dyn Any + Send + Sync>>,
    cancel: Option<Cancel>,
}

impl Around {
    /// `work`, until the call is cancelled.
    pub(crate) async fn over<R>(&self, work: impl Future<Output = Result<R>>) -> Result<R> {
        match &self.cancel {
            Some(cancel) => cancel.over(work).await,
            None => work.await,
        }
    }
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
    pub(crate) fn plugin(plugin: &'a Plugin, function: &'a str) -> Self {
        Self { on: On::Plugin(plugin), function, around: Around::default(), report: None }
    }

    pub(crate) fn session(session: &'a mut Session, function: &'a str) -> Self {
        Self { on: On::Session(session), function, around: Around::default(), report: None }
    }

    /// Gives something along that functions of the host can ask for while the call goes on ([`crate::Call::with`]): whose
    /// request it serves, say.
    pub fn with<T: Any + Send + Sync>(mut self, what: T) -> Self {
        self.around.with = Some(Arc::new(what));
        self
    }

    /// Lets `cancel` end the call.
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.around.cancel = Some(cancel.clone());
        self
    }

    /// Writes down here what the call used, also where it fails: nothing if it was not even begun.
    pub fn report(mut self, report: &'a mut Report) -> Self {
        self.report = Some(report);
        self
    }

    /// Makes the call, and waits for it.
    ///
    /// # Errors
    /// As [`Plugin::call`].
    pub fn run<R: Results>(self, args: impl Args) -> Result<Called<R>> {
        let runtime = self.runtime();
        runtime.0.block_on(self.call(args))
    }

    /// Makes the call. Dropping the future cancels it.
    ///
    /// # Errors
    /// As [`Plugin::call`].
    pub async fn run_async<R: Results>(self, args: impl Args) -> Result<Called<R>> {
        let runtime = self.runtime();
        runtime.0.within(pin!(self.call(args))).await
    }

    fn runtime(&self) -> Runtime {
        match &self.on {
            On::Plugin(plugin) => plugin.runtime().clone(),
            On::Session(session) => session.plugin().runtime().clone(),
        }
    }

    async fn call<R: Results>(self, args: impl Args) -> Result<Called<R>> {
        let mut report = Report::default();
        let (plugin, results) = match self.on {
            On::Plugin(plugin) => (plugin, plugin.pooled(self.function, args, &self.around, &mut report).await),
            On::Session(session) => {
                let results = session.kept(self.function, args, &self.around, &mut report).await;
                (session.plugin(), results)
            }
        };
        if let Some(told) = self.report {
            *told = report;
        }
        let value = results_as(results?, self.function).map_err(|error| plugin.about(error))?;
        Ok(Called { value, report })
    }
}

/// Calls one function of an instance, and tells what it used.
pub(crate) async fn call(
    instance: &mut dyn Instance,
    function: usize,
    args: Vec<Datum>,
    info: Arc<Info>,
    around: &Around,
) -> (Result<Vec<Datum>>, Report) {
    let usage = Arc::<Usage>::default();
    let caller = Caller { usage: Arc::clone(&usage), with: Some(info) };
    let called = around.over(instance.call(Invocation { function, args, caller })).await;
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
    if let (true, Ok(whole)) = (R::WHOLE, R::take(results)) {
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
