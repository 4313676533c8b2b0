//! Calling the functions of a core module.

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{
    Datum, Error, Function, Functions, Guest, Host, Instance, Invocation, Kind, Result, Type, Value, no_function,
};
use holm_engine::{Metering, Usage, explain, kept_store};
use wasmtime::{ExternType, FuncType, InstancePre, Store, Val};

use crate::values::core_type;
use crate::{Lent, NewState, from_scalar, to_scalar};

/// The functions of a linked core module.
pub struct ModuleFunctions<T: 'static>(Arc<Linked<T>>);

struct Linked<T: 'static> {
    guest: Guest,
    host: Host,
    pre: InstancePre<T>,
    state: NewState<T>,
    functions: Vec<Function>,
}

impl<T: Lent> ModuleFunctions<T> {
    /// The functions of `guest`, linked as `pre`. `state` makes the state of each fresh instance.
    pub fn new(guest: &Guest, host: &Host, pre: InstancePre<T>, state: NewState<T>) -> Self {
        let exports = pre.module().exports().filter_map(|export| match export.ty() {
            ExternType::Func(ty) if !is_plumbing(export.name()) => Some(function(export.name(), &ty)),
            _ => None,
        });
        let functions = exports.collect();
        Self(Arc::new(Linked { guest: guest.clone(), host: host.clone(), pre, state, functions }))
    }
}

/// Runs a reactor's `_initialize`, if it has one.
///
/// # Errors
/// The guest trapped.
pub async fn initialize<T: Send>(store: &mut Store<T>, instance: &wasmtime::Instance) -> wasmtime::Result<()> {
    match instance.get_typed_func::<(), ()>(&mut *store, "_initialize") {
        Ok(initialize) => initialize.call_async(store, ()).await,
        Err(_) => Ok(()),
    }
}

#[async_trait]
impl<T: Lent> Functions for ModuleFunctions<T> {
    fn list(&self) -> &[Function] {
        &self.0.functions
    }

    async fn open(&self) -> Result<Box<dyn Instance>> {
        let linked = Arc::clone(&self.0);
        let (limits, usage) = (&linked.host.limits, Arc::<Usage>::default());
        let mut store = kept_store(linked.pre.module().engine(), (linked.state)()?, limits)?;
        let metering = Metering::begin(&mut store, limits, &usage)?;
        let opened = metering.run(pin!(start(&mut store, &linked.pre))).await;
        let instance = opened.map_err(|error| explain(&mut store, error, linked.guest.trap_context(&linked.host)))?;
        Ok(Box::new(Kept { linked, store, instance }))
    }
}

async fn start<T: Send>(store: &mut Store<T>, pre: &InstancePre<T>) -> wasmtime::Result<wasmtime::Instance> {
    let instance = pre.instantiate_async(&mut *store).await?;
    initialize(store, &instance).await?;
    Ok(instance)
}

/// An instance of a core module.
struct Kept<T: 'static> {
    linked: Arc<Linked<T>>,
    store: Store<T>,
    instance: wasmtime::Instance,
}

impl<T: Lent> Kept<T> {
    async fn invoke(&mut self, name: &str, args: &[Val]) -> wasmtime::Result<Vec<Val>> {
        let function = self.instance.get_func(&mut self.store, name).ok_or_else(|| no_function(name))?;
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        function.call_async(&mut self.store, args, &mut results).await?;
        Ok(results)
    }
}

#[async_trait]
impl<T: Lent> Instance for Kept<T> {
    async fn call(&mut self, invocation: Invocation) -> Result<Vec<Datum>> {
        let Invocation { function, args, caller } = invocation;
        let linked = Arc::clone(&self.linked);
        let function = linked.functions.get(function).ok_or_else(|| no_function("of this number"))?;
        let unfit = || Error::new(Kind::Usage, format!("`{}` was not given what it takes", function.name));
        let args: Vec<Val> = core(function, &args).ok_or_else(unfit)?;
        let metering = Metering::begin(&mut self.store, &linked.host.limits, &caller.usage)?;
        self.store.data_mut().begin(caller);
        let called = metering.run(pin!(self.invoke(&function.name, &args))).await;
        metering.end(&self.store);
        let context = linked.guest.trap_context(&linked.host);
        let results = called.map_err(|error| explain(&mut self.store, error, context))?;
        function.results.iter().zip(&results).map(|(ty, result)| from_scalar(ty, result).map(Datum::Value)).collect()
    }
}

/// The arguments, if they are what the function takes.
fn core(function: &Function, args: &[Datum]) -> Option<Vec<Val>> {
    let types = function.params.iter().map(|(_, ty)| ty);
    let of_type = |(arg, ty): (&Datum, &Type)| match arg {
        Datum::Value(value) => Some(value).filter(|value| has_type(value, ty)).and_then(to_scalar),
        Datum::Text(_) | Datum::Bytes(_) => None,
    };
    let fits = args.len() == function.params.len() && function.refused.is_none();
    fits.then(|| args.iter().zip(types).map(of_type).collect())?
}

fn has_type(value: &Value, ty: &Type) -> bool {
    use holm_abi::{WasmType as _, WasmValue as _};
    value.kind() == ty.kind()
}

/// Exports that toolchains add for themselves.
fn is_plumbing(name: &str) -> bool {
    name.starts_with("__") || matches!(name, "_start" | "_initialize" | "cabi_realloc" | "cabi_realloc_wit_bindgen")
}

fn function(name: &str, ty: &FuncType) -> Function {
    let types = |values: &mut dyn Iterator<Item = wasmtime::ValType>| -> Option<Vec<Type>> {
        values.map(|ty| core_type(&ty)).collect()
    };
    let (params, results) = (types(&mut ty.params()), types(&mut ty.results()));
    let refused = (params.is_none() || results.is_none())
        .then(|| "it takes or returns references or vectors, which have no text form".to_owned());
    let names = ('a'..='z').map(String::from).chain((0..).map(|index| format!("p{index}")));
    Function {
        name: name.to_owned(),
        params: names.zip(params.unwrap_or_default()).collect(),
        results: results.unwrap_or_default(),
        refused,
        signature: signature(ty),
        raw: false,
    }
}

/// The type of a function in the specification's words: `(i32, i32) -> i32`.
pub fn signature(ty: &FuncType) -> String {
    let list = |values: Vec<String>| values.join(", ");
    let params = list(ty.params().map(|ty| ty.to_string()).collect());
    let results: Vec<String> = ty.results().map(|ty| ty.to_string()).collect();
    match results.len() {
        0 => format!("({params})"),
        1 => format!("({params}) -> {}", list(results)),
        _ => format!("({params}) -> ({})", list(results)),
    }
}
