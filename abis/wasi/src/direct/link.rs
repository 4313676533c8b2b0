//! The functions of interfaces as core functions.

use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::pin::Pin;

use holm_engine::shape::{CoreImport, Target};
use wasmtime::component::{self, ComponentNamedList, LinkerInstance, Resource, ResourceTableError, ResourceType};
use wasmtime::{
    AsContextMut, Caller, Error, Func, FuncType, Instance, InstancePre, Linker, Memory, Module, ModuleExport, Result,
    StoreContextMut, Val, ValRaw, ValType, bail, format_err,
};

use super::canon::{Core, Flat, Guest, Lift, Lower, Out};
use super::interfaces;
use crate::module_world::link_preview1;
use crate::state::State;
use crate::version::Version;

type Store<'a> = StoreContextMut<'a, State>;

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

/// Adds one function to a linker, under the name that a core module imports it by. Says whether the types fit.
type Define = Box<dyn Fn(&mut Linker<State>, &CoreImport, FuncType) -> Result<bool> + Send + Sync>;

/// Adds one function or resource to an interface for components.
type Link = Box<dyn Fn(&mut LinkerInstance<'_, State>) -> Result<()> + Send + Sync>;

/// A function that may wait.
pub(super) type Waiting<'a, R> = Pin<Box<dyn Future<Output = Result<R>> + Send + 'a>>;

/// What a function is called with, by core modules and by components.
pub(super) trait Params: Lift + component::Lift + ComponentNamedList + Send + 'static {}

impl<T: Lift + component::Lift + ComponentNamedList + Send + 'static> Params for T {}

/// What a function returns, unless that is nothing.
pub(super) trait Answer: Lower + component::Lower + Send + Sync + 'static {}

impl<T: Lower + component::Lower + Send + Sync + 'static> Answer for T {}

/// The functions of all interfaces, by interface without version, and name.
#[derive(Default)]
pub(crate) struct Functions {
    /// What is defined next belongs to this one.
    interface: &'static str,
    interfaces: HashMap<&'static str, Interface>,
}

#[derive(Default)]
struct Interface {
    functions: HashMap<&'static str, Function>,
    /// All other functions take a handle that no guest can have.
    out_of_reach: bool,
}

/// A function, or the dropping of a handle.
struct Function {
    direct: Define,
    component: Link,
}

impl Functions {
    /// What follows belongs to this interface.
    pub(super) fn interface(&mut self, name: &'static str) -> &mut Self {
        self.interface = name;
        self
    }

    /// No guest can have what the other functions of this interface take.
    pub(super) fn out_of_reach(&mut self) {
        self.interfaces.entry(self.interface).or_default().out_of_reach = true;
    }

    /// What is defined twice is what it was defined as last.
    fn define(&mut self, name: &'static str, direct: Define, component: Link) -> &mut Self {
        let functions = &mut self.interfaces.entry(self.interface).or_default().functions;
        functions.insert(name, Function { direct, component });
        self
    }

    /// A function that never waits.
    pub(super) fn now<A: Params, R: Answer>(
        &mut self,
        name: &'static str,
        call: impl Fn(&mut State, A) -> Result<R> + Copy + Send + Sync + 'static,
    ) -> &mut Self {
        let link: Link = Box::new(move |instance| {
            instance.func_wrap(name, move |mut store: Store<'_>, args: A| Ok((call(store.data_mut(), args)?,)))
        });
        self.define(name, define_now(is_method(name), call), link)
    }

    /// A function that never waits and returns nothing.
    pub(super) fn acts<A: Params>(
        &mut self,
        name: &'static str,
        call: impl Fn(&mut State, A) -> Result<()> + Copy + Send + Sync + 'static,
    ) -> &mut Self {
        let link: Link = Box::new(move |instance| {
            instance.func_wrap(name, move |mut store: Store<'_>, args: A| call(store.data_mut(), args))
        });
        self.define(name, define_now(is_method(name), call), link)
    }

    /// A function that may wait.
    pub(super) fn waits<A: Params, R: Answer>(
        &mut self,
        name: &'static str,
        call: impl for<'a> Fn(&'a mut State, A) -> Waiting<'a, R> + Copy + Send + Sync + 'static,
    ) -> &mut Self {
        let link: Link = Box::new(move |instance| {
            instance.func_wrap_async(name, move |mut store: Store<'_>, args: A| {
                Box::new(async move { Ok((call(store.data_mut(), args).await?,)) })
            })
        });
        self.define(name, define_waits(is_method(name), call), link)
    }

    /// A function that may wait, and returns nothing.
    pub(super) fn acts_waiting<A: Params>(
        &mut self,
        name: &'static str,
        call: impl for<'a> Fn(&'a mut State, A) -> Waiting<'a, ()> + Copy + Send + Sync + 'static,
    ) -> &mut Self {
        let link: Link = Box::new(move |instance| {
            instance.func_wrap_async(name, move |mut store: Store<'_>, args: A| {
                Box::new(async move { call(store.data_mut(), args).await })
            })
        });
        self.define(name, define_waits(is_method(name), call), link)
    }

    /// Dropping a handle.
    pub(super) fn drops<T: 'static>(
        &mut self,
        resource: &'static str,
        drop: impl Fn(&mut State, Resource<T>) -> Result<()> + Copy + Send + Sync + 'static,
    ) -> &mut Self {
        let link: Link = Box::new(move |instance| {
            instance.resource(resource, ResourceType::host::<T>(), move |mut store, handle| {
                drop(store.data_mut(), Resource::new_own(handle))
            })
        });
        let direct = define_now(false, move |state: &mut State, (handle,): (Resource<T>,)| drop(state, handle));
        self.define(resource, direct, link)
    }

    /// Dropping a handle, which may wait.
    pub(super) fn drops_waiting<T: 'static>(
        &mut self,
        resource: &'static str,
        drop: impl for<'a> Fn(&'a mut State, Resource<T>) -> Waiting<'a, ()> + Copy + Send + Sync + 'static,
    ) -> &mut Self {
        let link: Link = Box::new(move |instance| {
            instance.resource_async(resource, ResourceType::host::<T>(), move |mut store, handle| {
                Box::new(async move { drop(store.data_mut(), Resource::new_own(handle)).await })
            })
        });
        let direct = define_waits(false, move |state, (handle,): (Resource<T>,)| drop(state, handle));
        self.define(resource, direct, link)
    }

    /// Functions that take a handle which no guest can have.
    pub(super) fn never(&mut self, names: &[&'static str]) {
        for &name in names {
            let direct: Define = Box::new(|linker, import, ty| {
                linker.func_new(&import.module, &import.name, ty, |_, _, _| unknown_handle())?;
                Ok(true)
            });
            let link: Link = Box::new(move |instance| instance.func_new(name, |_, _, _, _| unknown_handle()));
            self.define(name, direct, link);
        }
    }

    fn find(&self, interface: &str, name: &str) -> Option<Found<'_>> {
        let interface = self.interfaces.get(interface)?;
        match interface.functions.get(name) {
            Some(function) => Some(Found::Function(&function.direct)),
            None => interface.out_of_reach.then_some(Found::OutOfReach),
        }
    }

    /// Whether there is an interface of this name.
    pub(crate) fn have(&self, interface: &str) -> bool {
        self.interfaces.contains_key(interface)
    }

    /// Adds an interface to what components are linked with, whatever it and its version are called there.
    pub(crate) fn link_component(&self, interface: &str, instance: &mut LinkerInstance<'_, State>) -> Result<()> {
        let functions = self.interfaces.get(interface).into_iter().flat_map(|interface| interface.functions.values());
        functions.into_iter().try_for_each(|function| (function.component)(instance))
    }
}

/// Whether the first of a function's parameters is lent to it, as the component model has it for those of this name
/// (`design/mvp/Explainer.md`, "Import and Export Definitions").
fn is_method(name: &str) -> bool {
    name.starts_with("[method]")
}

fn define_now<A: Lift + 'static, R: Lower + 'static>(
    method: bool,
    call: impl Fn(&mut State, A) -> Result<R> + Copy + Send + Sync + 'static,
) -> Define {
    let signature = Signature::of::<A, R>();
    Box::new(move |linker, import, ty| {
        if !signature.is(&ty) {
            return Ok(false);
        }
        let types = signature.params.clone();
        let function = move |caller: Caller<'_, State>, values: &mut [MaybeUninit<ValRaw>]| {
            answer_now(caller, values, &types, method, call)
        };
        // SAFETY: `answer_now` reads as many values as there are parameters, by their types, and writes the result if
        // there is one, of the type in `ty`: `Signature::is` compared them.
        unsafe { linker.func_new_unchecked(&import.module, &import.name, ty, function)? };
        Ok(true)
    })
}

fn define_waits<A: Lift + Send + 'static, R: Lower + Send + 'static>(
    method: bool,
    call: impl for<'a> Fn(&'a mut State, A) -> Waiting<'a, R> + Copy + Send + Sync + 'static,
) -> Define {
    let signature = Signature::of::<A, R>();
    Box::new(move |linker, import, ty| {
        if !signature.is(&ty) {
            return Ok(false);
        }
        let long = signature.results == [Core::I64];
        linker.func_new_async(&import.module, &import.name, ty, move |mut caller, params, results| {
            Box::new(async move {
                let (link, args, at) = arrive::<A, R>(&mut caller, params, method)?;
                let result = call(caller.data_mut(), args).await.map_err(handle_error)?;
                if R::FLAT > 1 {
                    let mut out = Out::with_room(caller, link, result.heap()).await?;
                    return result.store(&mut out, at);
                }
                if let Some(first) = results.first_mut() {
                    let value = result.lower().cast_signed();
                    #[expect(clippy::cast_possible_truncation, reason = "the result is as short as its type")]
                    let short = value as i32;
                    *first = if long { Val::I64(value) } else { Val::I32(short) };
                }
                Ok(())
            })
        })?;
        Ok(true)
    })
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
        link_preview1(&mut linker, State::preview1)?;
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

enum Found<'a> {
    Function(&'a Define),
    OutOfReach,
    /// One of WASI 0.1.
    Preview1,
}

/// The types of a function as a core function.
#[derive(Clone)]
struct Signature {
    params: Vec<Core>,
    results: Vec<Core>,
}

impl Signature {
    fn of<A: Lift, R: Lower>() -> Self {
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

    fn is(&self, ty: &FuncType) -> bool {
        is(ty, &self.params, &self.results)
    }
}

/// Calls a function of the host for a guest, by the values that are the parameters, and writes the result in their place.
fn answer_now<A: Lift, R: Lower>(
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
fn handle_error(error: Error) -> Error {
    match error.downcast_ref() {
        Some(ResourceTableError::NotPresent | ResourceTableError::WrongType) => format_err!("{UNKNOWN}"),
        _ => error,
    }
}

const UNKNOWN: &str = "unknown handle: the guest gave one that it does not have";

fn unknown_handle() -> Result<()> {
    bail!("{UNKNOWN}")
}

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

fn arrive<A: Lift, R: Lower>(caller: &mut Caller<'_, State>, params: &[Val], method: bool) -> Result<(Wiring, A, u32)> {
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
