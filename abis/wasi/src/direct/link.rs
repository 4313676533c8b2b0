//! What connects a core module with the functions it imports, and how they are called.

use std::mem::MaybeUninit;

use holm_engine::shape::{CoreImport, Target};
use wasmtime::component::ResourceTableError;
use wasmtime::{
    AsContextMut, Caller, Error, Func, FuncType, Instance, InstancePre, Linker, Memory, Module, ModuleExport, Result,
    Val, ValRaw, ValType, bail, format_err,
};

use super::canon::{Core, Flat, Guest, Lift, Lower, Out};
use super::functions::{Found, unknown_handle};
use super::{interfaces, preview1};
use crate::state::State;
use crate::version::Version;

/// The most core values that parameters are passed as (`MAX_FLAT_PARAMS` in `CanonicalABI.md`).
const MOST_FLAT: usize = 16;

/// What a running instance and the functions it calls have to do with each other.
#[derive(Default)]
pub(crate) struct Direct {
    link: Wiring,
    /// A function of the guest runs on behalf of one of the host's, and may call none itself.
    busy: bool,
}

/// Where an instance has its memory and the function to allocate in it.
#[derive(Clone, Copy, Default)]
pub(super) struct Wiring {
    memory: Option<Memory>,
    realloc: Option<Func>,
}

impl Wiring {
    pub(super) fn memory(&self) -> Result<Memory> {
        match self.memory {
            Some(memory) => Ok(memory),
            None => bail!("the guest has no memory"),
        }
    }

    pub(super) fn realloc(&self) -> Result<Func> {
        match self.realloc {
            Some(realloc) => Ok(realloc),
            None => bail!("the guest has no function to allocate memory with"),
        }
    }
}

impl Direct {
    /// Nothing may be called before this is there.
    pub(super) fn connect(&mut self, link: Wiring) {
        self.link = link;
    }

    /// The guest runs for the host from now on.
    pub(super) fn leave(&mut self) -> Result<()> {
        self.enter()?;
        self.busy = true;
        Ok(())
    }

    pub(super) fn come_back(&mut self) {
        self.busy = false;
    }

    /// The guest's memory, for a function that it calls.
    pub(super) fn memory(&self) -> Result<Memory> {
        self.enter()?.memory()
    }

    /// Whether the guest may call.
    fn enter(&self) -> Result<Wiring> {
        if self.busy {
            bail!("the guest calls a function of its host from within one that the host calls");
        }
        Ok(self.link)
    }
}

/// What a module exports for its host.
#[derive(Clone)]
pub(super) struct Exports {
    memory: Option<ModuleExport>,
    realloc: Option<ModuleExport>,
}

impl Exports {
    /// Finds them by name. `None` if they are of other types than they must be.
    pub(super) fn find(module: &Module, memory: Option<&str>, realloc: Option<&str>) -> Option<Self> {
        let find = |name: Option<&str>| name.map(|name| module.get_export_index(name));
        let found = Self {
            memory: find(memory).map_or(Some(None), |found| found.map(Some))?,
            realloc: find(realloc).map_or(Some(None), |found| found.map(Some))?,
        };
        let fits = |name: Option<&str>, fits: fn(wasmtime::ExternType) -> bool| {
            name.is_none_or(|name| module.get_export(name).is_some_and(fits))
        };
        let memory = fits(memory, |ty| ty.memory().is_some_and(|ty| !ty.is_64() && !ty.is_shared()));
        let realloc = fits(realloc, |ty| ty.func().is_some_and(|ty| is(ty, &[Core::I32; 4], &[Core::I32])));
        (memory && realloc).then_some(found)
    }

    /// Where `instance` of that module has them.
    pub(super) fn of(&self, mut store: impl AsContextMut, instance: Instance) -> Wiring {
        let mut get = |export: &Option<ModuleExport>| instance.get_module_export(&mut store, export.as_ref()?);
        Wiring {
            memory: get(&self.memory).and_then(wasmtime::Extern::into_memory),
            realloc: get(&self.realloc).and_then(wasmtime::Extern::into_func),
        }
    }
}

/// Whether a function has these types of parameters and results.
pub(super) fn is(ty: &FuncType, params: &[Core], results: &[Core]) -> bool {
    let same = |ty: ValType, core: &Core| matches!((ty, core), (ValType::I32, Core::I32) | (ValType::I64, Core::I64));
    let all = |types: &mut dyn ExactSizeIterator<Item = ValType>, cores: &[Core]| {
        types.len() == cores.len() && types.zip(cores).all(|(ty, core)| same(ty, core))
    };
    all(&mut ty.params(), params) && all(&mut ty.results(), results)
}

/// Finds the function for an import, in the version of its interface.
fn find(import: &CoreImport) -> Option<Found<'static>> {
    // A resource and a function never have the same name: functions of resources have theirs in brackets.
    let (interface, name) = match &import.target {
        Target::Func { interface, name } => (interface, name),
        Target::Drop { interface, resource } => (interface, resource),
        Target::Preview1 => return Some(Found::Preview1),
    };
    let (interface, version) = interface.split_once('@')?;
    interfaces::functions(Version::of(version)?).find(interface, name)
}

/// Whether there is a function for each of these.
pub(super) fn have_all(imports: &[CoreImport]) -> bool {
    imports.iter().all(|import| find(import).is_some())
}

/// Connects a module whose imports are these. `None` when one has another type.
pub(super) fn link(module: &Module, imports: &[CoreImport]) -> Result<Option<InstancePre<State>>> {
    let mut linker = Linker::new(module.engine());
    // A module may import the same twice.
    linker.allow_shadowing(true);
    if imports.iter().any(|import| import.target == Target::Preview1) {
        preview1::link(&mut linker)?;
    }
    for (import, wanted) in imports.iter().zip(module.imports()) {
        let Some(ty) = wanted.ty().func().cloned() else { return Ok(None) };
        let fits = match find(import) {
            Some(Found::Function(define)) => define(&mut linker, import, ty)?,
            Some(Found::OutOfReach) => {
                linker.func_new(&import.module, &import.name, ty, |_, _, _| unknown_handle())?;
                true
            }
            // All of them are linked already; whether the types are right shows in the end.
            Some(Found::Preview1) => true,
            None => false,
        };
        if !fits {
            return Ok(None);
        }
    }
    linker.instantiate_pre(module).map(Some)
}

/// The types of a function as a core function.
#[derive(Clone)]
pub(super) struct Signature {
    pub(super) params: Vec<Core>,
    pub(super) results: Vec<Core>,
}

impl Signature {
    pub(super) fn of<A: Lift, R: Lower>() -> Self {
        let (mut params, mut results) = (Vec::new(), Vec::new());
        A::flatten(&mut params);
        if R::FLAT > 1 {
            params.push(Core::I32);
        } else {
            R::flatten(&mut results);
        }
        debug_assert!(params.len() <= MOST_FLAT, "no function here passes its parameters through memory");
        Self { params, results }
    }

    pub(super) fn is(&self, ty: &FuncType) -> bool {
        is(ty, &self.params, &self.results)
    }
}

/// Calls a function of the host for a guest, by the values that are the parameters, and writes the result in their place.
pub(super) fn answer_now<A: Lift, R: Lower>(
    mut caller: Caller<'_, State>,
    values: &mut [MaybeUninit<ValRaw>],
    types: &[Core],
    method: bool,
    call: impl Fn(&mut State, A) -> Result<R>,
) -> Result<()> {
    let mut flat = [0; MOST_FLAT + 1];
    for ((flat, value), ty) in flat.iter_mut().zip(values.iter()).zip(types) {
        // SAFETY: the engine wrote all parameters, and there are as many as types.
        let value = unsafe { value.assume_init_ref() };
        *flat = match ty {
            Core::I32 => u64::from(value.get_u32()),
            Core::I64 => value.get_u64(),
        };
    }
    let (link, args, at) = lift::<A, R>(&mut caller, &flat[..types.len()], method)?;
    let result = call(caller.data_mut(), args).map_err(handle_error)?;
    if R::FLAT > 1 {
        return result.store(&mut Out::new(caller, link), at);
    }
    if R::FLAT == 1
        && let Some(first) = values.first_mut()
    {
        // Of either length: the engine reads the low half of the shorter.
        first.write(ValRaw::u64(result.lower()));
    }
    Ok(())
}

/// An error that the engine has words of its own for where a guest is a component.
pub(super) fn handle_error(error: Error) -> Error {
    match error.downcast_ref() {
        Some(ResourceTableError::NotPresent | ResourceTableError::WrongType) => format_err!("{UNKNOWN}"),
        _ => error,
    }
}

pub(super) const UNKNOWN: &str = "unknown handle: the guest gave one that it does not have";

/// The parameters of a call, and the address of its result if that goes through memory.
fn lift<A: Lift, R: Lower>(caller: &mut Caller<'_, State>, values: &[u64], method: bool) -> Result<(Wiring, A, u32)> {
    let link = caller.data().direct.enter()?;
    let memory = match link.memory {
        Some(memory) => memory.data(&caller),
        None => &[],
    };
    let (guest, mut flat) = (Guest::new(memory, method), Flat::new(values));
    let args = A::lift(&mut flat, &guest)?;
    let at = if R::FLAT > 1 { guest.place::<R>(&mut flat)? } else { 0 };
    Ok((link, args, at))
}

pub(super) fn arrive<A: Lift, R: Lower>(
    caller: &mut Caller<'_, State>,
    params: &[Val],
    method: bool,
) -> Result<(Wiring, A, u32)> {
    let mut flat = [0; MOST_FLAT + 1];
    for (flat, value) in flat.iter_mut().zip(params) {
        *flat = match value {
            Val::I32(value) => u64::from(value.cast_unsigned()),
            Val::I64(value) => value.cast_unsigned(),
            _ => bail!("a parameter is no integer"),
        };
    }
    lift::<A, R>(caller, &flat[..params.len().min(MOST_FLAT + 1)], method)
}
