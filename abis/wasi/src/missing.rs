//! Imports that do not link: all of them at once, each with its reason.

use holm_abi::{Error, Guest, Host, Kind, MissingImport, missing_imports};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker as ComponentLinker, ResourceType};
use wasmtime::{Linker, Module, Store};

use crate::module::ModuleState;
use crate::state::State;

/// The error for a module that did not link.
pub(crate) fn module(guest: &Guest, module: &Module, linker: &Linker<ModuleState>, error: &wasmtime::Error) -> Error {
    let internal = |error: &dyn std::fmt::Display| Error::new(Kind::Internal, format!("{}: {error}", guest.name));
    let mut store = match ModuleState::new(&Host::default(), &[]) {
        Ok(state) => Store::new(module.engine(), state),
        Err(error) => return internal(&error),
    };
    let missing: Vec<_> = module
        .imports()
        .filter_map(|import| {
            let provided = linker.get(&mut store, import.module(), import.name()).is_ok();
            let from = import.module().to_owned();
            (!provided).then(|| MissingImport { from, item: import.name().to_owned(), why: None })
        })
        .collect();
    match missing.is_empty() {
        // All names are there, so one has another type than the guest expects.
        true => Error::new(Kind::MissingImports, format!("{} does not link: {error:#}", guest.name)),
        false => missing_imports(&guest.name, &missing),
    }
}

/// How many interfaces of a component are looked at in turn before giving up.
const ROUNDS: usize = 200;

/// The error for a component that did not link.
///
/// The engine names one import at a time. So each that it names is noted, replaced with a stand-in of the
/// right form, and linking is tried again.
pub(crate) fn component(guest: &Guest, component: &Component, mut linker: ComponentLinker<State>) -> Error {
    let mut missing = Vec::new();
    for _ in 0..ROUNDS {
        let Err(error) = linker.instantiate_pre(component) else { break };
        let Some(name) = named_import(&error).filter(|name| missing.iter().all(|m: &MissingImport| m.from != *name))
        else {
            break;
        };
        missing.push(MissingImport { from: name.clone(), item: reason(&error), why: None });
        if stand_in(&mut linker, component, &name).is_err() {
            break;
        }
    }
    match missing.is_empty() {
        true => Error::new(Kind::MissingImports, format!("{} does not link", guest.name)),
        false => missing_imports(&guest.name, &missing),
    }
}

/// The engine's message names the import in backticks: "component imports instance `a:b/c@1.0.0`, but …".
fn named_import(error: &wasmtime::Error) -> Option<String> {
    let message = error.to_string();
    let (_, rest) = message.split_once('`')?;
    let (name, _) = rest.split_once('`')?;
    Some(name.to_owned())
}

/// The innermost reason, without the engine's own words for its parts.
fn reason(error: &wasmtime::Error) -> String {
    let root = error.root_cause().to_string();
    match root.contains("matching implementation was not found") {
        true => "the whole interface".into(),
        false => {
            let item = error.chain().skip(1).map(ToString::to_string).find_map(|cause| {
                let (_, rest) = cause.split_once("instance export `")?;
                Some(rest.split_once('`')?.0.to_owned())
            });
            match item {
                Some(item) if root.contains("missing") => format!("{item} (this version of it)"),
                Some(item) => format!("{item}: {root}"),
                None => root,
            }
        }
    }
}

fn stand_in(linker: &mut ComponentLinker<State>, component: &Component, name: &str) -> wasmtime::Result<()> {
    let ty = component.component_type();
    let engine = component.engine();
    let item = ty.imports(engine).find(|(import, _)| *import == name).map(|(_, item)| item.ty);
    match item {
        Some(ComponentItem::ComponentInstance(instance)) => {
            let mut into = linker.instance(name)?;
            for (item_name, item) in instance.exports(engine) {
                match item.ty {
                    ComponentItem::ComponentFunc(_) => {
                        into.func_new(item_name, |_, _, _, _| Err(wasmtime::Error::msg("a stand-in was called")))?;
                    }
                    ComponentItem::Resource(_) => {
                        into.resource(item_name, ResourceType::host::<()>(), |_, _| Ok(()))?;
                    }
                    _ => {}
                }
            }
            Ok(())
        }
        Some(ComponentItem::ComponentFunc(_)) => {
            linker.root().func_new(name, |_, _, _, _| Err(wasmtime::Error::msg("a stand-in was called")))
        }
        _ => Err(wasmtime::Error::msg("no stand-in for this")),
    }
}
