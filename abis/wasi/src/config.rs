//! `wasi:config`: the values a guest was granted, and the variables that its app has for it.
//!
//! The drafts of it in circulation (`0.2.0-rc.1`, `0.2.0-draft`, dated drafts of some hosts, and the time
//! when `store` was called `runtime`) differ in nothing but names, so whichever a guest imports is linked.
//! Signatures: <https://github.com/WebAssembly/wasi-config>.

use std::collections::BTreeMap;
use std::sync::Arc;

use holm_engine::shape::Shape;
use holm_grants::Ask;
#[cfg(feature = "stores")]
use holm_services::variables::VariableError;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Linker, Lower};

use crate::parts::{Asked, asked};
use crate::services::Services;
use crate::state::State;

/// What the interface has for errors. Granted values are at hand; a variable may have to be asked for elsewhere.
#[derive(ComponentType, Lower)]
#[component(variant)]
#[cfg_attr(not(feature = "stores"), expect(dead_code, reason = "these are the cases guests know"))]
#[cfg_attr(feature = "stores", allow(dead_code, reason = "these are the cases guests know"))]
enum Error {
    #[component(name = "upstream")]
    Upstream(String),
    #[component(name = "io")]
    Io(String),
}

/// Whether an import of this name is one that [`link`] provides.
pub(crate) fn provides(name: &str) -> bool {
    let draft = name.strip_prefix("wasi:config/").and_then(|rest| rest.split_once('@'));
    matches!(draft, Some(("store" | "runtime", version)) if version.starts_with("0.2.0-"))
}

/// Links those of the interfaces that the guest imports, itself or as one of so many parts.
pub(crate) fn link(linker: &mut Linker<State>, shape: &Shape, parts: usize) -> wasmtime::Result<()> {
    for Asked { name, whose, .. } in asked(shape, parts).filter(|asked| provides(&asked.interface)) {
        let mut instance = linker.instance(name)?;
        instance.func_wrap_async("get", move |store: StoreContextMut<'_, State>, (key,): (String,)| {
            let services = Arc::clone(store.data().services_of(whose));
            Box::new(async move { Ok((value(&services, key).await,)) })
        })?;
        instance.func_wrap_async("get-all", move |store: StoreContextMut<'_, State>, ()| {
            let services = Arc::clone(store.data().services_of(whose));
            Box::new(async move { Ok((values(&services).await,)) })
        })?;
    }
    Ok(())
}

async fn value(services: &Services, key: String) -> Result<Option<String>, Error> {
    if let Some(value) = services.host.grants.config.get(&key) {
        return Ok(Some(value.clone()));
    }
    let value = variable(services, &key).await?;
    if value.is_none() {
        services.host.audit.denied(Ask::Config(key));
    }
    Ok(value)
}

/// What has two values has the granted one.
async fn values(services: &Services) -> Result<Vec<(String, String)>, Error> {
    let mut values = BTreeMap::from_iter(variables(services).await?);
    values.extend(services.host.grants.config.iter().map(|(key, value)| (key.clone(), value.clone())));
    Ok(values.into_iter().collect())
}

#[cfg(feature = "stores")]
async fn variable(services: &Services, name: &str) -> Result<Option<String>, Error> {
    let Some(lent) = &services.lent else { return Ok(None) };
    match lent.variables.get(name).await {
        Ok(value) => Ok(Some(value)),
        // What could be no name is not there either, as the interface's authors want it: WebAssembly/wasi-config#19.
        Err(VariableError::Undefined(_) | VariableError::InvalidName(_)) => Ok(None),
        Err(error) => Err(Error::Upstream(error.to_string())),
    }
}

#[cfg(feature = "stores")]
async fn variables(services: &Services) -> Result<Vec<(String, String)>, Error> {
    let Some(lent) = &services.lent else { return Ok(Vec::new()) };
    lent.variables.all().await.map_err(|error| Error::Upstream(error.to_string()))
}

#[cfg(not(feature = "stores"))]
async fn variable(_: &Services, _: &str) -> Result<Option<String>, Error> {
    Ok(None)
}

#[cfg(not(feature = "stores"))]
async fn variables(_: &Services) -> Result<Vec<(String, String)>, Error> {
    Ok(Vec::new())
}
