//! Opening buckets, and what both drafts can do with one.

use std::sync::Arc;

use holm_engine::Kind;
use holm_grants::Ask;
use holm_services::StorageError;
use holm_services::kv::{KvError, Page, Store};
use wasmtime::StoreContextMut;
use wasmtime::component::types::{ComponentItem, Type};
use wasmtime::component::{Component, ComponentType, LinkerInstance, Lower, Resource, ResourceType};

use super::{Answer, Error, Version, answer};
use crate::parts::Whose;
use crate::state::State;

/// An open bucket.
pub(super) struct Bucket {
    store: Arc<dyn Store>,
    /// Where the last page of keys ended: so many keys in, and the key. Saves [`page_at`] the way there.
    reached: Option<(u64, String)>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct KeyResponse<C> {
    keys: Vec<String>,
    cursor: Option<C>,
}

pub(super) fn link_store(
    instance: &mut LinkerInstance<'_, State>,
    version: Version,
    whose: Whose,
) -> wasmtime::Result<()> {
    instance.resource("bucket", ResourceType::host::<Bucket>(), |mut state, bucket| {
        state.data_mut().table.delete(Resource::<Bucket>::new_own(bucket))?;
        Ok(())
    })?;
    instance.func_wrap_async("open", move |state, (name,): (String,)| Box::new(open(state, name, whose)))?;
    instance.func_wrap_async("[method]bucket.get", |state, (bucket, key): (Resource<Bucket>, String)| {
        Box::new(async move { answer(store(&state, &bucket)?.get(&key).await) })
    })?;
    instance.func_wrap_async(
        "[method]bucket.set",
        |state, (bucket, key, value): (Resource<Bucket>, String, Vec<u8>)| {
            Box::new(async move { answer(store(&state, &bucket)?.set(&key, value).await) })
        },
    )?;
    instance.func_wrap_async("[method]bucket.delete", |state, (bucket, key): (Resource<Bucket>, String)| {
        Box::new(async move { answer(store(&state, &bucket)?.delete(&key).await) })
    })?;
    instance.func_wrap_async("[method]bucket.exists", |state, (bucket, key): (Resource<Bucket>, String)| {
        Box::new(async move { answer(store(&state, &bucket)?.exists(&key).await) })
    })?;
    let list_keys = "[method]bucket.list-keys";
    match version {
        Version::Draft => instance
            .func_wrap_async(list_keys, |state, (bucket, cursor)| Box::new(list_from_number(state, bucket, cursor))),
        Version::Draft2 => {
            instance.func_wrap_async(list_keys, |state, (bucket, cursor): (Resource<Bucket>, Option<String>)| {
                Box::new(async move {
                    let page = store(&state, &bucket)?.list_keys(cursor.as_deref()).await;
                    answer(page.map(|page| KeyResponse { keys: page.keys, cursor: page.cursor }))
                })
            })
        }
    }
}

/// What `get-many` answers for each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Many {
    /// `option<tuple<string, list<u8>>>`, as the drafts have it.
    Found,
    /// `tuple<string, option<list<u8>>>`, as Spin has it under the same name.
    Asked,
}

impl Many {
    /// What a component wants that imports `batch` under this name.
    pub(super) fn wanted(component: &Component, name: &str) -> Self {
        match each_of_many(component, name) {
            Some(Type::Tuple(_)) => Self::Asked,
            _ => Self::Found,
        }
    }
}

fn each_of_many(component: &Component, name: &str) -> Option<Type> {
    let engine = component.engine();
    let ComponentItem::ComponentInstance(batch) = component.component_type().get_import(engine, name)?.ty else {
        return None;
    };
    let ComponentItem::ComponentFunc(get_many) = batch.get_export(engine, "get-many")?.ty else { return None };
    match get_many.results().next()? {
        Type::Result(result) => match result.ok()? {
            Type::List(list) => Some(list.ty()),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn link_batch(instance: &mut LinkerInstance<'_, State>, many: Many) -> wasmtime::Result<()> {
    match many {
        Many::Found => link_get_many(instance, |(key, value)| value.map(|value| (key, value))),
        Many::Asked => link_get_many(instance, |asked| asked),
    }?;
    instance.func_wrap_async("set-many", |state, (bucket, pairs): (Resource<Bucket>, Vec<(String, Vec<u8>)>)| {
        Box::new(async move { answer(store(&state, &bucket)?.set_many(pairs).await) })
    })?;
    instance.func_wrap_async("delete-many", |state, (bucket, keys): (Resource<Bucket>, Vec<String>)| {
        Box::new(async move { answer(store(&state, &bucket)?.delete_many(keys).await) })
    })
}

fn link_get_many<T>(
    instance: &mut LinkerInstance<'_, State>,
    each: fn((String, Option<Vec<u8>>)) -> T,
) -> wasmtime::Result<()>
where
    T: ComponentType + Lower + Send + Sync + 'static,
{
    instance.func_wrap_async("get-many", move |state, (bucket, keys): (Resource<Bucket>, Vec<String>)| {
        Box::new(async move {
            let values = store(&state, &bucket)?.get_many(keys.clone()).await;
            answer(values.map(|values| keys.into_iter().zip(values).map(each).collect::<Vec<_>>()))
        })
    })
}

/// `increment` of the first draft, whose numbers have no sign.
pub(super) fn link_increment(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.func_wrap_async("increment", |state, (bucket, key, delta): (Resource<Bucket>, String, u64)| {
        Box::new(async move {
            let Ok(delta) = i64::try_from(delta) else {
                return answer(Err(KvError::Overflow { key }));
            };
            let sum = store(&state, &bucket)?.increment(&key, delta).await.map_err(Error::from);
            let negative = |sum| Error::Other(format!("the value is {sum}, which this version cannot return"));
            Ok((sum.and_then(|sum| u64::try_from(sum).map_err(|_| negative(sum))),))
        })
    })
}

/// The store behind a bucket.
pub(super) fn store(state: &StoreContextMut<'_, State>, bucket: &Resource<Bucket>) -> wasmtime::Result<Arc<dyn Store>> {
    Ok(Arc::clone(&state.data().table.get(bucket)?.store))
}

async fn open(
    mut state: StoreContextMut<'_, State>,
    name: String,
    whose: Whose,
) -> wasmtime::Result<Answer<Resource<Bucket>>> {
    let services = Arc::clone(state.data().services_of(whose));
    if !services.host.grants.kv.contains(&name) {
        services.host.audit.denied(Ask::Kv(name));
        return Ok((Err(Error::AccessDenied),));
    }
    let Some(lent) = &services.lent else { return Ok((Err(Error::NoSuchStore),)) };
    match lent.kv.open(&name).await {
        Ok(store) => Ok((Ok(state.data_mut().table.push(Bucket { store, reached: None })?),)),
        // The guest may not read what is wrong with the host's file, and its owner has to.
        Err(KvError::Storage(error @ StorageError::File { .. })) => {
            Err(holm_abi::Error::new(Kind::Io, error.to_string()).into())
        }
        Err(error) => answer(Err(error)),
    }
}

/// `list-keys` of the first draft, whose cursors are numbers: how many keys came before.
async fn list_from_number(
    mut state: StoreContextMut<'_, State>,
    bucket: Resource<Bucket>,
    cursor: Option<u64>,
) -> wasmtime::Result<Answer<KeyResponse<u64>>> {
    let before = cursor.unwrap_or(0);
    let opened = state.data().table.get(&bucket)?;
    let reached = opened.reached.clone();
    let page = page_at(&*Arc::clone(&opened.store), before, reached).await;
    let page = match page {
        Ok(page) => page,
        Err(error) => return answer(Err(error)),
    };
    let after = before.saturating_add(page.keys.len() as u64);
    let cursor = page.cursor.is_some().then_some(after);
    state.data_mut().table.get_mut(&bucket)?.reached = page.cursor.map(|key| (after, key));
    Ok((Ok(KeyResponse { keys: page.keys, cursor }),))
}

/// The page of keys that begins after the first `before` ones.
async fn page_at(store: &dyn Store, before: u64, reached: Option<(u64, String)>) -> Result<Page, KvError> {
    let (mut passed, mut cursor) = match reached {
        Some((keys, key)) if keys <= before => (keys, Some(key)),
        _ => (0, None),
    };
    loop {
        let mut page = store.list_keys(cursor.as_deref()).await?;
        let skip = before - passed;
        if skip < page.keys.len() as u64 || page.cursor.is_none() {
            page.keys.drain(..page.keys.len().min(skip as usize));
            return Ok(page);
        }
        passed += page.keys.len() as u64;
        cursor = page.cursor;
    }
}
