//! The functions of interfaces, each defined once: for core modules, which call it by the canonical ABI, and for components,
//! which the engine hands values of.

use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::pin::Pin;

use holm_engine::shape::CoreImport;
use wasmtime::component::{self, ComponentNamedList, LinkerInstance, Resource, ResourceType};
use wasmtime::{Caller, FuncType, Linker, Result, StoreContextMut, Val, ValRaw, bail};

use super::canon::{Core, Lift, Lower, Out};
use super::link::{Signature, UNKNOWN, answer_now, arrive, handle_error};
use crate::state::State;

type Store<'a> = StoreContextMut<'a, State>;

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

    /// The function of this name in an interface.
    pub(super) fn find(&self, interface: &str, name: &str) -> Option<Found<'_>> {
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

/// What an import of a core module is.
pub(super) enum Found<'a> {
    Function(&'a Define),
    OutOfReach,
    /// One of WASI 0.1.
    Preview1,
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

/// Where a guest calls with a handle that it does not have.
pub(super) fn unknown_handle() -> Result<()> {
    bail!("{UNKNOWN}")
}
