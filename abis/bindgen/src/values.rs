//! Arguments into core values, core values into results.

use holm_abi::{Type, Value, WasmTypeKind as Kind, WasmValue as _};
use holm_engine::shape::ValType;
use holm_engine::{Error, Kind as Fault};
use wasmtime::Val;

use crate::heap::Js;
use crate::memory::{self, MAX_LIST, MAX_TEXT};
use crate::number::Number;
use crate::plan::{Absent, SMALL_HOLE, Ty};
use crate::session::Session;
use crate::state::broken;

/// Adds the core values that carry `value` to `core`.
///
/// # Errors
/// [`Fault::Usage`] for a value of another type; whatever the guest's allocator does.
pub(crate) async fn lower(
    session: &mut Session<'_>,
    ty: &Ty,
    value: &Value,
    core: &mut Vec<Val>,
) -> wasmtime::Result<()> {
    let Ty::Option(inner, absent) = ty else { return lower_plain(session, ty, value, core).await };
    if value.kind() != Kind::Option {
        return Err(unfit(value).into());
    }
    match (value.unwrap_option(), absent) {
        (None, absent) => core.extend(lower_absent(inner, *absent)),
        (Some(value), Absent::Number(_)) => {
            let Ty::Number(number) = **inner else { return Err(unfit(&value).into()) };
            let bits = number.bits(&value).ok_or_else(|| unfit(&value))?;
            core.push(Val::F64(number.to_f64(bits).to_bits()));
        }
        (Some(value), absent) => {
            core.extend((*absent == Absent::Flag).then_some(Val::I32(1)));
            lower_plain(session, inner, &value, core).await?;
        }
    }
    Ok(())
}

fn lower_absent(ty: &Ty, absent: Absent) -> Vec<Val> {
    match (absent, ty) {
        (Absent::Null, _) => vec![Val::I32(0), Val::I32(0)],
        (Absent::Flag, Ty::Number(number)) => vec![Val::I32(0), core_number(*number, 0)],
        (Absent::Flag, _) => vec![Val::I32(0), Val::I32(0)],
        (Absent::Small, _) => vec![Val::I32(SMALL_HOLE)],
        (Absent::Number(hole), _) => vec![Val::F64(hole.to_bits())],
    }
}

async fn lower_plain(session: &mut Session<'_>, ty: &Ty, value: &Value, core: &mut Vec<Val>) -> wasmtime::Result<()> {
    match (ty, value.kind()) {
        (Ty::Bool, Kind::Bool) => core.push(Val::I32(value.unwrap_bool().into())),
        (Ty::Char, Kind::Char) => core.push(Val::I32(u32::from(value.unwrap_char()).cast_signed())),
        (Ty::Number(number), _) => {
            let bits = number.bits(value).ok_or_else(|| unfit(value))?;
            core.push(core_number(*number, bits));
        }
        (Ty::Text, Kind::String) => {
            let text = value.unwrap_string();
            let pointer = session.give(text.as_bytes(), 1).await?;
            core.extend([pointer, text.len() as u32].map(|word| Val::I32(word.cast_signed())));
        }
        (Ty::Array(number), Kind::List) => {
            let bytes = array_bytes(*number, value)?;
            let pointer = session.give(&bytes, number.size()).await?;
            let count = bytes.len() as u32 / number.size();
            core.extend([pointer, count].map(|word| Val::I32(word.cast_signed())));
        }
        _ => return Err(unfit(value).into()),
    }
    Ok(())
}

fn array_bytes(number: Number, list: &Value) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    for item in list.unwrap_list() {
        let bits = number.bits(&item).ok_or_else(|| unfit(&item))?;
        bytes.extend(bits.to_le_bytes().iter().take(number.size() as usize));
    }
    Ok(bytes)
}

fn core_number(number: Number, bits: u64) -> Val {
    match number.core() {
        ValType::I64 => Val::I64(bits.cast_signed()),
        ValType::F32 => Val::F32(bits as u32),
        ValType::F64 => Val::F64(bits),
        _ => Val::I32(bits as i32),
    }
}

fn unfit(value: &Value) -> Error {
    Error::new(Fault::Usage, format!("a {} is not what the function takes", value.kind()))
}

/// Reads the result that these core values carry; `None` for nothing.
///
/// # Errors
/// [`Fault::Trap`] when they are not such a result, [`Fault::OutOfOutput`] when it is too large.
pub(crate) async fn lift(session: &mut Session<'_>, ty: &Ty, core: &[Val]) -> wasmtime::Result<Option<Value>> {
    let Ty::Option(inner, absent) = ty else { return lift_plain(session, ty, core).await };
    let Some(wave) = ty.wave() else { return Ok(None) };
    let some = match (absent, core) {
        (Absent::Null, [Val::I32(0), ..]) | (Absent::Flag, [Val::I32(0), ..]) => None,
        (Absent::Small, [Val::I32(SMALL_HOLE), ..]) => None,
        (Absent::Flag, [_, core @ ..]) => lift_plain(session, inner, core).await?,
        (Absent::Number(_), [Val::F64(bits), ..]) => lift_number(inner, f64::from_bits(*bits)),
        _ => lift_plain(session, inner, core).await?,
    };
    Ok(Some(Value::make_option(&wave, some).map_err(broken)?))
}

/// An optional number. No number that fits its type is one of those that ever stood for an absent one, but for
/// JavaScript's own, of which the newer one is none that anybody counts up to.
fn lift_number(ty: &Ty, number: f64) -> Option<Value> {
    let Ty::Number(kind) = ty else { return None };
    let absent = number == crate::declared::HOLE || number == crate::declared::OLD_HOLE;
    (!absent).then(|| kind.of_f64(number))
}

async fn lift_plain(session: &mut Session<'_>, ty: &Ty, core: &[Val]) -> wasmtime::Result<Option<Value>> {
    let value = match (ty, core) {
        (Ty::Unit, _) => return Ok(None),
        (Ty::Bool, [Val::I32(word), ..]) => Value::make_bool(*word != 0),
        (Ty::Char, [Val::I32(word), ..]) => {
            let char = char::from_u32(word.cast_unsigned());
            Value::make_char(char.ok_or_else(|| broken(format!("{word} is no character")))?)
        }
        (Ty::Number(number), [core, ..]) => number.value(core_bits(core)),
        (Ty::Text, [Val::I32(pointer), Val::I32(size), ..]) => {
            let (pointer, size) = (pointer.cast_unsigned(), size.cast_unsigned());
            let memory = session.memory()?;
            let text = memory::text(memory, &*session.store, pointer, size)?;
            session.free(pointer, size, 1).await?;
            Value::make_string(text.into())
        }
        (Ty::Array(number), [Val::I32(pointer), Val::I32(count), ..]) => {
            lift_array(session, *number, pointer.cast_unsigned(), count.cast_unsigned()).await?
        }
        (Ty::Texts, [Val::I32(pointer), Val::I32(count), ..]) => {
            lift_texts(session, pointer.cast_unsigned(), count.cast_unsigned()).await?
        }
        _ => return Err(broken("its result is of another type").into()),
    };
    Ok(Some(value))
}

fn core_bits(core: &Val) -> u64 {
    match core {
        Val::I32(word) => word.cast_unsigned().into(),
        Val::I64(word) => word.cast_unsigned(),
        Val::F32(bits) => u64::from(*bits),
        Val::F64(bits) => *bits,
        _ => 0,
    }
}

async fn lift_array(session: &mut Session<'_>, number: Number, at: u32, count: u32) -> wasmtime::Result<Value> {
    let items = {
        let bytes = list_bytes(session, at, count, number.size())?;
        let one = |bytes: &[u8]| bytes.iter().rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte));
        bytes.chunks_exact(number.size() as usize).map(|bytes| number.value(one(bytes))).collect::<Vec<_>>()
    };
    session.free(at, count * number.size(), number.size()).await?;
    make_list(number.wave(), items)
}

/// A list of handles, each of a text.
async fn lift_texts(session: &mut Session<'_>, at: u32, count: u32) -> wasmtime::Result<Value> {
    let bytes = list_bytes(session, at, count, 4)?;
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    let handles: Vec<u32> = bytes.chunks_exact(4).map(word).collect();
    let table = session.table();
    let (mut texts, mut size) = (Vec::new(), 0_usize);
    for handle in handles {
        let value = memory::indexed(table, &mut *session.store, handle)?;
        let Js::Text(text) = value else {
            return Err(broken(format!("`{}` in a list of texts", value.words())).into());
        };
        // One handle can be in the list many times, so their texts together can be what no memory holds.
        size = size.saturating_add(text.len());
        if size > MAX_TEXT as usize {
            return Err(memory::too_large("a list of long texts", MAX_TEXT).into());
        }
        texts.push(Value::make_string(text.as_ref().into()));
    }
    session.free(at, count * 4, 4).await?;
    make_list(Type::STRING, texts)
}

/// The bytes of a list. `count * size` does not overflow once this has returned.
fn list_bytes<'a>(session: &'a mut Session<'_>, at: u32, count: u32, size: u32) -> wasmtime::Result<&'a [u8]> {
    let memory = session.memory()?;
    let bytes = memory::bytes(memory, &*session.store, at, u64::from(count) * u64::from(size))?;
    if count > MAX_LIST {
        return Err(memory::too_large(format_args!("a list of {count} elements"), MAX_LIST).into());
    }
    Ok(bytes)
}

fn make_list(element: Type, items: Vec<Value>) -> wasmtime::Result<Value> {
    Ok(Value::make_list(&Type::list(element), items).map_err(broken)?)
}
