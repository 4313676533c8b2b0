//! The functions of a linked guest.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Function, Functions, Guest, Host, Value};
use holm_engine::shape::Signature;
use holm_engine::{Error, Kind, Result, explain, limited_store, within_wall};
use wasmtime::{InstancePre, Store};

use crate::convention;
use crate::declared::Declaration;
use crate::exports::{Plumbing, functions};
use crate::find::from_signature;
use crate::plan::{self, Plan};
use crate::session::Session;
use crate::state::State;

/// A guest's functions and how to call them.
pub(crate) struct BindgenFunctions {
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
        let mut listed = Self {
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
        listed
    }

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
                None => format!("there is no function `{name}`"),
            };
            Error::new(Kind::Usage, error).about(&self.guest.name)
        })
    }

    async fn invoke(&self, store: &mut Store<State>, plan: &Plan, args: &[Value]) -> wasmtime::Result<Option<Value>> {
        let instance = self.pre.instantiate_async(&mut *store).await?;
        let mut session = Session { store, instance, plumbing: &self.plumbing };
        session.start().await?;
        convention::call(&mut session, plan, args).await
    }
}

#[async_trait]
impl Functions for BindgenFunctions {
    fn list(&self) -> &[Function] {
        &self.functions
    }

    async fn call(&self, name: &str, args: &[Value]) -> Result<Vec<Value>> {
        let plan = self.plan(name)?;
        let limits = &self.host.limits;
        let state = State::new(self.plumbing.clone(), limits);
        let mut store = limited_store(self.pre.module().engine(), state, limits)?;
        let called = within_wall(limits, pin!(self.invoke(&mut store, plan, args))).await;
        let context = self.guest.trap_context(&self.host);
        let result = called.map_err(|error| explain(&mut store, error, context))?;
        Ok(result.into_iter().collect())
    }
}

/// Exports that wasm-bindgen and the linker add for themselves.
fn is_plumbing(name: &str) -> bool {
    name.starts_with("__") || matches!(name, "_start" | "_initialize" | "main")
}
