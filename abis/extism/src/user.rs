//! Functions of the program that runs a plugin.
//!
//! Numbers are numbers. Everything else crosses in a block of memory, whose offset the plugin passes: text and bytes as
//! they are, a number by its bytes, the lowest first, and other types as JSON, which is what Extism's PDKs make of them.

use std::sync::Arc;

use holm_abi::{
    Datum, Error, HostFunction, Kind, MissingImport, Provided, Result, Type, Value, WasmType as _,
    WasmTypeKind as Form, from_json, to_json,
};
use holm_core::{Lent as _, from_scalar, scalar, signature, to_scalar};
use wasmtime::{Caller, ExternType, FuncType, Linker, Module, Val, ValType};

use crate::ENV;
use crate::state::{State, broken};

/// Links those of `provided` that `module` imports. Returns those that it imports with another signature.
///
/// # Errors
/// [`Kind::Internal`] when the engine refuses one.
pub(crate) fn link(linker: &mut Linker<State>, module: &Module, provided: &[Provided]) -> Result<Vec<MissingImport>> {
    let mut unfit = Vec::new();
    for import in module.imports().filter(|import| import.module() != ENV) {
        let is = |one: &&Provided| one.from == import.module() && one.name == import.name();
        // Of several with the same name, the last counts.
        let (Some(one), ExternType::Func(ty)) = (provided.iter().rfind(is), import.ty()) else { continue };
        match Passed::of(one, &ty) {
            Some(passed) => link_one(linker, one, ty, passed)?,
            None => unfit.push(MissingImport {
                from: one.from.clone(),
                item: one.name.clone(),
                why: Some(differs(one, &ty)),
            }),
        }
    }
    Ok(unfit)
}

fn differs(provided: &Provided, wanted: &FuncType) -> String {
    let names = |types: &[Type]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let returns = if provided.results.is_empty() { "" } else { " -> " };
    let has = format!("({}){returns}{}", names(&provided.params), names(&provided.results));
    format!("the guest calls it as {}, and the host has {has}", signature(wanted))
}

/// How the arguments and the result of one function are passed.
#[derive(Clone)]
struct Passed {
    params: Vec<Pass>,
    results: Vec<Pass>,
}

#[derive(Clone)]
enum Pass {
    Number(Type),
    Block(Type),
}

impl Passed {
    /// `None`: a plugin cannot call the function as a `wanted` one.
    fn of(provided: &Provided, wanted: &FuncType) -> Option<Self> {
        fn all(types: &[Type], wanted: impl ExactSizeIterator<Item = ValType>) -> Option<Vec<Pass>> {
            let same = types.len() == wanted.len();
            types.iter().zip(wanted).map(|(ty, wanted)| Pass::of(ty, &wanted).filter(|_| same)).collect()
        }
        Some(Self {
            params: all(&provided.params, wanted.params())?,
            results: all(&provided.results, wanted.results())?,
        })
    }
}

impl Pass {
    fn of(ty: &Type, wanted: &ValType) -> Option<Self> {
        match scalar(ty) {
            Some(core) if ValType::eq(&core, wanted) => Some(Self::Number(ty.clone())),
            _ if wanted.is_i64() => Some(Self::Block(ty.clone())),
            _ => None,
        }
    }

    fn argument(&self, state: &State, value: &Val) -> Result<Datum> {
        match (self, value) {
            (Self::Block(ty), Val::I64(offset)) => {
                let what = "an argument of a function of the host";
                let bytes = state.bytes(offset.cast_unsigned(), what)?;
                from_block(ty, bytes).map_err(|why| broken(format_args!("{what} is not {ty}: {why}")))
            }
            (Self::Number(ty) | Self::Block(ty), value) => from_scalar(ty, value).map(Datum::Value),
        }
    }

    fn result(&self, state: &mut State, datum: &Datum) -> wasmtime::Result<Val> {
        match (self, datum) {
            (Self::Number(ty), Datum::Value(value)) if value_is(value, ty) => to_scalar(value).ok_or_else(wrong),
            (Self::Block(ty), datum) => {
                let bytes = to_block(ty, datum).ok_or_else(wrong)?;
                Ok(Val::I64(state.put(&bytes)?.cast_signed()))
            }
            _ => Err(wrong()),
        }
    }
}

fn value_is(value: &Value, ty: &Type) -> bool {
    use holm_abi::WasmValue as _;
    value.kind() == ty.kind()
}

fn wrong() -> wasmtime::Error {
    Error::new(Kind::Internal, "a function of the host returned what it does not say").into()
}

fn from_block(ty: &Type, bytes: &[u8]) -> Result<Datum, String> {
    if ty.kind() == Form::String {
        return String::from_utf8(bytes.to_vec()).map(Datum::Text).map_err(|_| "it is not UTF-8".into());
    }
    if *ty == Type::list(Type::U8) {
        return Ok(Datum::Bytes(bytes.to_vec()));
    }
    match scalar(ty) {
        Some(core) => number(ty, &core, bytes).map(Datum::Value),
        None => {
            let json: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
            from_json(ty, &json).map(Datum::Value)
        }
    }
}

/// A number from its bytes, the lowest first.
fn number(ty: &Type, core: &ValType, bytes: &[u8]) -> Result<Value, String> {
    let mut word = [0; 8];
    let room = word.get_mut(..bytes.len()).filter(|_| !bytes.is_empty());
    room.ok_or_else(|| format!("it has {} bytes", bytes.len()))?.copy_from_slice(bytes);
    let bits = u64::from_le_bytes(word);
    let value = match core {
        ValType::I32 => Val::I32(bits as i32),
        ValType::I64 => Val::I64(bits.cast_signed()),
        ValType::F32 => Val::F32(bits as u32),
        _ => Val::F64(bits),
    };
    from_scalar(ty, &value).map_err(|error| error.to_string())
}

/// `None`: it is of another type.
fn to_block(ty: &Type, datum: &Datum) -> Option<Vec<u8>> {
    match datum {
        Datum::Text(text) => (ty.kind() == Form::String).then(|| text.clone().into_bytes()),
        Datum::Bytes(bytes) => (*ty == Type::list(Type::U8)).then(|| bytes.clone()),
        Datum::Value(value) if !value_is(value, ty) => None,
        Datum::Value(value) => match to_scalar(value) {
            Some(Val::I32(number)) => Some(number.to_le_bytes().to_vec()),
            Some(Val::I64(number)) => Some(number.to_le_bytes().to_vec()),
            Some(Val::F32(bits)) => Some(bits.to_le_bytes().to_vec()),
            Some(Val::F64(bits)) => Some(bits.to_le_bytes().to_vec()),
            _ => serde_json::to_vec(&to_json(value)).ok(),
        },
    }
}

fn link_one(linker: &mut Linker<State>, provided: &Provided, ty: FuncType, passed: Passed) -> Result<()> {
    let (from, name) = (&provided.from, &provided.name);
    let linked = match provided.function.clone() {
        HostFunction::Now(function) => linker.func_new(from, name, ty, move |mut of, args, results| {
            let args = arguments(&of, &passed, args)?;
            of.data_mut().called();
            let who = of.data_mut().caller().clone();
            let returned = function(&who, args)?;
            answer(of.data_mut(), &passed, &returned, results)
        }),
        HostFunction::Later(function) => linker.func_new_async(from, name, ty, move |mut of, args, results| {
            let (args, passed) = (arguments(&of, &passed, args), passed.clone());
            of.data_mut().called();
            let who = of.data_mut().caller().clone();
            let function = Arc::clone(&function);
            Box::new(async move {
                let returned = function(who, args?).await?;
                answer(of.data_mut(), &passed, &returned, results)
            })
        }),
    };
    linked.map(drop).map_err(|error| Error::new(Kind::Internal, format!("the host's {name} does not link: {error:#}")))
}

fn arguments(of: &Caller<'_, State>, passed: &Passed, args: &[Val]) -> Result<Vec<Datum>> {
    passed.params.iter().zip(args).map(|(pass, value)| pass.argument(of.data(), value)).collect()
}

fn answer(state: &mut State, passed: &Passed, returned: &[Datum], results: &mut [Val]) -> wasmtime::Result<()> {
    if returned.len() != results.len() {
        return Err(wrong());
    }
    for ((pass, datum), result) in passed.results.iter().zip(returned).zip(results) {
        *result = pass.result(state, datum)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_crosses_in_a_block_and_comes_back() {
        let words = Type::list(Type::STRING);
        let list = from_json(&words, &serde_json::json!(["a", "b"])).unwrap();
        for (ty, datum, bytes) in [
            (Type::STRING, Datum::Text("é".into()), "é".as_bytes()),
            (Type::list(Type::U8), Datum::Bytes(vec![0, 255]), &[0, 255]),
            (Type::U32, Datum::Value(from_json(&Type::U32, &258.into()).unwrap()), &[2, 1, 0, 0]),
            (words, Datum::Value(list), br#"["a","b"]"#),
        ] {
            assert_eq!(to_block(&ty, &datum).as_deref(), Some(bytes), "{ty}");
            assert_eq!(from_block(&ty, bytes), Ok(datum), "{ty}");
        }
    }

    #[test]
    fn what_is_not_of_the_type_is_refused() {
        let word = |ty: &Type, bytes: &[u8]| from_block(ty, bytes).is_err();
        assert!(word(&Type::STRING, &[255]) && word(&Type::U32, &[0; 9]) && word(&Type::U64, &[]));
        assert!(word(&Type::list(Type::STRING), b"{") && word(&Type::CHAR, &[0, 0xd8, 0, 0]));
        assert_eq!(to_block(&Type::U32, &Datum::Text("1".into())), None);
    }
}
