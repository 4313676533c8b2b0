//! `key-value`: named key-value stores of the host.
//!
//! Source: spinframework/spin, `wit/ephemeral/key-value.wit`.

use std::sync::Arc;

use holm_grants::Ask;
use holm_services::kv::{KvError, Store};
use wasmtime::Result;

use super::args::Args;
use super::link::Work;
use super::out::{Out, ROOT};
use super::state::{Shared, State};

/// The interface's errors.
enum Error {
    StoreTableFull,
    AccessDenied,
    InvalidStore,
    NoSuchKey,
    Io(String),
}

impl From<KvError> for Error {
    fn from(error: KvError) -> Self {
        Self::Io(error.guest_message())
    }
}

/// Bytes that the host keeps for a key of a list beside the key.
const EACH_KEY: u64 = 32;

pub(super) fn open(args: &mut Args<'_>) -> Result<Work> {
    let name = args.text()?;
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let shared = Arc::clone(&state.shared);
            let store = open_store(&shared, name).await;
            let opened = store.and_then(|store| state.stores.push(store).ok_or(Error::StoreTableFull));
            answer(opened, |out, number| {
                out.u32(ROOT, 4, number);
                Ok(())
            })
        })
    }))
}

async fn open_store(shared: &Shared, name: String) -> Result<Arc<dyn Store>, Error> {
    let host = &shared.host;
    if !host.grants.kv.contains(&name) {
        host.audit.denied(Ask::Kv(name));
        return Err(Error::AccessDenied);
    }
    match &shared.lent {
        Some(lent) => Ok(lent.kv.open(&name).await?),
        None => Err(Error::AccessDenied),
    }
}

pub(super) fn get(args: &mut Args<'_>) -> Result<Work> {
    let (number, key) = (args.u32()?, args.text()?);
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let value = match store(state, number) {
                Ok(store) => store.get(&key).await.map_err(Error::from),
                Err(error) => Err(error),
            };
            let value = value.and_then(|value| value.ok_or(Error::NoSuchKey));
            answer(value, |out, value| out.bytes(ROOT, 4, value))
        })
    }))
}

pub(super) fn set(args: &mut Args<'_>) -> Result<Work> {
    let (number, key, value) = (args.u32()?, args.text()?, args.bytes()?);
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let done = match store(state, number) {
                Ok(store) => store.set(&key, value).await.map_err(Error::from),
                Err(error) => Err(error),
            };
            answer(done, |_, ()| Ok(()))
        })
    }))
}

pub(super) fn delete(args: &mut Args<'_>) -> Result<Work> {
    let (number, key) = (args.u32()?, args.text()?);
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let done = match store(state, number) {
                Ok(store) => store.delete(&key).await.map_err(Error::from),
                Err(error) => Err(error),
            };
            answer(done, |_, ()| Ok(()))
        })
    }))
}

pub(super) fn exists(args: &mut Args<'_>) -> Result<Work> {
    let (number, key) = (args.u32()?, args.text()?);
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let there = match store(state, number) {
                Ok(store) => store.exists(&key).await.map_err(Error::from),
                Err(error) => Err(error),
            };
            answer(there, |out, there| {
                out.u8(ROOT, 4, u8::from(there));
                Ok(())
            })
        })
    }))
}

pub(super) fn get_keys(args: &mut Args<'_>) -> Result<Work> {
    let number = args.u32()?;
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let keys = match store(state, number) {
                Ok(store) => all_keys(state, &*store).await?,
                Err(error) => Err(error),
            };
            let answered = answer(keys, |out, keys| {
                let list = out.list(ROOT, 4, keys.len(), 8, 4)?;
                keys.into_iter().enumerate().try_for_each(|(number, key)| out.bytes(list, number * 8, key))
            });
            state.keep(0)?;
            answered
        })
    }))
}

/// All keys, which count as memory of the guest until it has them.
async fn all_keys(state: &mut State, store: &dyn Store) -> Result<Result<Vec<String>, Error>> {
    let (mut all, mut cursor, mut bytes) = (Vec::new(), None, 0_u64);
    loop {
        let page = match store.list_keys(cursor.as_deref()).await {
            Ok(page) => page,
            Err(error) => return Ok(Err(error.into())),
        };
        bytes = page.keys.iter().fold(bytes, |bytes, key| bytes.saturating_add(key.len() as u64 + EACH_KEY));
        state.keep(bytes)?;
        all.extend(page.keys);
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(Ok(all));
        }
    }
}

pub(super) fn close(args: &mut Args<'_>) -> Result<Work> {
    let number = args.u32()?;
    Ok(Box::new(move |state| {
        Box::pin(async move {
            state.stores.close(number);
            Ok(None)
        })
    }))
}

fn store(state: &State, number: u32) -> Result<Arc<dyn Store>, Error> {
    state.stores.get(number).cloned().ok_or(Error::InvalidStore)
}

fn answer<T>(result: Result<T, Error>, ok: impl FnOnce(&mut Out, T) -> Result<()>) -> Result<Option<Out>> {
    let mut out = Out::default();
    let error = match result {
        Ok(value) => {
            out.u8(ROOT, 0, 0);
            return ok(&mut out, value).map(|()| Some(out));
        }
        Err(error) => error,
    };
    out.u8(ROOT, 0, 1);
    let (case, text) = match error {
        Error::StoreTableFull => (0, None),
        // 1 is a store that the host does not know, which nobody is granted.
        Error::AccessDenied => (2, None),
        Error::InvalidStore => (3, None),
        Error::NoSuchKey => (4, None),
        Error::Io(text) => (5, Some(text)),
    };
    out.u8(ROOT, 4, case);
    if let Some(text) = text {
        out.bytes(ROOT, 8, text)?;
    }
    Ok(Some(out))
}
