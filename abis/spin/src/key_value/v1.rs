//! The interface without a version, whose handles are numbers that a guest may make up.

use std::sync::Arc;

use holm_services::kv::{KvError, Store};
use holm_wasi::State;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Linker, Lower, Resource};

use super::{Opened, all_keys, granted, keep};

pub(crate) const NAME: &str = "fermyon:spin/key-value";

#[derive(ComponentType, Lower)]
#[component(variant)]
enum Error {
    #[component(name = "store-table-full")]
    StoreTableFull,
    #[component(name = "no-such-store")]
    NoSuchStore,
    #[component(name = "access-denied")]
    AccessDenied,
    #[component(name = "invalid-store")]
    InvalidStore,
    #[component(name = "no-such-key")]
    NoSuchKey,
    #[component(name = "io")]
    Io(String),
}

impl From<super::Error> for Error {
    fn from(error: super::Error) -> Self {
        match error {
            super::Error::StoreTableFull => Self::StoreTableFull,
            super::Error::NoSuchStore => Self::NoSuchStore,
            super::Error::AccessDenied => Self::AccessDenied,
            super::Error::Other(why) => Self::Io(why),
        }
    }
}

impl From<KvError> for Error {
    fn from(error: KvError) -> Self {
        super::Error::from(error).into()
    }
}

type Answer<T> = wasmtime::Result<(Result<T, Error>,)>;
type Context<'a> = StoreContextMut<'a, State>;

pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(NAME)?;
    instance.func_wrap_async("open", |state, (name,): (String,)| Box::new(open(state, name)))?;
    instance.func_wrap_async("get", |mut state: Context<'_>, (handle, key): (u32, String)| {
        Box::new(async move {
            let Ok(store) = store(&mut state, handle) else { return Ok((Err(Error::InvalidStore),)) };
            let value = store.get(&key).await.map_err(Error::from);
            answer(value.and_then(|value| value.ok_or(Error::NoSuchKey)))
        })
    })?;
    instance.func_wrap_async("set", |mut state: Context<'_>, (handle, key, value): (u32, String, Vec<u8>)| {
        Box::new(async move {
            let Ok(store) = store(&mut state, handle) else { return Ok((Err(Error::InvalidStore),)) };
            answer(store.set(&key, value).await.map_err(Error::from))
        })
    })?;
    instance.func_wrap_async("delete", |mut state: Context<'_>, (handle, key): (u32, String)| {
        Box::new(async move {
            let Ok(store) = store(&mut state, handle) else { return Ok((Err(Error::InvalidStore),)) };
            answer(store.delete(&key).await.map_err(Error::from))
        })
    })?;
    instance.func_wrap_async("exists", |mut state: Context<'_>, (handle, key): (u32, String)| {
        Box::new(async move {
            let Ok(store) = store(&mut state, handle) else { return Ok((Err(Error::InvalidStore),)) };
            answer(store.exists(&key).await.map_err(Error::from))
        })
    })?;
    instance.func_wrap_async("get-keys", |mut state: Context<'_>, (handle,): (u32,)| {
        Box::new(async move {
            let Ok(store) = store(&mut state, handle) else { return Ok((Err(Error::InvalidStore),)) };
            answer(all_keys(&*store).await.map_err(Error::from))
        })
    })?;
    instance.func_wrap("close", |mut state: Context<'_>, (handle,): (u32,)| {
        // What is not a store that is open stays as it is.
        if store(&mut state, handle).is_ok() {
            state.data_mut().table().delete(Resource::<Opened>::new_own(handle))?;
        }
        Ok(())
    })
}

async fn open(mut state: Context<'_>, name: String) -> Answer<u32> {
    let opened = match granted(state.data(), &name) {
        Ok(stores) => super::open(stores, &name).await,
        Err(error) => Err(error),
    };
    let kept = opened.and_then(|opened| keep(state.data_mut(), opened));
    answer(kept.map(|handle| handle.rep()).map_err(Error::from))
}

fn store(state: &mut Context<'_>, handle: u32) -> wasmtime::Result<Arc<dyn Store>> {
    super::store(state.data_mut(), &Resource::new_borrow(handle))
}

fn answer<T>(result: Result<T, Error>) -> Answer<T> {
    Ok((result,))
}
