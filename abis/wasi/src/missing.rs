//! Imports that do not link: all of them at once, each with its reason.

use holm_abi::{Error, Guest, Kind, MissingImport, missing_imports};
use holm_engine::shape::as_in_guest;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker as ComponentLinker, ResourceType};
use wasmtime::{Linker, Module, Store};

use crate::state::State;
use crate::version;

/// The error for a module that did not link. `store` may be any of the right type.
pub(crate) fn module<T: 'static>(
    guest: &Guest,
    module: &Module,
    linker: &Linker<T>,
    store: &mut Store<T>,
    error: &wasmtime::Error,
) -> Error {
    let missing: Vec<_> = module
        .imports()
        .filter_map(|import| {
            let provided = linker.get(&mut *store, import.module(), import.name()).is_ok();
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
        let Some(name) = named_import(&error)
            .filter(|name| missing.iter().all(|known: &MissingImport| known.from != as_in_guest(name)))
        else {
            break;
        };
        let (item, why) = describe(component, &name, &error);
        missing.push(MissingImport { from: as_in_guest(&name).into_owned(), item, why });
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

/// What of the import is missing, and why, without the engine's words for its own parts.
fn describe(component: &Component, name: &str, error: &wasmtime::Error) -> (String, Option<String>) {
    let root = error.root_cause().to_string();
    let causes = error.chain().map(ToString::to_string);
    let item = causes.filter_map(|cause| quoted(&cause, "instance export `")).last();
    match (item, find_import(component, name)) {
        (Some(item), _) if root.contains("was not found") || root.contains("missing") => (item, skew(name)),
        (Some(item), _) => (item, Some(format!("is there, but with another type: {root}"))),
        (None, Some(ComponentItem::ComponentFunc(_))) => ("the function".into(), None),
        (None, _) => ("the whole interface".into(), skew(name)),
    }
}

/// The text between `prefix` and the next backtick.
fn quoted(text: &str, prefix: &str) -> Option<String> {
    let (_, rest) = text.split_once(prefix)?;
    Some(rest.split_once('`')?.0.to_owned())
}

/// The versions of WASI that are offered, as released.
const WASI_0_2: &str = "0.2.12";
const WASI_0_3: &str = "0.3.0";

/// Where the guest was built against another version of WASI than Holm offers: which, and what that means.
fn skew(import: &str) -> Option<String> {
    let (interface, wanted) = import.split_once('@')?;
    if !interface.starts_with("wasi:") {
        return None;
    }
    let release = |offered: &str| {
        format!("the guest wants {wanted}, Holm has up to {offered}: compatible, but this came later or never was")
    };
    match wanted {
        // One that is offered, and lacks what it never had.
        _ if version::is_known(wanted) && wanted.contains(['-', '+']) => None,
        _ if wanted.contains('-') => Some(format!("{wanted} is a draft, which no released version is compatible with")),
        _ if wanted.starts_with("0.2.") => Some(release(WASI_0_2)),
        _ if wanted.starts_with("0.3.") => Some(release(WASI_0_3)),
        _ => Some(format!("the guest wants {wanted}, Holm has {WASI_0_2} and {WASI_0_3}: not compatible")),
    }
}

fn find_import(component: &Component, name: &str) -> Option<ComponentItem> {
    let engine = component.engine();
    component.component_type().imports(engine).find(|(import, _)| *import == name).map(|(_, item)| item.ty)
}

fn stand_in(linker: &mut ComponentLinker<State>, component: &Component, name: &str) -> wasmtime::Result<()> {
    let engine = component.engine();
    match find_import(component, name) {
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
