//! Calling the functions of a component.

mod typed;

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Datum, Error, Function, Functions, Guest, Host, Instance, Invocation, Kind, Result, Type, no_function};
use holm_engine::{Metering, Usage, explain, kept_store};
use wasmtime::Store;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex, Func, InstancePre, Val};

use crate::values::{from_val, to_val};
use crate::{Lent, NewState};
use typed::Way;

/// The functions of a linked component, those of its exported interfaces included.
pub struct ComponentFunctions<T: 'static>(Arc<Linked<T>>);

struct Linked<T: 'static> {
    guest: Guest,
    host: Host,
    pre: InstancePre<T>,
    state: NewState<T>,
    functions: Vec<Function>,
    exports: Vec<ComponentExportIndex>,
}

impl<T: Lent> ComponentFunctions<T> {
    /// The functions of `guest`, linked as `pre`. `state` makes the state of each fresh instance.
    pub fn new(guest: &Guest, host: &Host, pre: InstancePre<T>, state: NewState<T>) -> Self {
        let (functions, exports) = list(pre.component()).into_iter().unzip();
        Self(Arc::new(Linked { guest: guest.clone(), host: host.clone(), pre, state, functions, exports }))
    }
}

/// Calls a component's function, which may be asynchronous where the engine knows of that.
///
/// # Errors
/// The guest trapped or reached a limit.
pub async fn invoke_component<T: Send + 'static>(
    store: &mut Store<T>,
    function: Func,
    args: &[Val],
    results: usize,
) -> wasmtime::Result<Vec<Val>> {
    let mut returned = vec![Val::Bool(false); results];
    if store.engine().get_concurrency_support() {
        store.run_concurrent(async |accessor| function.call_concurrent(accessor, args, &mut returned).await).await??;
    } else {
        function.call_async(&mut *store, args, &mut returned).await?;
    }
    Ok(returned)
}

#[async_trait]
impl<T: Lent> Functions for ComponentFunctions<T> {
    fn list(&self) -> &[Function] {
        &self.0.functions
    }

    async fn open(&self) -> Result<Box<dyn Instance>> {
        let linked = Arc::clone(&self.0);
        let (limits, usage) = (&linked.host.limits, Arc::<Usage>::default());
        let mut store = kept_store(linked.pre.component().engine(), (linked.state)()?, limits)?;
        let metering = Metering::begin(&mut store, limits, &usage)?;
        let opened = metering.run(pin!(linked.pre.instantiate_async(&mut store))).await;
        let instance = opened.map_err(|error| explain(&mut store, error, linked.guest.trap_context(&linked.host)))?;
        let ways = vec![None; linked.functions.len()];
        Ok(Box::new(Kept { linked, store, instance, ways }))
    }
}

/// An instance of a component.
struct Kept<T: 'static> {
    linked: Arc<Linked<T>>,
    store: Store<T>,
    instance: wasmtime::component::Instance,
    /// How to call the functions that were called already, by their place in the list.
    ways: Vec<Option<Way>>,
}

impl<T: Lent> Kept<T> {
    async fn invoke(&mut self, at: usize, args: Vec<Datum>) -> wasmtime::Result<Vec<Datum>> {
        let (way, store) = (self.way(at)?, &mut self.store);
        match way {
            Way::Text(function) => typed::call(function, store, args).await,
            Way::Bytes(function) => typed::call(function, store, args).await,
            Way::TextToBytes(function) => typed::call(function, store, args).await,
            Way::BytesToText(function) => typed::call(function, store, args).await,
            Way::Any(function) => self.invoke_any(function, at, &args).await,
        }
    }

    fn way(&mut self, at: usize) -> wasmtime::Result<Way> {
        if let Some(Some(way)) = self.ways.get(at) {
            return Ok(*way);
        }
        let missing = || Error::new(Kind::Internal, "a function that was exported is gone");
        let export = self.linked.exports.get(at).ok_or_else(missing)?;
        let function = self.instance.get_func(&mut self.store, export).ok_or_else(missing)?;
        let way = Way::of(&self.store, function);
        if let Some(place) = self.ways.get_mut(at) {
            *place = Some(way);
        }
        Ok(way)
    }

    async fn invoke_any(&mut self, function: Func, at: usize, args: &[Datum]) -> wasmtime::Result<Vec<Datum>> {
        let ty = function.ty(&self.store);
        let given: Result<Vec<_>> = ty.params().zip(args).map(|((_, ty), arg)| to_val(arg, &ty)).collect();
        let returned = invoke_component(&mut self.store, function, &given?, ty.results().len()).await?;
        let types = self.linked.functions.get(at).map_or(&[][..], |function| &function.results);
        let results: Result<_> = returned.iter().zip(types).map(|(result, ty)| from_val(result, ty)).collect();
        Ok(results?)
    }
}

#[async_trait]
impl<T: Lent> Instance for Kept<T> {
    async fn call(&mut self, invocation: Invocation) -> Result<Vec<Datum>> {
        let Invocation { function: at, args, caller } = invocation;
        let linked = Arc::clone(&self.linked);
        check(linked.functions.get(at).ok_or_else(|| no_function("of this number"))?, &args)?;
        let metering = Metering::begin(&mut self.store, &linked.host.limits, &caller.usage)?;
        self.store.data_mut().begin(caller);
        let called = metering.run(pin!(self.invoke(at, args))).await;
        metering.end(&self.store);
        called.map_err(|error| explain(&mut self.store, error, linked.guest.trap_context(&linked.host)))
    }
}

/// Whether the function can be called, and with so many arguments.
fn check(function: &Function, args: &[Datum]) -> Result<()> {
    let (name, takes, given) = (&function.name, function.params.len(), args.len());
    match &function.refused {
        Some(why) => Err(Error::new(Kind::Usage, format!("`{name}` cannot be called: {why}"))),
        None if takes != given => Err(Error::new(Kind::Usage, format!("`{name}` takes {takes} and was given {given}"))),
        None => Ok(()),
    }
}

/// Every exported function with its place, in the order of the exports.
fn list(component: &Component) -> Vec<(Function, ComponentExportIndex)> {
    let engine = component.engine();
    let mut functions = Vec::new();
    for (name, item) in component.component_type().exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(ty) => {
                if let Some(index) = component.get_export_index(None, name) {
                    functions.push((function(name.to_owned(), &ty), index));
                }
            }
            ComponentItem::ComponentInstance(instance) => {
                let Some(interface) = component.get_export_index(None, name) else { continue };
                for (item_name, item) in instance.exports(engine) {
                    let ComponentItem::ComponentFunc(ty) = item.ty else { continue };
                    if let Some(index) = component.get_export_index(Some(&interface), item_name) {
                        functions.push((function(format!("{name}#{item_name}"), &ty), index));
                    }
                }
            }
            _ => {}
        }
    }
    functions
}

fn function(name: String, ty: &ComponentFunc) -> Function {
    let params: Option<Vec<_>> =
        ty.params().map(|(name, ty)| Some((name.to_owned(), Type::from_wasm_type(&ty)?))).collect();
    let results: Option<Vec<_>> = ty.results().map(|ty| Type::from_wasm_type(&ty)).collect();
    let refused = (params.is_none() || results.is_none())
        .then(|| "it takes or returns a resource, stream or future, which exists only while the guest runs".to_owned());
    let signature = signature(ty);
    Function {
        name,
        params: params.unwrap_or_default(),
        results: results.unwrap_or_default(),
        refused,
        signature,
        raw: false,
    }
}

pub(crate) fn signature(ty: &ComponentFunc) -> String {
    let params: Vec<_> = ty.params().map(|(name, ty)| format!("{name}: {}", type_name(&ty))).collect();
    let params = params.join(", ");
    let asynchronous = if ty.async_() { "async " } else { "" };
    match ty.results().next() {
        Some(result) => format!("{asynchronous}func({params}) -> {}", type_name(&result)),
        None => format!("{asynchronous}func({params})"),
    }
}

fn type_name(ty: &wasmtime::component::Type) -> String {
    match Type::from_wasm_type(ty) {
        Some(ty) => ty.to_string(),
        None => match ty {
            wasmtime::component::Type::Own(_) => "own<resource>".into(),
            wasmtime::component::Type::Borrow(_) => "borrow<resource>".into(),
            wasmtime::component::Type::Stream(_) => "stream".into(),
            wasmtime::component::Type::Future(_) => "future".into(),
            _ => "a type with resources in it".into(),
        },
    }
}
