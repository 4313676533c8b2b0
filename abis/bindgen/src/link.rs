//! Linking: what is provided, and a named refusal for everything else of JavaScript's.

use std::sync::Arc;

use holm_abi::missing_imports;
use holm_abi::{Guest, MissingImport};
use holm_engine::shape::{ExternType, Import, Signature};
use holm_engine::{Error, Kind, Result};
use wasmtime::{FuncType, InstancePre, Linker, Module, Val};

use crate::glue::Glue;
use crate::host;
use crate::intrinsic::{Intrinsic, intrinsic, is_javascript, without_hash};
use crate::state::State;

/// Links a guest.
///
/// # Errors
/// [`Kind::MissingImports`] for imports that are not JavaScript's.
pub(crate) fn link(guest: &Guest, module: &Module, glue: Option<&Arc<Glue>>) -> Result<InstancePre<State>> {
    refuse_missing(guest)?;
    let mut linker = Linker::new(module.engine());
    // A guest may import the same thing twice.
    linker.allow_shadowing(true);
    for (import, ty) in functions(guest, module) {
        let linked = match intrinsic(&import.name, ty.1, glue.map(AsRef::as_ref)) {
            Some(found) => provide(&mut linker, import, ty.0, found),
            None => refuse(&mut linker, import, ty.0, glue.cloned()),
        };
        linked.map_err(|error| failed(guest, &error))?;
    }
    linker.instantiate_pre(module).map_err(|error| failed(guest, &error))
}

/// Links a guest that is to describe itself and nothing else.
///
/// # Errors
/// As [`link`].
pub(crate) fn link_to_describe(guest: &Guest, module: &Module) -> Result<InstancePre<State>> {
    refuse_missing(guest)?;
    let mut linker = Linker::new(module.engine());
    linker.allow_shadowing(true);
    for (import, (ty, signature)) in functions(guest, module) {
        let linked = match intrinsic(&import.name, signature, None) {
            Some(Intrinsic::Describe) => provide(&mut linker, import, ty, Intrinsic::Describe),
            _ => refuse(&mut linker, import, ty, None),
        };
        linked.map_err(|error| failed(guest, &error))?;
    }
    linker.instantiate_pre(module).map_err(|error| failed(guest, &error))
}

/// The imported functions; the shape and the module list imports in the same order.
fn functions<'a>(
    guest: &'a Guest,
    module: &'a Module,
) -> impl Iterator<Item = (&'a Import, (FuncType, &'a Signature))> {
    guest.shape.imports.iter().zip(module.imports()).filter_map(|(import, ty)| match (&import.ty, ty.ty()) {
        (ExternType::Func(signature), wasmtime::ExternType::Func(ty)) => Some((import, (ty, signature))),
        _ => None,
    })
}

fn provide(linker: &mut Linker<State>, import: &Import, ty: FuncType, found: Intrinsic) -> wasmtime::Result<()> {
    let (module, name) = (import.module.as_str(), import.name.as_str());
    match found {
        Intrinsic::TextGet | Intrinsic::DebugText => {
            let debug = found == Intrinsic::DebugText;
            linker.func_new_async(module, name, ty, move |mut guest, args, _| {
                Box::new(async move { host::text_get(debug, &mut guest, args).await })
            })?;
        }
        _ => {
            let returns = ty.clone();
            linker.func_new(module, name, ty, move |mut guest, args, results| {
                let value = host::run(found, &returns, &mut guest, args)?;
                if let (Some(value), Some(result)) = (value, results.first_mut()) {
                    *result = value;
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// What the import needs is looked up when it is called: most never are.
fn refuse(linker: &mut Linker<State>, import: &Import, ty: FuncType, glue: Option<Arc<Glue>>) -> wasmtime::Result<()> {
    let wanted = import.clone();
    linker.func_new(&import.module, &import.name, ty, move |_, _: &[Val], _| {
        Err(refusal(&wanted, glue.as_deref()).into())
    })?;
    Ok(())
}

fn refusal(import: &Import, glue: Option<&Glue>) -> Error {
    let (name, module) = (&import.name, &import.module);
    let bare = without_hash(name.trim_start_matches("__wbg_")).trim_start_matches("__wbindgen_");
    let needs = glue.and_then(|glue| glue.needs(name)).unwrap_or_else(|| bare.to_owned());
    let message =
        format!("needs JavaScript's `{needs}` (import `{name}` from `{module}`), which Holm does not provide");
    Error::new(Kind::Trap, message)
}

fn refuse_missing(guest: &Guest) -> Result<()> {
    let imports = guest.shape.imports.iter();
    let foreign = imports.filter(|import| !is_javascript(&import.module) || !matches!(import.ty, ExternType::Func(_)));
    let missing: Vec<_> = foreign
        .map(|import| MissingImport { from: import.module.clone(), item: import.name.clone(), why: None })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(missing_imports(&guest.name, &missing)) }
}

fn failed(guest: &Guest, error: &wasmtime::Error) -> Error {
    Error::new(Kind::Internal, format!("{} does not link: {error:#}", guest.name))
}
