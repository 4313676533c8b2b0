//! The guest's memory and table, with every pointer and index checked.
//!
//! All of it works on a store as well as inside a host function, hence the engine's context types.

use holm_engine::{Error, Kind, Result};
use wasmtime::{AsContext, AsContextMut, ExternRef, Memory, Ref, Table, Val};

use crate::heap::{CONSTANTS, Js, OFFSET, RESERVED};
use crate::state::{State, broken};

/// Bytes of text that are taken from a guest at once.
pub(crate) const MAX_TEXT: u32 = 64 << 20;

/// Elements of a list that are taken from a guest at once. One takes up to forty times as much here as there.
pub(crate) const MAX_LIST: u32 = 4 << 20;

/// Bytes of the guest's memory.
///
/// # Errors
/// [`Kind::Trap`] when they are not all inside it.
pub(crate) fn bytes(memory: Memory, store: &impl AsContext<Data = State>, at: u32, size: u64) -> Result<&[u8]> {
    let all = memory.data(store.as_context());
    let range = usize::try_from(size).ok().and_then(|size| Some(at as usize..(at as usize).checked_add(size)?));
    range.and_then(|range| all.get(range)).ok_or_else(|| outside(at, size, all.len()))
}

/// Writes into the guest's memory.
///
/// # Errors
/// [`Kind::Trap`] when it would go beyond.
pub(crate) fn write(memory: Memory, mut store: impl AsContextMut<Data = State>, at: u32, bytes: &[u8]) -> Result<()> {
    let mut store = store.as_context_mut();
    if memory.write(&mut store, at as usize, bytes).is_ok() {
        return Ok(());
    }
    let size = memory.data_size(&store);
    Err(outside(at, bytes.len() as u64, size))
}

fn outside(at: u32, size: u64, memory: usize) -> Error {
    broken(format!("{size} bytes at {at} are not in its memory of {memory} bytes"))
}

/// A text; what is not UTF-8 is replaced, as JavaScript's decoder does.
///
/// # Errors
/// [`Kind::Trap`] when it is outside the memory, [`Kind::OutOfOutput`] when it is too large.
pub(crate) fn text(memory: Memory, store: &impl AsContext<Data = State>, at: u32, size: u32) -> Result<String> {
    let bytes = bytes(memory, store, at, size.into())?;
    if size > MAX_TEXT {
        return Err(too_large(format_args!("a text of {size} bytes"), MAX_TEXT));
    }
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

/// The error of a guest that gives more than is taken.
pub(crate) fn too_large(what: impl std::fmt::Display, most: u32) -> Error {
    Error::new(Kind::OutOfOutput, format!("gave {what}, and at most {most} are taken"))
}

/// Prepares a table of references: its first entry and the constants.
///
/// # Errors
/// The table could not grow.
pub(crate) fn init_table(table: Table, mut store: impl AsContextMut<Data = State>) -> wasmtime::Result<()> {
    let mut store = store.as_context_mut();
    // Since 0.2.12x the table comes with room for the constants, before the host made it.
    let first = match table.size(&store) {
        size if size >= u64::from(RESERVED) => u64::from(OFFSET),
        _ => table.grow(&mut store, CONSTANTS.len() as u64, Ref::Extern(None))?,
    };
    let undefined = reference(&mut store, Js::Undefined)?;
    table.set(&mut store, 0, undefined)?;
    for (at, constant) in (first..).zip(CONSTANTS) {
        let constant = reference(&mut store, constant)?;
        table.set(&mut store, at, constant)?;
    }
    Ok(())
}

/// A reference to a value, which the guest may keep.
///
/// # Errors
/// [`Kind::OutOfMemory`].
pub(crate) fn reference(mut store: impl AsContextMut<Data = State>, value: Js) -> wasmtime::Result<Ref> {
    if value == Js::Null {
        return Ok(Ref::Extern(None));
    }
    let handle = store.as_context_mut().data_mut().keep(value)?;
    Ok(Ref::Extern(Some(ExternRef::new(store, handle)?)))
}

/// The value behind a handle or a reference.
///
/// # Errors
/// [`Kind::Trap`] when there is none.
pub(crate) fn value(store: impl AsContext<Data = State>, given: &Val) -> wasmtime::Result<Js> {
    let store = store.as_context();
    let handle = match given {
        Val::I32(handle) => handle.cast_unsigned(),
        Val::ExternRef(None) => return Ok(Js::Null),
        Val::ExternRef(Some(reference)) => match reference.data(&store)?.and_then(|any| any.downcast_ref::<u32>()) {
            Some(handle) => *handle,
            None => return Err(broken("a reference is not one of JavaScript's").into()),
        },
        _ => return Err(broken("a number where a JavaScript value belongs").into()),
    };
    Ok(store.data().value(handle)?)
}

/// The value that a guest names by index: in its table, if it has one.
///
/// # Errors
/// [`Kind::Trap`] when there is none.
pub(crate) fn indexed(
    table: Option<Table>,
    mut store: impl AsContextMut<Data = State>,
    index: u32,
) -> wasmtime::Result<Js> {
    let mut store = store.as_context_mut();
    let Some(table) = table else { return Ok(store.data().value(index)?) };
    match table.get(&mut store, index.into()) {
        Some(Ref::Extern(reference)) => value(store, &Val::ExternRef(reference)),
        _ => Err(broken(format!("there is nothing at {index} in its table of references")).into()),
    }
}
