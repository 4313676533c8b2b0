//! Functions of the host for core modules.
//!
//! Numbers are numbers, `bool` and `char` are `i32`. Text and bytes come as a pointer and a length into the memory that
//! the guest exports as `memory`; a core module cannot be given any, since nobody but it knows where it has room.

use holm_abi::{Datum, Error, HostFunction, Kind, Provided, Result, Type, Value, WasmType as _, WasmTypeKind as Form};
use holm_abi::{MissingImport, WasmValue as _};
use wasmtime::{Caller, Extern, ExternType, FuncType, Linker, Module, Val, ValType};

use super::{Lent, last_of_each};

/// Links those of `provided` that `module` imports.
///
/// # Errors
/// [`Kind::MissingImports`] for functions that it imports with another signature.
pub fn link_module<T: Lent>(linker: &mut Linker<T>, module: &Module, guest: &str, provided: &[Provided]) -> Result<()> {
    let mut unfit = Vec::new();
    linker.allow_shadowing(true);
    for provided in last_of_each(provided) {
        let imported =
            module.imports().find(|import| import.module() == provided.from && import.name() == provided.name);
        let Some(ExternType::Func(wanted)) = imported.map(|import| import.ty()) else { continue };
        match signature(module.engine(), provided) {
            Some(ty) if FuncType::eq(&ty, &wanted) => link(linker, provided, ty)?,
            has => unfit.push(MissingImport {
                from: provided.from.clone(),
                item: provided.name.clone(),
                why: Some(differs(&wanted, has.as_ref())),
            }),
        }
    }
    if unfit.is_empty() { Ok(()) } else { Err(holm_abi::missing_imports(guest, &unfit)) }
}

fn differs(wanted: &FuncType, has: Option<&FuncType>) -> String {
    let wanted = crate::module::signature(wanted);
    match has {
        Some(has) => format!("the guest calls it as {wanted}, and the host has {}", crate::module::signature(has)),
        None => format!("the guest calls it as {wanted}, and the host's takes or returns what no core module can"),
    }
}

/// The signature in core types, if it has one.
fn signature(engine: &wasmtime::Engine, provided: &Provided) -> Option<FuncType> {
    let mut params = Vec::new();
    for ty in &provided.params {
        match scalar(ty) {
            Some(ty) => params.push(ty),
            None if is_slice(ty) => params.extend([ValType::I32, ValType::I32]),
            None => return None,
        }
    }
    let results: Option<Vec<_>> = provided.results.iter().map(scalar).collect();
    Some(FuncType::new(engine, params, results?))
}

fn scalar(ty: &Type) -> Option<ValType> {
    match ty.kind() {
        Form::Bool | Form::S8 | Form::U8 | Form::S16 | Form::U16 | Form::S32 | Form::U32 | Form::Char => {
            Some(ValType::I32)
        }
        Form::S64 | Form::U64 => Some(ValType::I64),
        Form::F32 => Some(ValType::F32),
        Form::F64 => Some(ValType::F64),
        _ => None,
    }
}

fn is_slice(ty: &Type) -> bool {
    ty.kind() == Form::String || *ty == Type::list(Type::U8)
}

fn link<T: Lent>(linker: &mut Linker<T>, provided: &Provided, ty: FuncType) -> Result<()> {
    let Provided { from, name, params, .. } = provided;
    let params = params.clone();
    let linked = match provided.function.clone() {
        HostFunction::Now(function) => linker.func_new(from, name, ty, move |mut caller, args, results| {
            let args = arguments(&mut caller, &params, args)?;
            let who = caller.data_mut().caller().clone();
            answer(function(&who, args)?, results)
        }),
        HostFunction::Later(function) => linker.func_new_async(from, name, ty, move |mut caller, args, results| {
            let args = arguments(&mut caller, &params, args);
            let who = caller.data_mut().caller().clone();
            let function = std::sync::Arc::clone(&function);
            Box::new(async move { answer(function(who, args?).await?, results) })
        }),
    };
    linked.map(drop).map_err(|error| Error::new(Kind::Internal, format!("the host's {name} does not link: {error:#}")))
}

fn arguments<T: Lent>(caller: &mut Caller<'_, T>, params: &[Type], args: &[Val]) -> Result<Vec<Datum>> {
    let mut args = args.iter();
    params.iter().map(|ty| argument(caller, ty, &mut args)).collect()
}

fn argument<'a, T: Lent>(
    caller: &mut Caller<'_, T>,
    ty: &Type,
    args: &mut impl Iterator<Item = &'a Val>,
) -> Result<Datum> {
    let wrong = || Error::new(Kind::Internal, "a function of the host was linked as what it is not");
    let arg = args.next().ok_or_else(wrong)?;
    if !is_slice(ty) {
        return from_val(ty, arg).map(Datum::Value);
    }
    let (Val::I32(start), Some(Val::I32(length))) = (arg, args.next()) else { return Err(wrong()) };
    let bytes = slice(caller, start.cast_unsigned(), length.cast_unsigned())?;
    if ty.kind() != Form::String {
        return Ok(Datum::Bytes(bytes));
    }
    let text = String::from_utf8(bytes);
    text.map(Datum::Text).map_err(|_| Error::new(Kind::Trap, "it gave the host text that is not UTF-8"))
}

fn slice<T: Lent>(caller: &mut Caller<'_, T>, start: u32, length: u32) -> Result<Vec<u8>> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        return Err(Error::new(Kind::Trap, "it gave the host a pointer, and exports no memory"));
    };
    let range = start as usize..start as usize + length as usize;
    let outside = || Error::new(Kind::Trap, format!("it gave the host {length} bytes at {start}, outside its memory"));
    memory.data(&*caller).get(range).map(<[u8]>::to_vec).ok_or_else(outside)
}

fn from_val(ty: &Type, value: &Val) -> Result<Value> {
    let bits = match value {
        Val::I32(value) => u64::from(value.cast_unsigned()),
        Val::I64(value) => value.cast_unsigned(),
        Val::F32(bits) => u64::from(*bits),
        Val::F64(bits) => *bits,
        _ => 0,
    };
    let low = bits as u32;
    Ok(match ty.kind() {
        Form::Bool => Value::make_bool(low != 0),
        Form::S8 => Value::make_s8(low as i8),
        Form::U8 => Value::make_u8(low as u8),
        Form::S16 => Value::make_s16(low as i16),
        Form::U16 => Value::make_u16(low as u16),
        Form::S32 => Value::make_s32(low as i32),
        Form::U32 => Value::make_u32(low),
        Form::S64 => Value::make_s64(bits as i64),
        Form::U64 => Value::make_u64(bits),
        Form::F32 => Value::make_f32(f32::from_bits(low)),
        Form::F64 => Value::make_f64(f64::from_bits(bits)),
        Form::Char => {
            let char = char::from_u32(low);
            Value::make_char(char.ok_or_else(|| Error::new(Kind::Trap, "it gave the host a character that is none"))?)
        }
        _ => return Err(Error::new(Kind::Internal, "a function of the host was linked as what it is not")),
    })
}

fn answer(returned: Vec<Datum>, results: &mut [Val]) -> wasmtime::Result<()> {
    let wrong = || Error::new(Kind::Internal, "a function of the host returned what it does not say");
    if returned.len() != results.len() {
        return Err(wrong().into());
    }
    for (returned, result) in returned.iter().zip(results) {
        let Datum::Value(value) = returned else { return Err(wrong().into()) };
        *result = to_val(value).ok_or_else(wrong)?;
    }
    Ok(())
}

fn to_val(value: &Value) -> Option<Val> {
    Some(match value.kind() {
        Form::Bool => Val::I32(value.unwrap_bool().into()),
        Form::S8 => Val::I32(value.unwrap_s8().into()),
        Form::U8 => Val::I32(value.unwrap_u8().into()),
        Form::S16 => Val::I32(value.unwrap_s16().into()),
        Form::U16 => Val::I32(value.unwrap_u16().into()),
        Form::S32 => Val::I32(value.unwrap_s32()),
        Form::U32 => Val::I32(value.unwrap_u32().cast_signed()),
        Form::S64 => Val::I64(value.unwrap_s64()),
        Form::U64 => Val::I64(value.unwrap_u64().cast_signed()),
        Form::F32 => Val::F32(value.unwrap_f32().to_bits()),
        Form::F64 => Val::F64(value.unwrap_f64().to_bits()),
        Form::Char => Val::I32(u32::from(value.unwrap_char()).cast_signed()),
        _ => return None,
    })
}
