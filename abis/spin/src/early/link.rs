//! Spin's functions as core functions.

use std::pin::Pin;

use holm_abi::{Error, Guest, Host, Kind, MissingImport, Result, missing_imports};
use holm_wasi::link_world;
use wasmtime::{AsContextMut, Caller, FuncType, InstancePre, Linker, ValType};

use super::args::Args;
use super::facts::{self, Function};
use super::out::{self, Out};
use super::state::{Link, State};

/// What a function of the host does once it has read what it was called with.
pub(super) type Work = Box<dyn for<'a> FnOnce(&'a mut State) -> Working<'a> + Send>;

/// What it returns, if anything.
pub(super) type Working<'a> = Pin<Box<dyn Future<Output = wasmtime::Result<Option<Out>>> + Send + 'a>>;

/// Links what the guest imports.
///
/// # Errors
/// [`Kind::MissingImports`] with all that is missing.
pub(super) fn link(guest: &Guest, host: &Host) -> Result<InstancePre<State>> {
    let module = guest.code.module()?;
    let mut linker = Linker::new(module.engine());
    link_world(&mut linker, &guest.shape, host)?;
    linker.allow_shadowing(true);
    let mut missing = Vec::new();
    for import in &guest.shape.imports {
        match facts::of(import) {
            Some(function) => define(&mut linker, function).map_err(|error| failed(guest, &error))?,
            None if import.module.starts_with("wasi_") => {}
            None => missing.push(MissingImport {
                from: import.module.clone(),
                item: import.name.clone(),
                why: facts::is_almost(import).then(|| "Spin's function of this name has another type".to_owned()),
            }),
        }
    }
    if !missing.is_empty() {
        return Err(missing_imports(&guest.name, &missing));
    }
    linker.instantiate_pre(module).map_err(|error| failed(guest, &error))
}

fn failed(guest: &Guest, error: &wasmtime::Error) -> Error {
    Error::new(Kind::MissingImports, format!("{} does not link: {error:#}", guest.name))
}

fn define(linker: &mut Linker<State>, function: &'static Function) -> wasmtime::Result<()> {
    let params = function.params.bytes().map(|letter| if letter == b'f' { ValType::F32 } else { ValType::I32 });
    let ty = FuncType::new(linker.engine(), params, []);
    linker.func_new_async(function.module, function.name, ty, move |mut caller: Caller<'_, State>, params, _| {
        Box::new(async move {
            let link = caller.data().called()?;
            let (work, at) = {
                let mut args = Args::new(params, link.memory()?.data(&caller));
                let work = (function.begin)(&mut args)?;
                (work, args.next())
            };
            let answer = work(caller.data_mut()).await?;
            if let (Some(answer), Some(at)) = (answer, at) {
                let root = settle(&mut caller, &link, answer).await?;
                out::write(link.memory()?.data_mut(&mut caller), at, &root)?;
            }
            Ok(())
        })
    })?;
    Ok(())
}

/// Has the guest find room for all that has a place of its own, and writes it there. Returns what goes to the value's own
/// place.
///
/// # Errors
/// The guest traps, or gives an address outside of its memory.
pub(super) async fn settle(
    mut context: impl AsContextMut<Data = State> + Send,
    link: &Link,
    value: Out,
) -> wasmtime::Result<Vec<u8>> {
    let mut addresses = Vec::new();
    for (size, align) in value.wants().collect::<Vec<_>>() {
        addresses.push(match size {
            // The guest would answer this itself.
            0 => align,
            size => {
                let realloc = link.realloc()?;
                context.as_context_mut().data_mut().set_busy(true);
                let called = realloc.call_async(&mut context, (0, 0, align, size)).await;
                context.as_context_mut().data_mut().set_busy(false);
                called?
            }
        });
    }
    value.write(link.memory()?.data_mut(&mut context), &addresses)
}
