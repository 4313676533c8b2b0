//! `fermyon:spin/key-value@2.0.0`.

use holm_services::kv::KvError;
use holm_wasi::State;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};

use super::{Error, Opened, all_keys, granted, keep, store};

pub(crate) const NAME: &str = "fermyon:spin/key-value@2.0.0";

type Answer<T> = wasmtime::Result<(Result<T, Error>,)>;
type Context<'a> = StoreContextMut<'a, State>;

pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(NAME)?;
    instance.resource("store", ResourceType::host::<Opened>(), |mut state, handle| {
        state.data_mut().table().delete(Resource::<Opened>::new_own(handle))?;
        Ok(())
    })?;
    instance.func_wrap_async("[static]store.open", |state, (name,): (String,)| Box::new(open(state, name)))?;
    instance.func_wrap_async("[method]store.get", |mut state, (handle, key): (Resource<Opened>, String)| {
        Box::new(async move { answer(store(state.data_mut(), &handle)?.get(&key).await) })
    })?;
    instance.func_wrap_async(
        "[method]store.set",
        |mut state, (handle, key, value): (Resource<Opened>, String, Vec<u8>)| {
            Box::new(async move { answer(store(state.data_mut(), &handle)?.set(&key, value).await) })
        },
    )?;
    instance.func_wrap_async("[method]store.delete", |mut state, (handle, key): (Resource<Opened>, String)| {
        Box::new(async move { answer(store(state.data_mut(), &handle)?.delete(&key).await) })
    })?;
    instance.func_wrap_async("[method]store.exists", |mut state, (handle, key): (Resource<Opened>, String)| {
        Box::new(async move { answer(store(state.data_mut(), &handle)?.exists(&key).await) })
    })?;
    instance.func_wrap_async("[method]store.get-keys", |mut state: Context<'_>, (handle,): (Resource<Opened>,)| {
        Box::new(async move { Ok((all_keys(&*store(state.data_mut(), &handle)?).await,)) })
    })
}

async fn open(mut state: Context<'_>, name: String) -> Answer<Resource<Opened>> {
    let opened = match granted(state.data(), &name) {
        Ok(stores) => super::open(stores, &name).await,
        Err(error) => Err(error),
    };
    Ok((opened.and_then(|opened| keep(state.data_mut(), opened)),))
}

fn answer<T>(result: Result<T, KvError>) -> Answer<T> {
    Ok((result.map_err(Error::from),))
}
