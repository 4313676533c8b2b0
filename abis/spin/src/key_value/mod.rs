//! Key-value stores: `fermyon:spin/key-value`, `fermyon:spin/key-value@2.0.0` and `spin:key-value/key-value@3.0.0`.
//!
//! Signatures and which error is which: spinframework/spin, `wit/deps/spin@unversioned/key-value.wit`,
//! `wit/deps/spin@2.0.0/key-value.wit`, `wit/deps/spin-key-value@3.0.0/key-value.wit`, `crates/factor-key-value/src/host.rs`.

mod keys;
mod v1;
mod v2;
mod v3;

use std::sync::Arc;

use holm_grants::Ask;
use holm_services::kv::{KvError, Store, Stores};
use holm_wasi::State;
use wasmtime::component::{ComponentType, Lift, Lower, Resource};

pub(crate) use v1::{NAME as V1, link as link_v1};
pub(crate) use v2::{NAME as V2, link as link_v2};
pub(crate) use v3::{NAME as V3, link as link_v3};

/// The most bytes that all keys of a store may have which is asked for all of them at once.
const MOST_KEYS: usize = 64 << 20;
/// What a key takes beside its text.
const KEY: usize = size_of::<String>();

/// A store that is open.
struct Opened(Arc<dyn Store>);

/// The error of the interface since 2.0.0.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(variant)]
enum Error {
    #[component(name = "store-table-full")]
    StoreTableFull,
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

/// What keeps the store called `name`, if the guest was granted that.
fn granted(state: &State, name: &str) -> Result<Arc<dyn Stores>, Error> {
    if !state.grants().kv.iter().any(|granted| granted == name) {
        state.refuse(Ask::Kv(name.to_owned()));
        return Err(Error::AccessDenied);
    }
    // A host without any stores has none to grant.
    state.lent().map(|lent| Arc::clone(&lent.kv)).ok_or(Error::AccessDenied)
}

async fn open(stores: Arc<dyn Stores>, name: &str) -> Result<Opened, Error> {
    match stores.open(name).await {
        Ok(store) => Ok(Opened(store)),
        Err(KvError::Name { .. }) => Err(Error::NoSuchStore),
        Err(error) => Err(error.into()),
    }
}

/// Keeps an open store for the guest.
fn keep(state: &mut State, opened: Opened) -> Result<Resource<Opened>, Error> {
    state.table().push(opened).map_err(|_| Error::StoreTableFull)
}

/// The store behind a handle that the engine checked.
fn store(state: &mut State, handle: &Resource<Opened>) -> wasmtime::Result<Arc<dyn Store>> {
    Ok(Arc::clone(&state.table().get(handle)?.0))
}

/// All keys of a store.
async fn all_keys(store: &dyn Store) -> Result<Vec<String>, Error> {
    let (mut all, mut bytes, mut cursor) = (Vec::new(), 0, None);
    loop {
        let page = store.list_keys(cursor.as_deref()).await?;
        bytes += page.keys.iter().map(|key| key.len() + KEY).sum::<usize>();
        if bytes > MOST_KEYS {
            return Err(Error::Other(format!("the keys of the store have more than {MOST_KEYS} bytes together")));
        }
        all.extend(page.keys);
        match page.cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(all),
        }
    }
}
