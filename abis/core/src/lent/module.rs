//! Functions of the host for core modules.
//!
//! Numbers are numbers, `bool` and `char` are `i32`. Text and bytes come as a pointer and a length into the memory that
//! the guest exports as `memory`; a core module cannot be given any, since nobody but it knows where it has room.

use holm_abi::{
    Datum, Error, HostFunction, Kind, MissingImport, Provided, Result, Type, WasmType as _, WasmTypeKind as Form,
};
use wasmtime::{Caller, Extern, ExternType, FuncType, Linker, Module, Val, ValType};

use super::{Lent, from_scalar, last_of_each, scalar, to_scalar};

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
        return from_scalar(ty, arg).map(Datum::Value);
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

fn answer(returned: Vec<Datum>, results: &mut [Val]) -> wasmtime::Result<()> {
    let wrong = || Error::new(Kind::Internal, "a function of the host returned what it does not say");
    if returned.len() != results.len() {
        return Err(wrong().into());
    }
    for (returned, result) in returned.iter().zip(results) {
        let Datum::Value(value) = returned else { return Err(wrong().into()) };
        *result = to_scalar(value).ok_or_else(wrong)?;
    }
    Ok(())
}
