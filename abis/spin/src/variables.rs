//! Variables: `fermyon:spin/config`, `fermyon:spin/variables@2.0.0` and `spin:variables/variables@3.0.0`.
//!
//! Signatures and which error is which: spinframework/spin, `wit/deps/spin@unversioned/config.wit`,
//! `wit/deps/spin@2.0.0/variables.wit`, `wit/deps/spin-variables@3.0.0/variables.wit`, `crates/factor-variables/src/host.rs`.

use std::sync::Arc;

use holm_services::variables::{VariableError, Variables};
use holm_wasi::State;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Linker, Lower};

pub(crate) const CONFIG: &str = "fermyon:spin/config";
pub(crate) const V2: &str = "fermyon:spin/variables@2.0.0";
pub(crate) const V3: &str = "spin:variables/variables@3.0.0";

#[derive(ComponentType, Lower)]
#[component(variant)]
#[expect(dead_code, reason = "these are the cases guests know")]
enum Error {
    #[component(name = "invalid-name")]
    InvalidName(String),
    #[component(name = "undefined")]
    Undefined(String),
    #[component(name = "provider")]
    Provider(String),
    #[component(name = "other")]
    Other(String),
}

impl From<VariableError> for Error {
    fn from(error: VariableError) -> Self {
        match error {
            VariableError::InvalidName(why) => Self::InvalidName(why),
            VariableError::Undefined(name) => Self::Undefined(name),
            VariableError::Provider(why) => Self::Provider(why),
        }
    }
}

/// Of `fermyon:spin/config`, which has no case of its own for what is not there.
#[derive(ComponentType, Lower)]
#[component(variant)]
#[expect(dead_code, reason = "these are the cases guests know")]
enum ConfigError {
    #[component(name = "provider")]
    Provider(String),
    #[component(name = "invalid-key")]
    InvalidKey(String),
    #[component(name = "invalid-schema")]
    InvalidSchema(String),
    #[component(name = "other")]
    Other(String),
}

impl From<VariableError> for ConfigError {
    fn from(error: VariableError) -> Self {
        match error {
            VariableError::InvalidName(why) => Self::InvalidKey(why),
            VariableError::Undefined(name) => Self::Provider(name),
            VariableError::Provider(_) => Self::Other(error.to_string()),
        }
    }
}

pub(crate) fn link_config(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.instance(CONFIG)?.func_wrap_async("get-config", |store: StoreContextMut<'_, State>, (name,): (String,)| {
        let variables = of(store.data());
        Box::new(async move { Ok((get(variables, name).await.map_err(ConfigError::from),)) })
    })
}

pub(crate) fn link_v2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.instance(V2)?.func_wrap_async("get", |store: StoreContextMut<'_, State>, (name,): (String,)| {
        let variables = of(store.data());
        Box::new(async move { Ok((get(variables, name).await.map_err(Error::from),)) })
    })
}

pub(crate) fn link_v3(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.instance(V3)?.func_wrap_concurrent("get", |accessor, (name,): (String,)| {
        Box::pin(async move {
            let variables = accessor.with(|mut access| of(access.get()));
            Ok((get(variables, name).await.map_err(Error::from),))
        })
    })
}

fn of(state: &State) -> Option<Arc<Variables>> {
    state.lent().map(|lent| Arc::clone(&lent.variables))
}

async fn get(variables: Option<Arc<Variables>>, name: String) -> Result<String, VariableError> {
    match variables {
        Some(variables) => variables.get(&name).await,
        None => Err(VariableError::Undefined(name)),
    }
}
