//! `wasi:blobstore`: containers of objects, which guests read and write through streams.
//!
//! Signatures: <https://github.com/WebAssembly/wasi-blobstore> as they have been since August 2024, `0.2.0-draft`, which
//! some hosts know under a date of their own (`0.2.0-draft-2024-09-01`); in our words in this crate's tests,
//! `tests/wit/blobstore.wit`. Where they leave a choice:
//!
//! - A guest that was granted a container by name gets it, empty if it was not there yet. Creating one that is there is
//!   an error.
//! - A value becomes an object when it is finished, before or after `write-data` in whatever order it was written. One
//!   that is dropped without being finished leaves no trace.
//! - `get-data` leaves out what lies beyond the end of the object.
//! - Times are seconds since 1970.

mod calls;
mod container;
mod content;
mod names;
mod value;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use holm_engine::Kind;
use holm_engine::shape::Shape;
use holm_grants::Ask;
use holm_services::StorageError;
use holm_services::blob::{BlobError, Containers};
use holm_services::lent::Lent;
use wasmtime::component::{ComponentType, Lift, Linker};

use crate::parts::{Asked, asked};
use crate::services::Services;
use crate::state::State;

/// The error of the interface is a text.
type Answer<T> = (Result<T, String>,);

fn answer<T>(result: Result<T, BlobError>) -> wasmtime::Result<Answer<T>> {
    match result {
        // The guest may not read what is wrong with the host's file, and its owner has to.
        Err(BlobError::Storage(error @ StorageError::File { .. })) => {
            Err(holm_abi::Error::new(Kind::Io, error.to_string()).into())
        }
        other => Ok((other.map_err(|error| error.guest_message()),)),
    }
}

fn refused<T>(why: impl Into<String>) -> wasmtime::Result<Answer<T>> {
    Ok((Err(why.into()),))
}

/// An object, by its container and name.
#[derive(ComponentType, Lift)]
#[component(record)]
struct ObjectId {
    container: String,
    object: String,
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The most values that a guest may hold at once: each has a buffer, and most a file of the host.
const MOST_HELD: usize = 32;

/// How many values a guest holds.
#[derive(Clone, Default)]
pub(crate) struct Held(Arc<()>);

impl Held {
    /// One more, for as long as what is returned lives.
    fn one_more(&self) -> Option<Held> {
        // This one is not a value's.
        (Arc::strong_count(&self.0) <= MOST_HELD).then(|| self.clone())
    }
}

const TOO_MANY: &str = "too many objects are read and written at once; drop some";

/// The containers that hold `name`, if the guest may use it.
fn granted(services: &Services, name: &str) -> Result<Arc<dyn Containers>, String> {
    if !services.host.grants.blob.iter().any(|granted| granted == name) {
        services.host.audit.denied(Ask::Blob(name.to_owned()));
        return Err("access denied".to_owned());
    }
    let lent: &Option<Lent> = &services.lent;
    lent.as_ref().map(|lent| Arc::clone(&lent.blob)).ok_or_else(|| "this host has no containers".to_owned())
}

/// The interface that an import of this name means, if [`link`] provides it.
fn parse(name: &str) -> Option<&str> {
    let (interface, version) = name.strip_prefix("wasi:blobstore/")?.split_once('@')?;
    let dated = version.strip_prefix("0.2.0-draft")?;
    let known = dated.is_empty() || dated.starts_with("-20");
    (known && matches!(interface, "types" | "container" | "blobstore")).then_some(interface)
}

/// Whether an import of this name is one that [`link`] provides.
pub(crate) fn provides(name: &str) -> bool {
    parse(name).is_some()
}

/// Links those of the interfaces that the guest imports, itself or as one of so many parts.
pub(crate) fn link(linker: &mut Linker<State>, shape: &Shape, parts: usize) -> wasmtime::Result<()> {
    for Asked { name, interface, whose } in asked(shape, parts) {
        let Some(interface) = parse(&interface) else { continue };
        let mut instance = linker.instance(name)?;
        match interface {
            "types" => value::link(&mut instance)?,
            "container" => {
                container::link(&mut instance)?;
                names::link(&mut instance)?;
            }
            _ => calls::link(&mut instance, whose)?,
        }
    }
    Ok(())
}
