//! `wasi:keyvalue`: buckets that are named key-value stores of the host.
//!
//! Signatures: <https://github.com/WebAssembly/wasi-keyvalue>, and the two drafts of it in circulation side
//! by side in this crate's tests, `tests/wit`. They differ in three functions, so most are linked for both. Spin calls the
//! second draft what has another result of `get-many`: spinframework/spin, `wit/deps/keyvalue-2024-10-17`.

mod bucket;
mod cas;

use holm_engine::shape::Shape;
use holm_services::kv::KvError;
use wasmtime::component::{Component, ComponentType, Linker, Lower};

use crate::parts::{Asked, asked};
use crate::state::State;

pub(crate) use cas::Held;

/// The error of the interface.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum Error {
    #[component(name = "no-such-store")]
    NoSuchStore,
    #[component(name = "access-denied")]
    AccessDenied,
    #[component(name = "other")]
    Other(String),
}

impl From<KvError> for Error {
    fn from(error: KvError) -> Self {
        Self::Other(error.guest_message())
    }
}

/// The one value that every function of the interface returns.
type Answer<T, E = Error> = (Result<T, E>,);

fn answer<T>(result: Result<T, KvError>) -> wasmtime::Result<Answer<T>> {
    Ok((result.map_err(Error::from),))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Draft,
    Draft2,
}

/// The interface and version that an import of this name means, if [`link`] provides it.
fn parse(name: &str) -> Option<(&str, Version)> {
    let (interface, version) = name.strip_prefix("wasi:keyvalue/")?.split_once('@')?;
    let version = match version {
        "0.2.0-draft" => Version::Draft,
        "0.2.0-draft2" => Version::Draft2,
        _ => return None,
    };
    matches!(interface, "store" | "atomics" | "batch").then_some((interface, version))
}

/// Whether an import of this name is one that [`link`] provides.
pub(crate) fn provides(name: &str) -> bool {
    parse(name).is_some()
}

/// Links those of the interfaces that the guest imports, itself or as one of so many parts.
pub(crate) fn link(
    linker: &mut Linker<State>,
    component: &Component,
    shape: &Shape,
    parts: usize,
) -> wasmtime::Result<()> {
    for Asked { name, interface, whose } in asked(shape, parts) {
        let Some((interface, version)) = parse(&interface) else { continue };
        let mut instance = linker.instance(name)?;
        match (interface, version) {
            ("store", _) => bucket::link_store(&mut instance, version, whose)?,
            ("batch", _) => bucket::link_batch(&mut instance, bucket::Many::wanted(component, name))?,
            (_, Version::Draft) => bucket::link_increment(&mut instance)?,
            (_, Version::Draft2) => cas::link_atomics(&mut instance)?,
        }
    }
    Ok(())
}
