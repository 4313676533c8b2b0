//! `atomics` of the second draft: signed counting, and compare-and-swap.

use std::sync::Arc;

use holm_services::kv::{Store, Swap};
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, LinkerInstance, Lower, Resource, ResourceType};

use super::bucket::{Bucket, store};
use super::{Answer, Error, answer};
use crate::state::State;

/// The most bytes of values that a guest's `cas` handles may hold together, in the host's memory.
const MOST_HELD: usize = 64 << 20;

/// How many bytes a guest's `cas` handles hold.
#[derive(Default)]
pub(crate) struct Held(usize);

/// A key, and the value that must still be there for a swap to succeed.
struct Cas {
    store: Arc<dyn Store>,
    key: String,
    value: Option<Vec<u8>>,
}

impl Cas {
    fn len(&self) -> usize {
        self.value.as_ref().map_or(0, Vec::len)
    }
}

#[derive(ComponentType, Lower)]
#[component(variant)]
enum CasError {
    #[component(name = "store-error")]
    StoreError(Error),
    #[component(name = "cas-failed")]
    CasFailed(Resource<Cas>),
}

pub(super) fn link_atomics(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.resource("cas", ResourceType::host::<Cas>(), |mut state, cas| {
        take(&mut state, Resource::new_own(cas)).map(drop)
    })?;
    instance.func_wrap_async("increment", |state, (bucket, key, delta): (Resource<Bucket>, String, i64)| {
        Box::new(async move { answer(store(&state, &bucket)?.increment(&key, delta).await) })
    })?;
    instance.func_wrap_async("[static]cas.new", |state, (bucket, key)| Box::new(new(state, bucket, key)))?;
    instance.func_wrap("[method]cas.current", |state, (cas,): (Resource<Cas>,)| {
        answer(Ok(state.data().table.get(&cas)?.value.clone()))
    })?;
    instance.func_wrap_async("swap", |state, (cas, value)| Box::new(swap(state, cas, value)))
}

async fn new(
    mut state: StoreContextMut<'_, State>,
    bucket: Resource<Bucket>,
    key: String,
) -> wasmtime::Result<Answer<Resource<Cas>>> {
    let store = store(&state, &bucket)?;
    match store.get(&key).await {
        Ok(value) => Ok((hold(&mut state, Cas { store, key, value })?,)),
        Err(error) => answer(Err(error)),
    }
}

async fn swap(
    mut state: StoreContextMut<'_, State>,
    cas: Resource<Cas>,
    value: Vec<u8>,
) -> wasmtime::Result<Answer<(), CasError>> {
    let Cas { store, key, value: expected } = take(&mut state, cas)?;
    let failed = match store.compare_and_swap(&key, expected, value).await {
        Ok(Swap::Done) => return Ok((Ok(()),)),
        Ok(Swap::Conflict(current)) => hold(&mut state, Cas { store, key, value: current })?.map(CasError::CasFailed),
        Err(error) => Err(error.into()),
    };
    Ok((Err(failed.unwrap_or_else(CasError::StoreError)),))
}

fn hold(state: &mut StoreContextMut<'_, State>, cas: Cas) -> wasmtime::Result<Result<Resource<Cas>, Error>> {
    let State { held, table, .. } = state.data_mut();
    if held.0 + cas.len() > MOST_HELD {
        return Ok(Err(Error::Other(format!("cas handles hold at most {MOST_HELD} bytes of values; drop some"))));
    }
    held.0 += cas.len();
    Ok(Ok(table.push(cas)?))
}

fn take(state: &mut StoreContextMut<'_, State>, cas: Resource<Cas>) -> wasmtime::Result<Cas> {
    let State { held, table, .. } = state.data_mut();
    let cas = table.delete(cas)?;
    held.0 -= cas.len();
    Ok(cas)
}
