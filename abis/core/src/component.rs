//! Calling the functions of a component.

use std::pin::pin;

use async_trait::async_trait;
use holm_abi::{Error, Function, Functions, Guest, Host, Kind, Result, Type, Value};
use holm_engine::{Limited, explain, limited_store, within_wall};
use wasmtime::Store;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex, Func, InstancePre, Val};

use crate::NewState;
use crate::values::convert;

/// The functions of a linked component, those of its exported interfaces included.
pub struct ComponentFunctions<T: 'static> {
    guest: Guest,
    host: Host,
    pre: InstancePre<T>,
    state: NewState<T>,
    functions: Vec<Function>,
    exports: Vec<ComponentExportIndex>,
}

impl<T: Limited> ComponentFunctions<T> {
    /// The functions of `guest`, linked as `pre`. `state` makes the state of each fresh instance.
    pub fn new(guest: &Guest, host: &Host, pre: InstancePre<T>, state: NewState<T>) -> Self {
        let (functions, exports) = list(pre.component()).into_iter().unzip();
        Self { guest: guest.clone(), host: host.clone(), pre, state, functions, exports }
    }

    async fn invoke(
        &self,
        store: &mut Store<T>,
        export: ComponentExportIndex,
        args: &[Value],
    ) -> wasmtime::Result<Vec<Value>> {
        let instance = self.pre.instantiate_async(&mut *store).await?;
        let missing = || Error::new(Kind::Internal, "a function that was exported is gone");
        let function = instance.get_func(&mut *store, export).ok_or_else(missing)?;
        let ty = function.ty(&*store);
        let unfit = |why: String| wasmtime::Error::from(Error::new(Kind::Usage, why));
        let mut given = Vec::with_capacity(args.len());
        for ((_, ty), arg) in ty.params().zip(args) {
            given.push(convert(arg, &ty).map_err(unfit)?);
        }
        let returned = invoke_component(store, function, &given, ty.results().len()).await?;
        let mut results = Vec::with_capacity(returned.len());
        for (ty, result) in ty.results().zip(&returned) {
            let ty = Type::from_wasm_type(&ty).ok_or_else(missing)?;
            results.push(convert(result, &ty).map_err(unfit)?);
        }
        Ok(results)
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
impl<T: Limited> Functions for ComponentFunctions<T> {
    fn list(&self) -> &[Function] {
        &self.functions
    }

    async fn call(&self, name: &str, args: &[Value]) -> Result<Vec<Value>> {
        let found = self.functions.iter().position(|function| function.name == name);
        let export = found
            .and_then(|at| self.exports.get(at))
            .ok_or_else(|| Error::new(Kind::Usage, format!("there is no function `{name}`")))?;
        let limits = &self.host.limits;
        let mut store = limited_store(self.pre.component().engine(), (self.state)()?, limits)?;
        let called = within_wall(limits, pin!(self.invoke(&mut store, *export, args))).await;
        called.map_err(|error| explain(&mut store, error, self.guest.trap_context(&self.host)))
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
    Function { name, params: params.unwrap_or_default(), results: results.unwrap_or_default(), refused, signature }
}

fn signature(ty: &ComponentFunc) -> String {
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
