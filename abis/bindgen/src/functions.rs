//! The functions of a linked guest.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Datum, Function, Functions, Guest, Host, Instance, Invocation, Value, no_function};
use holm_engine::shape::Signature;
use holm_engine::{Error, Kind, Metering, Result, Usage, explain, kept_store};
use wasmtime::{InstancePre, Store};

use crate::convention;
use crate::declared::Declaration;
use crate::exports::{Plumbing, functions};
use crate::find::from_signature;
use crate::plan::{self, Plan};
use crate::session::Session;
use crate::state::State;

/// A guest's functions and how to call them.
pub(crate) struct BindgenFunctions(Arc<Linked>);

struct Linked {
    guest: Guest,
    host: Host,
    pre: InstancePre<State>,
    plumbing: Arc<Plumbing>,
    functions: Vec<Function>,
    plans: HashMap<String, Plan>,
}

impl BindgenFunctions {
    /// The functions of `guest`: as `declared`, or from their signatures when nothing was.
    pub(crate) fn new(
        guest: &Guest,
        host: &Host,
        pre: InstancePre<State>,
        plumbing: Arc<Plumbing>,
        declared: Option<Vec<Declaration>>,
    ) -> Self {
        let mut listed = Linked {
            guest: guest.clone(),
            host: host.clone(),
            pre,
            plumbing,
            functions: Vec::new(),
            plans: HashMap::new(),
        };
        let known = declared.is_some();
        let declared: HashMap<String, Declaration> =
            declared.into_iter().flatten().map(|declared| (declared.export.clone(), declared)).collect();
        for (name, signature) in functions(&guest.shape).filter(|(name, _)| !is_plumbing(name)) {
            match declared.get(name) {
                Some(declared) => listed.add(declared, signature),
                None if known => listed.add_undeclared(name, signature),
                None => listed.add(&from_signature(name, signature, "its types are in a .d.ts file"), signature),
            }
        }
        Self(Arc::new(listed))
    }
}

impl Linked {
    fn add(&mut self, declared: &Declaration, signature: &Signature) {
        let (function, plan) = plan::describe(declared, signature);
        if let Some(plan) = plan {
            self.plans.insert(function.name.clone(), plan);
        }
        self.functions.push(function);
    }

    /// wasm-bindgen declares every function of its own but the methods of classes.
    fn add_undeclared(&mut self, name: &str, signature: &Signature) {
        let (mut function, _) = plan::describe(&from_signature(name, signature, "a method"), signature);
        function.refused = Some("it is declared nowhere, or is a method: objects would end with the call".into());
        (function.params, function.results) = (Vec::new(), Vec::new());
        self.functions.push(function);
    }

    fn plan(&self, name: &str) -> Result<&Plan> {
        self.plans.get(name).ok_or_else(|| {
            let refused = self.functions.iter().find(|function| function.name == name);
            let error = match refused.and_then(|function| function.refused.as_deref()) {
                Some(why) => format!("`{name}` cannot be called: {why}"),
                None => return no_function(name).about(&self.guest.name),
            };
            Error::new(Kind::Usage, error).about(&self.guest.name)
        })
    }
}

#[async_trait]
impl Functions for BindgenFunctions {
    fn list(&self) -> &[Function] {
        &self.0.functions
    }

    async fn open(&self) -> Result<Box<dyn Instance>> {
        let linked = Arc::clone(&self.0);
        let (limits, usage) = (&linked.host.limits, Arc::<Usage>::default());
        let state = State::new(linked.plumbing.clone(), limits);
        let mut store = kept_store(linked.pre.module().engine(), state, limits)?;
        let metering = Metering::begin(&mut store, limits, &usage)?;
        let opened = metering.run(pin!(start(&mut store, &linked))).await;
        let instance = opened.map_err(|error| explain(&mut store, error, linked.guest.trap_context(&linked.host)))?;
        Ok(Box::new(Kept { linked, store, instance }))
    }
}

async fn start(store: &mut Store<State>, linked: &Linked) -> wasmtime::Result<wasmtime::Instance> {
    let instance = linked.pre.instantiate_async(&mut *store).await?;
    Session { store, instance, plumbing: &linked.plumbing }.start().await?;
    Ok(instance)
}

/// An instance.
struct Kept {
    linked: Arc<Linked>,
    store: Store<State>,
    instance: wasmtime::Instance,
}

#[async_trait]
impl Instance for Kept {
    async fn call(&mut self, invocation: Invocation) -> Result<Vec<Datum>> {
        let Self { linked, store, instance } = self;
        let Invocation { function, args, caller } = invocation;
        let function = linked.functions.get(function).ok_or_else(|| no_function("of this number"))?;
        let plan = linked.plan(&function.name)?;
        let args: std::result::Result<Vec<Value>, _> = args.into_iter().map(Datum::into_value).collect();
        let args = args.map_err(|error| Error::new(Kind::Usage, error.to_string()).about(&linked.guest.name))?;
        let metering = Metering::begin(store, &linked.host.limits, &caller.usage)?;
        let mut session = Session { store: &mut *store, instance: *instance, plumbing: &linked.plumbing };
        let called = metering.run(pin!(convention::call(&mut session, plan, &args))).await;
        metering.end(store);
        let result = called.map_err(|error| explain(store, error, linked.guest.trap_context(&linked.host)))?;
        Ok(result.into_iter().zip(&function.results).map(|(value, ty)| Datum::from_value(value, ty)).collect())
    }
}

/// Exports that wasm-bindgen and the linker add for themselves.
fn is_plumbing(name: &str) -> bool {
    name.starts_with("__") || matches!(name, "_start" | "_initialize" | "main")
}
