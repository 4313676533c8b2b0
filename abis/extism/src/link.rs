//! Linking a plugin: Extism's functions, WASI, those of the host, and other modules by name.

use std::sync::Arc;

use holm_abi::{Error, Guest, Host, Kind, MissingImport, Result, missing_imports};
use holm_wasi::link_world;
use wasmtime::{Engine, Instance, InstancePre, Linker, Module, Store};

use crate::shared::Shared;
use crate::state::State;
use crate::{ENV, Extism, USER, env, user};

/// A plugin that can be instantiated.
pub(crate) enum Linked {
    /// By itself.
    Alone(InstancePre<State>),
    /// With other modules, whose functions it imports.
    Several { linker: Linker<State>, modules: Vec<(String, Module)>, module: Module },
}

impl Linked {
    /// Links `guest` and the modules that come with it.
    ///
    /// # Errors
    /// [`Kind::MissingImports`] with all that is missing.
    pub(crate) fn new(abi: &Extism, guest: &Guest, host: &Host) -> Result<Self> {
        let module = guest.code.module()?;
        let others = others(abi, module)?;
        let mut linker = Linker::new(module.engine());
        linker.allow_shadowing(true);
        env::link(&mut linker).map_err(|error| failed(guest, &error))?;
        let shapes = abi.modules.iter().map(|(_, other)| &other.shape).chain([&guest.shape]);
        for shape in shapes.filter(|shape| uses_wasi(shape)) {
            link_world(&mut linker, shape, host)?;
            linker.allow_shadowing(true);
        }
        let mut missing = Vec::new();
        for module in others.iter().map(|(_, module)| module).chain([module]) {
            missing.extend(user::link(&mut linker, module, &host.provided)?);
        }
        if !missing.is_empty() {
            return Err(missing_imports(&guest.name, &missing));
        }
        if others.is_empty() {
            let pre = linker.instantiate_pre(module);
            return pre.map(Self::Alone).map_err(|error| unlinked(abi, guest, &linker, module, &error));
        }
        let linked = Self::Several { linker, modules: others, module: module.clone() };
        linked.check(abi, guest)?;
        Ok(linked)
    }

    /// Whether every import is there; their types show when they are linked.
    fn check(&self, abi: &Extism, guest: &Guest) -> Result<()> {
        let Self::Several { linker, modules, module } = self else { return Ok(()) };
        let missing = missing(abi, guest, linker, modules, module)?;
        if missing.is_empty() { Ok(()) } else { Err(missing_imports(&guest.name, &missing)) }
    }

    /// A fresh instance of the plugin, and of the other modules.
    ///
    /// # Errors
    /// One of them trapped while it started, or functions that one imports of another are of another type.
    pub(crate) async fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Instance> {
        match self {
            Self::Alone(pre) => pre.instantiate_async(store).await,
            Self::Several { linker, modules, module } => {
                let mut linker = linker.clone();
                for (name, module) in modules {
                    linker.module_async(&mut *store, name, module).await?;
                }
                linker.instantiate_async(store, module).await
            }
        }
    }

    /// The plugin's own module.
    pub(crate) fn module(&self) -> &Module {
        match self {
            Self::Alone(pre) => pre.module(),
            Self::Several { module, .. } => module,
        }
    }
}

fn uses_wasi(shape: &holm_engine::shape::Shape) -> bool {
    shape.imports.iter().any(|import| import.module.starts_with("wasi_"))
}

/// The other modules that `module` needs, each after those that it imports from itself.
fn others(abi: &Extism, module: &Module) -> Result<Vec<(String, Module)>> {
    let mut ordered = Vec::new();
    place(abi, module, &mut Vec::new(), &mut ordered)?;
    Ok(ordered)
}

/// `way` leads from the plugin to `module`.
fn place<'a>(
    abi: &'a Extism,
    module: &Module,
    way: &mut Vec<&'a str>,
    ordered: &mut Vec<(String, Module)>,
) -> Result<()> {
    for import in module.imports() {
        let named = abi.modules.iter().find(|(name, _)| name == import.module());
        let Some((name, other)) = named.filter(|(name, _)| ordered.iter().all(|(placed, _)| placed != name)) else {
            continue;
        };
        if way.contains(&name.as_str()) {
            let circle = format!("the modules {} import each other in a circle", way.join(", "));
            return Err(Error::new(Kind::Unsupported, circle));
        }
        let other = other.code.module()?;
        if !Engine::same(module.engine(), other.engine()) {
            return Err(Error::new(Kind::Internal, format!("the module `{name}` was compiled for another engine")));
        }
        way.push(name);
        place(abi, other, way, ordered)?;
        way.pop();
        ordered.push((name.clone(), other.clone()));
    }
    Ok(())
}

fn failed(guest: &Guest, error: &wasmtime::Error) -> Error {
    Error::new(Kind::Internal, format!("{} does not link: {error:#}", guest.name))
}

/// Why a module does not link: for what is missing, or because something has another type than it expects.
fn unlinked(abi: &Extism, guest: &Guest, linker: &Linker<State>, module: &Module, error: &wasmtime::Error) -> Error {
    match missing(abi, guest, linker, &[], module) {
        Ok(missing) if missing.is_empty() => {
            Error::new(Kind::MissingImports, format!("{} does not link: {error:#}", guest.name))
        }
        Ok(missing) => missing_imports(&guest.name, &missing),
        Err(error) => error,
    }
}

/// The imports of all modules that nothing provides.
fn missing(
    abi: &Extism,
    guest: &Guest,
    linker: &Linker<State>,
    modules: &[(String, Module)],
    module: &Module,
) -> Result<Vec<MissingImport>> {
    // The linker is asked by way of a store; any will do.
    let state = State::new(&Arc::new(Shared::new(abi, guest, &Host::default())))?;
    let mut store = Store::new(module.engine(), state);
    let mut is_there = |from: &str, item: &str| {
        let other = modules.iter().find(|(name, _)| name == from);
        other.is_some_and(|(_, module)| module.get_export(item).is_some()) || linker.get(&mut store, from, item).is_ok()
    };
    let imports = modules.iter().map(|(_, module)| module).chain([module]).flat_map(Module::imports);
    let absent = imports.filter(|import| !is_there(import.module(), import.name()));
    let named = absent.map(|import| MissingImport {
        from: import.module().to_owned(),
        item: import.name().to_owned(),
        why: why(import.module()),
    });
    Ok(named.collect())
}

fn why(from: &str) -> Option<String> {
    match from {
        ENV => Some("Holm does not know it; the plugin's kit may be newer".into()),
        USER => Some("the program that runs the plugin is to provide it".into()),
        _ => None,
    }
}
