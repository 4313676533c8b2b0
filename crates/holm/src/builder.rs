//! A plugin before it is loaded.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use holm_abi::{HostFunction, Provided, Stdio, Type};
use holm_grants::{Grants, Limits};

use crate::asks::Asks;
use crate::breaker::{Breaker, Switch};
use crate::component::{Component, World};
use crate::host::{HostFn, HostFnAsync, ending};
use crate::instances::Instances;
use crate::invoke::{OnCall, Record};
use crate::load::Spec;
use crate::output::{self, Stream};
use crate::plugin::Plugin;
use crate::{Error, Grant, Kind, Result, Runtime};

/// A plugin that is to be loaded, and what it is given.
pub struct PluginBuilder {
    runtime: Runtime,
    spec: Spec,
    instances: Instances,
    breaker: Option<Breaker>,
    on_call: Option<OnCall>,
    /// What was said that makes no sense.
    wrong: Vec<String>,
}

/// Where a plugin comes from.
#[derive(Clone)]
pub(crate) enum From {
    File(PathBuf),
    Bytes(Arc<[u8]>),
}

impl PluginBuilder {
    pub(crate) fn new(runtime: Runtime, from: From) -> Self {
        let name = match &from {
            From::File(path) => file_name(path),
            From::Bytes(_) => "plugin".into(),
        };
        let spec = Spec {
            from,
            name,
            grants: Grants::default(),
            limits: Limits::default(),
            provided: Vec::new(),
            abi: None,
            stdio: None,
            manifest: None,
        };
        Self { runtime, spec, instances: Instances::PerCall, breaker: None, on_call: None, wrong: Vec::new() }
    }

    /// A plugin that Extism's manifest describes.
    pub(crate) fn described(runtime: Runtime, path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::io(format_args!("read {}", path.display()), &error))?;
        let manifest = holm_extism::manifest::parse(&text, path.parent().unwrap_or(Path::new("")))
            .map_err(|error| error.about(path.display()))?;
        let mut builder = Self::new(runtime, From::File(path.to_owned())).abi("extism");
        (builder.spec.grants, builder.spec.limits) = (manifest.grants.clone(), manifest.limits);
        builder.spec.manifest = Some(manifest);
        Ok(builder)
    }

    /// Calls it this, in messages and for functions of the host; a file's name unless it is said.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.spec.name = name.into().into();
        self
    }

    /// Grants it one more capability.
    #[must_use]
    pub fn grant(mut self, grant: Grant) -> Self {
        match grant.into_grants() {
            Ok(grants) => self.spec.grants.merge(grants),
            Err(why) => self.wrong.push(why),
        }
        self
    }

    /// Holds each of its calls, and each of its instances' memory, to these limits as well.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.spec.limits.merge(limits);
        self
    }

    /// Lends it a function of the host: `from` is the core module or the interface that the plugin imports it from.
    ///
    /// For components, `from` is an interface (`acme:host/log`, with or without its version) or `""` for a function of the
    /// world itself; for core modules the module's name; for Extism plugins `extism:host/user`. Functions that the
    /// plugin does not import are of no use to it, and no error.
    #[must_use]
    pub fn provide<S, F: HostFn<S>>(self, from: &str, name: &str, function: F) -> Self {
        self.lend(from, name, (F::params(), F::results()), function.function())
    }

    /// Likewise a function that the plugin waits for.
    #[must_use]
    pub fn provide_async<S, F: HostFnAsync<S>>(self, from: &str, name: &str, function: F) -> Self {
        self.lend(from, name, (F::params(), F::results()), function.function())
    }

    fn lend(self, from: &str, name: &str, (params, results): (Vec<Type>, Vec<Type>), function: HostFunction) -> Self {
        self.provided(Provided { from: from.to_owned(), name: name.to_owned(), params, results, function })
    }

    /// Likewise a function whose types are known only when the program runs: for bindings to other languages.
    #[must_use]
    pub fn provided(mut self, provided: Provided) -> Self {
        self.spec.provided.push(Provided { function: ending(provided.function), ..provided });
        self
    }

    /// Takes it for a guest of this ABI, in place of the one that is recognised: `wasi`, `core`, `bindgen`, `extism`.
    #[must_use]
    pub fn abi(mut self, abi: impl Into<String>) -> Self {
        self.spec.abi = Some(abi.into());
        self
    }

    /// Gives it these standard streams, in place of none to read and `tracing` to write to.
    #[must_use]
    pub fn stdio(mut self, stdio: Stdio) -> Self {
        self.spec.stdio = Some(stdio);
        self
    }

    /// Tells `tell` of each line that it prints, without its end, in place of `tracing`; on the thread of the call. What is
    /// not UTF-8 is replaced, and lines of more than 8 KiB come in pieces.
    #[must_use]
    pub fn on_line(self, tell: impl Fn(Stream, &str) + Send + Sync + 'static) -> Self {
        self.stdio(output::lines(tell))
    }

    /// Which instances calls are made on: a fresh one each unless it is said.
    #[must_use]
    pub fn instances(mut self, instances: Instances) -> Self {
        self.instances = instances;
        self
    }

    /// Leaves it alone for a while after so many failures in a row.
    #[must_use]
    pub fn breaker(mut self, breaker: Breaker) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// Tells `observer` of every call when it has ended, on the caller's thread.
    #[must_use]
    pub fn on_call(mut self, observer: impl Fn(&Record<'_>) + Send + Sync + 'static) -> Self {
        self.on_call = Some(Arc::new(observer));
        self
    }

    /// What the plugin itself asks for, in the manifest that it carries or that lies beside it. Nothing of it is given
    /// unless the host gives it.
    ///
    /// # Errors
    /// The file cannot be read, or the manifest is none.
    pub fn asks(&self) -> Result<Asks> {
        Asks::of(&self.spec)
    }

    /// Compiles it if nobody has before, and links it.
    ///
    /// # Errors
    /// Whatever stands in the way: [`Kind::NotFound`], [`Kind::Invalid`], [`Kind::MissingImports`] with all of them at
    /// once, [`Kind::Denied`] for a plugin that nobody trusted has signed, [`Kind::Usage`] for grants that are none.
    pub fn load(self) -> Result<Plugin> {
        self.check()?;
        Plugin::load(self.runtime, self.spec, self.instances, self.breaker.map(Switch::new), self.on_call)
    }

    /// Loads it as a component of the world `W`, for typed calls both ways.
    ///
    /// Its host opens the instances and makes the calls, so there is nothing to do for [`PluginBuilder::instances`],
    /// [`PluginBuilder::breaker`] and [`PluginBuilder::on_call`]. What it imports beyond the world may be provided.
    ///
    /// # Errors
    /// As [`PluginBuilder::load`]; [`Kind::Usage`] for a core module, or with a pool, a breaker or an observer. Whether it
    /// has the world's exports shows when an instance is opened.
    pub fn world<W: World>(self) -> Result<Component<W>> {
        self.check()?;
        if self.instances != Instances::PerCall || self.breaker.is_some() || self.on_call.is_some() {
            let why = "pools, breakers and observers are for plugins that are called by name, not for worlds";
            return Err(Error::new(Kind::Usage, why).about(&self.spec.name));
        }
        let typed = crate::load::typed(&self.runtime.0, &self.spec)?;
        Ok(Component::new(self.runtime, typed))
    }

    /// As [`PluginBuilder::load`], without keeping the thread that waits for it.
    ///
    /// # Errors
    /// As [`PluginBuilder::load`].
    pub async fn load_async(self) -> Result<Plugin> {
        let runtime = self.runtime.clone();
        runtime.0.aside(move || self.load()).await
    }
}

impl PluginBuilder {
    /// Whether all that was said makes sense.
    fn check(&self) -> Result<()> {
        match self.wrong.as_slice() {
            [] => Ok(()),
            wrong => Err(Error::new(Kind::Usage, wrong.join("\n")).about(&self.spec.name)),
        }
    }
}

fn file_name(path: &Path) -> Arc<str> {
    path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy()).into()
}

impl std::fmt::Debug for PluginBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginBuilder").field("name", &self.spec.name).finish_non_exhaustive()
    }
}
