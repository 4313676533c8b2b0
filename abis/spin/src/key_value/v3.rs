//! `spin:key-value/key-value@3.0.0`, whose functions are asynchronous, and whose keys come as a stream.

use std::sync::Arc;

use holm_services::kv::{KvError, Store};
use holm_wasi::State;
use wasmtime::component::{Accessor, FutureReader, Linker, Resource, ResourceType, StreamReader};

use super::keys::Keys;
use super::{Error, Opened, granted, keep};

pub(crate) const NAME: &str = "spin:key-value/key-value@3.0.0";

type Answer<T> = wasmtime::Result<(Result<T, Error>,)>;
type Listed = (StreamReader<String>, FutureReader<Result<(), Error>>);

pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(NAME)?;
    instance.resource("store", ResourceType::host::<Opened>(), |mut state, handle| {
        state.data_mut().table().delete(Resource::<Opened>::new_own(handle))?;
        Ok(())
    })?;
    instance.func_wrap_concurrent("[static]store.open", |accessor, (name,): (String,)| {
        Box::pin(async move { Ok((open(accessor, &name).await,)) })
    })?;
    instance.func_wrap_concurrent("[method]store.get", |accessor, (handle, key): (Resource<Opened>, String)| {
        Box::pin(async move { answer(store(accessor, &handle)?.get(&key).await) })
    })?;
    instance.func_wrap_concurrent(
        "[method]store.set",
        |accessor, (handle, key, value): (Resource<Opened>, String, Vec<u8>)| {
            Box::pin(async move { answer(store(accessor, &handle)?.set(&key, value).await) })
        },
    )?;
    instance.func_wrap_concurrent("[method]store.delete", |accessor, (handle, key): (Resource<Opened>, String)| {
        Box::pin(async move { answer(store(accessor, &handle)?.delete(&key).await) })
    })?;
    instance.func_wrap_concurrent("[method]store.exists", |accessor, (handle, key): (Resource<Opened>, String)| {
        Box::pin(async move { answer(store(accessor, &handle)?.exists(&key).await) })
    })?;
    instance.func_wrap_concurrent("[method]store.get-keys", |accessor, (handle,): (Resource<Opened>,)| {
        Box::pin(async move { Ok((keys(accessor, &handle)?,)) })
    })
}

async fn open(accessor: &Accessor<State>, name: &str) -> Result<Resource<Opened>, Error> {
    let stores = accessor.with(|mut access| granted(access.get(), name))?;
    let opened = super::open(stores, name).await?;
    accessor.with(|mut access| keep(access.get(), opened))
}

fn keys(accessor: &Accessor<State>, handle: &Resource<Opened>) -> wasmtime::Result<Listed> {
    let (keys, ended) = Keys::of(store(accessor, handle)?);
    accessor.with(|mut access| {
        // Whoever stops reading hears of no error.
        let ended = async move { Ok::<_, wasmtime::Error>(ended.await.unwrap_or(Ok(()))) };
        Ok((StreamReader::new(&mut access, keys)?, FutureReader::new(&mut access, ended)?))
    })
}

fn store(accessor: &Accessor<State>, handle: &Resource<Opened>) -> wasmtime::Result<Arc<dyn Store>> {
    accessor.with(|mut access| super::store(access.get(), handle))
}

fn answer<T>(result: Result<T, KvError>) -> Answer<T> {
    Ok((result.map_err(Error::from),))
}
