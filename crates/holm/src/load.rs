//! From a plugin's bytes to its functions.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use holm_abi::{Abi, Entry, Function, Functions, Guest, Host, Provided, Stdio, detect};
use holm_engine::shape::Digest;
use holm_engine::{Opened, Settings, Source};
use holm_grants::{Grants, Limits};

use holm_extism::Extism;
use holm_extism::manifest::{Manifest, Module};
use holm_wasi::{Typed, World};

use crate::builder::From;
use crate::runtime::Inner;
use crate::{Error, Kind, Result, output, signature};

/// What a plugin is, and what it is given.
pub(crate) struct Spec {
    pub(crate) from: From,
    pub(crate) name: Arc<str>,
    pub(crate) grants: Grants,
    pub(crate) limits: Limits,
    pub(crate) provided: Vec<Provided>,
    pub(crate) abi: Option<String>,
    pub(crate) stdio: Option<Stdio>,
    /// What Extism's manifest says of it beside, if it came with one.
    pub(crate) manifest: Option<Manifest>,
}

/// A plugin's code, linked.
pub(crate) struct Loaded {
    pub(crate) functions: Arc<dyn Functions>,
    /// Places in the list of functions, by full name, and by name within an interface where that is only one's.
    names: BTreeMap<String, usize>,
    pub(crate) digest: Digest,
    /// Whether better code can be made.
    pub(crate) improvable: bool,
}

/// Which code is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// What is there first.
    First,
    /// The best, in the place of what was there first.
    Best,
}

impl Spec {
    /// Reads the bytes.
    pub(crate) fn source(&self) -> Result<Source> {
        match (&self.manifest, &self.from) {
            (Some(manifest), _) => manifest.main.source(&self.name),
            (None, From::File(path)) => Source::read(&path.to_string_lossy()),
            (None, From::Bytes(bytes)) => Source::from_bytes(&self.name, bytes.to_vec()),
        }
    }

    fn host(&self) -> Host {
        Host {
            grants: Arc::new(self.grants.clone()),
            limits: self.limits,
            stdio: self.stdio.clone().unwrap_or_else(|| output::to_tracing(&self.name)),
            provided: self.provided.as_slice().into(),
            ..Host::default()
        }
    }
}

/// Every ABI whose guests have functions to call, the more particular first.
fn abis(runtime: &Inner, spec: &Spec) -> Result<Vec<Box<dyn Abi>>> {
    let mut extism = Extism::sending_with(runtime.http.clone());
    if let Some(manifest) = &spec.manifest {
        extism.bounds = manifest.bounds;
        extism.modules = manifest.modules.iter().map(|module| beside(runtime, spec, module)).collect::<Result<_>>()?;
    }
    let wasi = runtime.wasi();
    Ok(vec![Box::new(holm_bindgen::Bindgen), Box::new(extism), Box::new(wasi), Box::new(holm_core::Core)])
}

/// A module that a plugin of several is made of, and its name.
fn beside(runtime: &Inner, spec: &Spec, module: &Module) -> Result<(String, Guest)> {
    let opened = opened(runtime, module.source(&module.name)?)?;
    let code = code(runtime, spec, &opened, Wanted::First)?.code;
    let shape = Arc::new(opened.shape);
    Ok((module.name.clone(), Guest { name: module.name.clone(), shape, code, path: None, lone: None }))
}

/// Loads a component of the world `W`.
pub(crate) fn typed<W: World>(runtime: &Inner, spec: &Spec) -> Result<Typed<W>> {
    let opened = trusted(runtime, spec)?;
    let code = code(runtime, spec, &opened, Wanted::First)?.code;
    let (path, shape) = (opened.source.path, Arc::new(opened.shape));
    let guest = Guest { name: spec.name.to_string(), shape, code, path, lone: None };
    Typed::new(&runtime.wasi(), &guest, &spec.host())
}

/// The plugin's bytes, read and understood, if whoever signed them is trusted.
fn trusted(runtime: &Inner, spec: &Spec) -> Result<Opened> {
    opened(runtime, spec.source()?)
}

fn opened(runtime: &Inner, source: Source) -> Result<Opened> {
    signature::check(&runtime.keys, &source)?;
    runtime.loader.open(source)
}

impl Loaded {
    /// Loads a plugin.
    pub(crate) fn load(runtime: &Inner, spec: &Spec, wanted: Wanted) -> Result<Self> {
        let opened = trusted(runtime, spec)?;
        let abis = abis(runtime, spec)?;
        let known: Vec<&dyn Abi> = abis.iter().map(AsRef::as_ref).collect();
        let abi = detect(&known, &opened.shape, spec.abi.as_deref())?.abi;
        let code = code(runtime, spec, &opened, wanted)?;
        let (path, shape, improvable) = (opened.source.path, Arc::new(opened.shape), code.improvable);
        let digest = shape.digest;
        let guest = Guest { name: spec.name.to_string(), shape, code: code.code, path, lone: None };
        let entries = abi.load(&guest, &spec.host())?;
        let functions = entries.into_iter().find_map(|entry| match entry {
            Entry::Functions(functions) => Some(functions),
            _ => None,
        });
        let functions = functions.ok_or_else(|| {
            Error::new(Kind::Usage, format!("{} has no functions to call", spec.name))
                .note("`holm inspect` says what it is for")
        })?;
        let names = names(functions.list());
        Ok(Self { functions, names, digest, improvable })
    }

    /// The function of this name, or the only one that is called this in its interface, and its place in the list.
    pub(crate) fn function(&self, name: &str) -> Result<(usize, &Function)> {
        let found = self.names.get(name).and_then(|at| Some((*at, self.functions.list().get(*at)?)));
        let (at, function) = found.ok_or_else(|| self.unknown(name))?;
        match &function.refused {
            Some(why) => Err(Error::new(Kind::Usage, format!("`{name}` cannot be called: {why}"))),
            None => Ok((at, function)),
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let known: Vec<_> = self.functions.list().iter().take(20).map(|function| function.name.as_str()).collect();
        let error = holm_abi::no_function(name);
        match known.is_empty() {
            true => error.note("it exports no functions at all"),
            false => error.note(format!("it has {}", known.join(", "))),
        }
    }
}

fn names(functions: &[Function]) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    let mut short: HashMap<&str, Option<usize>> = HashMap::new();
    for (at, function) in functions.iter().enumerate() {
        names.insert(function.name.clone(), at);
        if let Some((_, name)) = function.name.rsplit_once('#') {
            short.entry(name).and_modify(|one| *one = None).or_insert(Some(at));
        }
    }
    for (name, at) in short {
        if let Some(at) = at {
            names.entry(name.to_owned()).or_insert(at);
        }
    }
    names
}

fn code(runtime: &Inner, spec: &Spec, opened: &Opened, wanted: Wanted) -> Result<holm_engine::Loaded> {
    // A call can be cancelled at any time, so code looks up at each tick, limits or not.
    let settings = Settings { interruptible: true, ..Settings::of(&opened.shape, &spec.limits) };
    let pooled = holm_engine::Runtime::pooled(spec.limits.stack, runtime.instances);
    let load = |engine: &holm_engine::Runtime| match wanted {
        Wanted::Best => runtime.loader.improved(opened, &settings, engine),
        Wanted::First => runtime.loader.load(opened, &settings, false, engine),
    };
    pooled.or_without_pool(load)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_one_interfaces_only() {
        let function = |name: &str| Function {
            name: name.into(),
            params: Vec::new(),
            results: Vec::new(),
            refused: None,
            signature: String::new(),
            raw: false,
        };
        let names = names(&["a:b/c#run", "a:b/d#run", "a:b/d#stop", "stop"].map(function));
        assert_eq!((names.get("run"), names.get("stop"), names.get("a:b/c#run")), (None, Some(&3), Some(&0)));
    }
}
