//! What the provided imports do.

use holm_engine::{Error, Kind};
use wasmtime::{Caller, Extern, FuncType, Memory, Table, Val, ValType};

use crate::description;
use crate::heap::{CONSTANTS, Js, RESERVED};
use crate::intrinsic::Intrinsic as I;
use crate::memory;
use crate::state::{State, broken};

type Guest<'a> = Caller<'a, State>;

/// Does what `intrinsic` does. Its signature was checked when the guest was linked.
///
/// # Errors
/// The exception that was thrown; [`Kind::Trap`] for pointers and handles that are none.
pub(crate) fn run(intrinsic: I, ty: &FuncType, guest: &mut Guest<'_>, args: &[Val]) -> wasmtime::Result<Option<Val>> {
    let truth = |truth: bool| Ok(Some(Val::I32(truth.into())));
    let first = || args.first().cloned().unwrap_or(Val::I32(0));
    match intrinsic {
        I::Throw => {
            let words = text_arg(guest, args)?;
            Err(thrown(&words))
        }
        I::Rethrow => {
            let value = memory::value(&*guest, &first())?;
            Err(thrown(&value.words()))
        }
        I::DropRef => {
            guest.data_mut().drop_value(word(args, 0));
            Ok(None)
        }
        I::CloneRef => {
            let value = memory::value(&*guest, &first())?;
            give(guest, ty, value)
        }
        I::Text => {
            let text = text_arg(guest, args)?;
            give(guest, ty, Js::Text(text.into()))
        }
        I::Error => {
            let text = text_arg(guest, args)?;
            give(guest, ty, Js::Error(text.into()))
        }
        I::Number => give(guest, ty, Js::Number(first().f64().unwrap_or(0.0))),
        I::Memory => give(guest, ty, Js::Opaque("WebAssembly.Memory")),
        I::NumberGet => number_get(guest, args),
        I::BooleanGet(neither) => Ok(Some(Val::I32(match memory::value(&*guest, &first())? {
            Js::Bool(value) => value.into(),
            _ => neither,
        }))),
        I::IsUndefined => truth(memory::value(&*guest, &first())? == Js::Undefined),
        I::IsNull => truth(memory::value(&*guest, &first())? == Js::Null),
        I::IsNullish => truth(CONSTANTS[..2].contains(&memory::value(&*guest, &first())?)),
        I::IsText => truth(matches!(memory::value(&*guest, &first())?, Js::Text(_))),
        I::InitTable => {
            match table(guest) {
                Some(table) => memory::init_table(table, guest)?,
                None => guest.data_mut().table_unprepared = true,
            }
            Ok(None)
        }
        I::Describe => Ok(guest.data_mut().describe(word(args, 0)).map(|()| None)?),
        I::Described => described(guest, word(args, 1)),
        I::StaticsEnd => Ok(Some(Val::I32(RESERVED.cast_signed()))),
        // These call the guest back; see `text_get`.
        I::TextGet | I::DebugText => Ok(None),
    }
}

/// Writes pointer and length of a copy of a value's text, which the guest allocates; null if it is no text.
///
/// # Errors
/// The guest's allocator trapped, or answered with memory that is not there.
pub(crate) async fn text_get(debug: bool, guest: &mut Guest<'_>, args: &[Val]) -> wasmtime::Result<()> {
    let text = match memory::value(&*guest, args.get(1).unwrap_or(&Val::I32(0)))? {
        Js::Text(text) if debug => Some(format!("{text:?}")),
        Js::Text(text) => Some(text.to_string()),
        other if debug => Some(other.words()),
        _ => None,
    };
    let words = match text {
        Some(text) => [allocate(guest, &text).await?, text.len() as u32],
        None => [0, 0],
    };
    let (memory, at) = (memory_of(guest)?, word(args, 0));
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    Ok(memory::write(memory, guest, at, &bytes)?)
}

async fn allocate(guest: &mut Guest<'_>, text: &str) -> wasmtime::Result<u32> {
    let plumbing = guest.data().plumbing.clone();
    let malloc = plumbing.malloc.as_deref().and_then(|name| guest.get_export(name)).and_then(Extern::into_func);
    let malloc = malloc.ok_or_else(|| broken("it has no allocator, `__wbindgen_malloc`"))?;
    let args = [Val::I32(text.len() as i32), Val::I32(1)];
    let args = if plumbing.aligned { &args[..] } else { &args[..1] };
    let mut pointer = [Val::I32(0)];
    malloc.call_async(&mut *guest, args, &mut pointer).await?;
    let pointer = word(&pointer, 0);
    memory::write(memory_of(guest)?, guest, pointer, text.as_bytes())?;
    Ok(pointer)
}

/// A conversion that the guest described and could not do itself, as it is before wasm-bindgen's program has seen it:
/// what is converted is where `at` points, and there the result goes.
fn described(guest: &mut Guest<'_>, at: u32) -> wasmtime::Result<Option<Val>> {
    let words = guest.data_mut().take_description();
    let memory = memory_of(guest)?;
    let argument = |offset: u32, size: u64| {
        let bytes = memory::bytes(memory, &*guest, at.saturating_add(offset), size)?;
        Ok::<_, Error>(bytes.iter().rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte)))
    };
    let value = match description::conversion(&words) {
        Some(I::Text) => {
            let (pointer, size) = (argument(0, 4)? as u32, argument(4, 4)? as u32);
            Js::Text(memory::text(memory, &*guest, pointer, size)?.into())
        }
        Some(I::Number) => Js::Number(f64::from_bits(argument(0, 8)?)),
        _ => return Err(unconvertible().into()),
    };
    let handle = guest.data_mut().keep(value)?;
    memory::write(memory, guest, at, &handle.to_le_bytes())?;
    Ok(Some(Val::I32(at.cast_signed())))
}

fn unconvertible() -> Error {
    let message = "converts a value into one that only JavaScript has, which Holm does not provide";
    Error::new(Kind::Trap, message)
}

/// An exception that nothing can catch here.
fn thrown(words: &str) -> wasmtime::Error {
    Error::new(Kind::Trap, format!("threw an error: {words}")).into()
}

fn number_get(guest: &mut Guest<'_>, args: &[Val]) -> wasmtime::Result<Option<Val>> {
    let (flag, number) = match memory::value(&*guest, args.get(1).unwrap_or(&Val::I32(0)))? {
        Js::Number(number) => (1_u64, number),
        _ => (0, 0.0),
    };
    let bytes = [flag.to_le_bytes(), number.to_bits().to_le_bytes()].concat();
    memory::write(memory_of(guest)?, guest, word(args, 0), &bytes)?;
    Ok(None)
}

/// Gives the guest a value in the form that its import returns.
fn give(guest: &mut Guest<'_>, ty: &FuncType, value: Js) -> wasmtime::Result<Option<Val>> {
    Ok(Some(match ty.results().next() {
        Some(ValType::I32) => Val::I32(guest.data_mut().keep(value)?.cast_signed()),
        _ => memory::reference(guest, value)?.into(),
    }))
}

fn text_arg(guest: &mut Guest<'_>, args: &[Val]) -> wasmtime::Result<String> {
    let memory = memory_of(guest)?;
    Ok(memory::text(memory, &*guest, word(args, 0), word(args, 1))?)
}

fn word(args: &[Val], at: usize) -> u32 {
    args.get(at).and_then(Val::i32).unwrap_or_default().cast_unsigned()
}

fn memory_of(guest: &mut Guest<'_>) -> Result<Memory, Error> {
    let memory = guest.get_export("memory").and_then(Extern::into_memory);
    memory.ok_or_else(|| broken("it exports no memory"))
}

fn table(guest: &mut Guest<'_>) -> Option<Table> {
    let plumbing = guest.data().plumbing.clone();
    guest.get_export(plumbing.table.as_deref()?)?.into_table()
}
