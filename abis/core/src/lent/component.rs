//! Functions of the host for components: any types but those that exist only while a guest runs.

use std::sync::Arc;

use holm_abi::{Datum, Error, HostFunction, Kind, MissingImport, Provided, Result, Type};
use wasmtime::StoreContextMut;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, Linker, LinkerInstance, Val};

use super::{Lent, is_from, last_of_each};
use crate::component::signature;
use crate::values::{from_val, to_val};

/// Links those of `provided` that `component` imports.
///
/// # Errors
/// [`Kind::MissingImports`] for functions that it imports with another signature.
pub fn link_component<T: Lent>(
    linker: &mut Linker<T>,
    component: &Component,
    guest: &str,
    provided: &[Provided],
) -> Result<()> {
    let (engine, provided) = (component.engine(), last_of_each(provided));
    let mut unfit = Vec::new();
    linker.allow_shadowing(true);
    for (name, item) in component.component_type().imports(engine) {
        match item.ty {
            ComponentItem::ComponentInstance(instance) => {
                for (item, ty) in instance.exports(engine) {
                    let found = provided.iter().find(|one| one.name == item && is_from(one, name));
                    let (Some(provided), ComponentItem::ComponentFunc(ty)) = (found, ty.ty) else { continue };
                    let instance = linker.instance(name).map_err(|error| internal(item, &error))?;
                    link(instance, name, provided, &ty, &mut unfit)?;
                }
            }
            ComponentItem::ComponentFunc(ty) => {
                let found = provided.iter().find(|one| one.name == name && one.from.is_empty());
                if let Some(provided) = found {
                    link(linker.root(), name, provided, &ty, &mut unfit)?;
                }
            }
            _ => {}
        }
    }
    if unfit.is_empty() { Ok(()) } else { Err(holm_abi::missing_imports(guest, &unfit)) }
}

fn link<T: Lent>(
    mut linker: LinkerInstance<'_, T>,
    from: &str,
    provided: &Provided,
    wanted: &ComponentFunc,
    unfit: &mut Vec<MissingImport>,
) -> Result<()> {
    if let Some(why) = differs(provided, wanted) {
        unfit.push(MissingImport { from: from.to_owned(), item: provided.name.clone(), why: Some(why) });
        return Ok(());
    }
    let params = provided.params.clone();
    let linked = match provided.function.clone() {
        HostFunction::Now(function) => {
            linker.func_new(&provided.name, move |mut store: StoreContextMut<'_, T>, ty, args, results| {
                let who = store.data_mut().caller().clone();
                answer(function(&who, arguments(&params, args)?)?, &ty, results)
            })
        }
        HostFunction::Later(function) => {
            linker.func_new_async(&provided.name, move |mut store: StoreContextMut<'_, T>, ty, args, results| {
                let who = store.data_mut().caller().clone();
                let (args, function) = (arguments(&params, args), Arc::clone(&function));
                Box::new(async move { answer(function(who, args?).await?, &ty, results) })
            })
        }
    };
    linked.map_err(|error| internal(&provided.name, &error))
}

fn internal(name: &str, error: &wasmtime::Error) -> Error {
    Error::new(Kind::Internal, format!("the host's {name} does not link: {error:#}"))
}

/// Why a function is not what a component imports, if it is not.
fn differs(provided: &Provided, wanted: &ComponentFunc) -> Option<String> {
    let params: Option<Vec<_>> = wanted.params().map(|(_, ty)| Type::from_wasm_type(&ty)).collect();
    let results: Option<Vec<_>> = wanted.results().map(|ty| Type::from_wasm_type(&ty)).collect();
    if params.as_ref() == Some(&provided.params) && results.as_ref() == Some(&provided.results) {
        return None;
    }
    let names = |types: &[Type]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let has = match provided.results.first() {
        Some(result) => format!("func({}) -> {result}", names(&provided.params)),
        None => format!("func({})", names(&provided.params)),
    };
    Some(format!("the guest calls it as {}, and the host has {has}", signature(wanted)))
}

fn arguments(params: &[Type], args: &[Val]) -> Result<Vec<Datum>> {
    args.iter().zip(params).map(|(arg, ty)| from_val(arg, ty)).collect()
}

fn answer(returned: Vec<Datum>, ty: &ComponentFunc, results: &mut [Val]) -> wasmtime::Result<()> {
    let wrong = || Error::new(Kind::Internal, "a function of the host returned what it does not say");
    if returned.len() != results.len() {
        return Err(wrong().into());
    }
    for ((returned, result), ty) in returned.iter().zip(results).zip(ty.results()) {
        *result = to_val(returned, &ty)?;
    }
    Ok(())
}
