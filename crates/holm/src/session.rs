//! An instance that is kept from call to call.

use std::sync::Arc;

use holm_abi::{Datum, Instance};

use crate::convert::{Args, Results};
use crate::instances::survives;
use crate::invoke::{Around, Called, Invoke, arguments, call};
use crate::load::Loaded;
use crate::plugin::Plugin;
use crate::{Report, Result};

/// An instance of a plugin that keeps what it has in memory from one call to the next: a document, a game, a connection.
///
/// A call that traps or reaches a limit ends the instance, and the next call begins with a fresh one; [`Session::instances`]
/// says so. A session stays with the code it began with until it needs a fresh instance or is [`Session::restart`]ed.
pub struct Session {
    plugin: Plugin,
    kept: Option<(Box<dyn Instance>, Arc<Loaded>)>,
    instances: u64,
}

impl Session {
    pub(crate) fn new(plugin: Plugin) -> Self {
        Self { plugin, kept: None, instances: 0 }
    }

    /// Calls a function, and waits for it.
    ///
    /// # Errors
    /// As [`Plugin::call`].
    pub fn call<R: Results>(&mut self, function: &str, args: impl Args) -> Result<R> {
        self.invoke(function).run(args).map(|called| called.value)
    }

    /// As [`Session::call`], for asynchronous code of any executor. Dropping the future ends the instance.
    ///
    /// # Errors
    /// As [`Plugin::call`].
    pub async fn call_async<R: Results>(&mut self, function: &str, args: impl Args) -> Result<R> {
        self.invoke(function).run_async(args).await.map(|called| called.value)
    }

    /// As [`Session::call`], and says what the call used.
    ///
    /// # Errors
    /// As [`Plugin::call`].
    pub fn measured<R: Results>(&mut self, function: &str, args: impl Args) -> Result<Called<R>> {
        self.invoke(function).run(args)
    }

    /// A call about which there is more to say or to know: what it used, whose it is, what cancels it.
    pub fn invoke<'a>(&'a mut self, function: &'a str) -> Invoke<'a> {
        Invoke::session(self, function)
    }

    /// How many instances it has had: more than one if calls failed or it was restarted.
    pub fn instances(&self) -> u64 {
        self.instances
    }

    /// Lets go of the instance. The next call begins with a fresh one, of the newest code.
    pub fn restart(&mut self) {
        self.kept = None;
    }

    pub(crate) fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// One call on its instance, without regard to what the caller wants its results to be.
    pub(crate) async fn kept(
        &mut self,
        name: &str,
        args: impl Args,
        around: &Around,
        report: &mut Report,
    ) -> Result<Vec<Datum>> {
        let plugin = self.plugin.clone();
        let loaded = match &self.kept {
            Some((_, loaded)) => Arc::clone(loaded),
            None => plugin.0.loaded.load_full(),
        };
        let (at, function) = loaded.function(name).map_err(|error| plugin.about(error))?;
        let args = arguments(function, args).map_err(|error| plugin.about(error))?;
        plugin.may_call()?;
        // Taken out, so that a call which is not waited for ends it.
        let opened = match self.kept.take() {
            Some((instance, _)) => Ok(instance),
            None => around.over(loaded.functions.open()).await.inspect(|_| self.instances += 1),
        };
        let called = match opened {
            Ok(mut instance) => {
                let info = plugin.info(around.with.clone());
                let (called, used) = call(&mut *instance, at, args, info, around).await;
                *report = used;
                if survives(&called) {
                    self.kept = Some((instance, Arc::clone(&loaded)));
                }
                called
            }
            Err(error) => Err(error),
        };
        plugin.ended(&function.name, *report, &called);
        called
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("plugin", &self.plugin).field("instances", &self.instances).finish()
    }
}
