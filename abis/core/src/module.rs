//! Calling the functions of a core module.

use std::pin::pin;

use async_trait::async_trait;
use holm_abi::{Error, Function, Functions, Guest, Host, Kind, Result, Type, Value};
use holm_engine::{Limited, explain, limited_store, within_wall};
use wasmtime::{ExternType, FuncType, Instance, InstancePre, Store, Val};

use crate::NewState;
use crate::values::{core_type, from_core, to_core};

/// The functions of a linked core module.
pub struct ModuleFunctions<T: 'static> {
    guest: Guest,
    host: Host,
    pre: InstancePre<T>,
    state: NewState<T>,
    functions: Vec<Function>,
}

impl<T: Limited> ModuleFunctions<T> {
    /// The functions of `guest`, linked as `pre`. `state` makes the state of each fresh instance.
    pub fn new(guest: &Guest, host: &Host, pre: InstancePre<T>, state: NewState<T>) -> Self {
        let exports = pre.module().exports().filter_map(|export| match export.ty() {
            ExternType::Func(ty) if !is_plumbing(export.name()) => Some(function(export.name(), &ty)),
            _ => None,
        });
        let functions = exports.collect();
        Self { guest: guest.clone(), host: host.clone(), pre, state, functions }
    }

    async fn invoke(&self, store: &mut Store<T>, name: &str, args: &[Val]) -> wasmtime::Result<Vec<Val>> {
        let instance = self.pre.instantiate_async(&mut *store).await?;
        initialize(store, &instance).await?;
        let function = instance
            .get_func(&mut *store, name)
            .ok_or_else(|| Error::new(Kind::Usage, format!("there is no function `{name}`")))?;
        let mut results = vec![Val::I32(0); function.ty(&*store).results().len()];
        function.call_async(&mut *store, args, &mut results).await?;
        Ok(results)
    }
}

/// Runs a reactor's `_initialize`, if it has one.
///
/// # Errors
/// The guest trapped.
pub async fn initialize<T: Send>(store: &mut Store<T>, instance: &Instance) -> wasmtime::Result<()> {
    match instance.get_typed_func::<(), ()>(&mut *store, "_initialize") {
        Ok(initialize) => initialize.call_async(store, ()).await,
        Err(_) => Ok(()),
    }
}

#[async_trait]
impl<T: Limited> Functions for ModuleFunctions<T> {
    fn list(&self) -> &[Function] {
        &self.functions
    }

    async fn call(&self, name: &str, args: &[Value]) -> Result<Vec<Value>> {
        let unfit = || Error::new(Kind::Usage, format!("`{name}` was not given what it takes"));
        let args: Vec<Val> = args.iter().map(to_core).collect::<Option<_>>().ok_or_else(unfit)?;
        let limits = &self.host.limits;
        let mut store = limited_store(self.pre.module().engine(), (self.state)()?, limits)?;
        let called = within_wall(limits, pin!(self.invoke(&mut store, name, &args))).await;
        let results = called.map_err(|error| explain(&mut store, error, self.guest.trap_context(&self.host)))?;
        results.iter().map(from_core).collect::<Option<_>>().ok_or_else(unfit)
    }
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
    }
}

/// `(i32, i32) -> i32`, in the specification's words.
fn signature(ty: &FuncType) -> String {
    let list = |values: Vec<String>| values.join(", ");
    let params = list(ty.params().map(|ty| ty.to_string()).collect());
    let results: Vec<String> = ty.results().map(|ty| ty.to_string()).collect();
    match results.len() {
        0 => format!("({params})"),
        1 => format!("({params}) -> {}", list(results)),
        _ => format!("({params}) -> ({})", list(results)),
    }
}
