//! Calling a function as wasm-bindgen's JavaScript would.

use holm_abi::Value;
use holm_engine::shape::ValType;
use holm_engine::{Error, Kind};
use wasmtime::Val;

use crate::heap::Js;
use crate::memory;
use crate::plan::Plan;
use crate::session::Session;
use crate::state::broken;
use crate::values::{lift, lower};

/// Calls a function with these arguments; returns its result, if it has one.
///
/// # Errors
/// [`Kind::Usage`] for other arguments than the function takes, [`Kind::Trap`] when it trapped or returned an error.
pub(crate) async fn call(session: &mut Session<'_>, plan: &Plan, args: &[Value]) -> wasmtime::Result<Option<Value>> {
    if args.len() != plan.params.len() {
        let (name, takes, got) = (&plan.export, plan.params.len(), args.len());
        return Err(Error::new(Kind::Usage, format!("`{name}` takes {takes} arguments, not {got}")).into());
    }
    let mut core = Vec::new();
    let room = match &plan.memory {
        Some(layout) => Some(room(session, layout).await?),
        None => None,
    };
    core.extend(room.map(|room| Val::I32(room.cast_signed())));
    for (ty, value) in plan.params.iter().zip(args) {
        lower(session, ty, value, &mut core).await?;
    }
    let direct = session.call(&plan.export, &core).await?;
    let returned = match (&plan.memory, room) {
        (Some(layout), Some(room)) => read(session, layout, room)?,
        _ => direct,
    };
    if plan.fallible
        && let [.., Val::I32(error), Val::I32(failed)] = returned.as_slice()
        && *failed != 0
    {
        let table = session.table();
        let error = memory::indexed(table, &mut *session.store, error.cast_unsigned())?;
        return Err(returned_error(plan, &error).into());
    }
    lift(session, &plan.result, &returned).await
}

/// A function that fails has ended this call, as an uncaught exception does in JavaScript.
fn returned_error(plan: &Plan, error: &Js) -> Error {
    let words = error.words();
    Error::new(Kind::Trap, format!("{} returned an error: {words}", plan.export))
}

/// Room for a result, as C would lay it out; the guest's stack stays aligned to 16.
async fn room(session: &mut Session<'_>, layout: &[ValType]) -> wasmtime::Result<u32> {
    let size = offsets(layout).last().map_or(0, |(end, ty)| end + width(ty));
    session.room(size.next_multiple_of(16)).await
}

fn read(session: &mut Session<'_>, layout: &[ValType], room: u32) -> wasmtime::Result<Vec<Val>> {
    let memory = session.memory()?;
    let mut values = Vec::new();
    for (offset, ty) in offsets(layout) {
        let at = room.checked_add(offset).ok_or_else(|| broken("its stack is at the end of its memory"))?;
        let bytes = memory::bytes(memory, &*session.store, at, width(ty).into())?;
        let bits = bytes.iter().rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte));
        values.push(match ty {
            ValType::I64 => Val::I64(bits.cast_signed()),
            ValType::F32 => Val::F32(bits as u32),
            ValType::F64 => Val::F64(bits),
            _ => Val::I32(bits as i32),
        });
    }
    Ok(values)
}

fn offsets(layout: &[ValType]) -> impl Iterator<Item = (u32, &ValType)> {
    layout.iter().scan(0_u32, |end, ty| {
        let at = end.next_multiple_of(width(ty));
        *end = at + width(ty);
        Some((at, ty))
    })
}

fn width(ty: &ValType) -> u32 {
    if matches!(ty, ValType::I64 | ValType::F64) { 8 } else { 4 }
}
