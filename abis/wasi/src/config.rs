//! `wasi:config`: the values a guest was granted.
//!
//! The drafts of it in circulation (`0.2.0-rc.1`, `0.2.0-draft`, dated drafts of some hosts, and the time
//! when `store` was called `runtime`) differ in nothing but names, so whichever a guest imports is linked.
//! Signatures: <https://github.com/WebAssembly/wasi-config>.

use holm_engine::shape::Shape;
use holm_grants::Ask;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Linker, Lower};

use crate::parts::{Asked, asked};
use crate::services::Services;
use crate::state::State;

/// What the interface has for errors. Granted values are at hand, so there are none.
#[derive(ComponentType, Lower)]
#[component(variant)]
#[expect(dead_code, reason = "these are the cases guests know")]
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
        instance.func_wrap("get", move |store: StoreContextMut<'_, State>, (key,): (String,)| {
            Ok((Ok::<_, Error>(value(store.data().services_of(whose), key)),))
        })?;
        instance.func_wrap("get-all", move |store: StoreContextMut<'_, State>, ()| {
            Ok((Ok::<_, Error>(values(store.data().services_of(whose))),))
        })?;
    }
    Ok(())
}

fn value(services: &Services, key: String) -> Option<String> {
    let value = services.host.grants.config.get(&key).cloned();
    if value.is_none() {
        services.host.audit.denied(Ask::Config(key));
    }
    value
}

fn values(services: &Services) -> Vec<(String, String)> {
    services.host.grants.config.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}
