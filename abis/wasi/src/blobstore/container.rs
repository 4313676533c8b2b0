//! The resource `container`.

use std::sync::Arc;

use holm_services::blob::{BlobError, Container as Store};
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, LinkerInstance, Lower, Resource, ResourceType};

use super::names::Names;
use super::value::{IncomingValue, OutgoingValue};
use super::{Answer, TOO_MANY, answer, refused, seconds};
use crate::state::State;

/// A container that is open.
pub(super) struct Container(pub(super) Arc<dyn Store>);

#[derive(ComponentType, Lower)]
#[component(record)]
struct ContainerMetadata {
    name: String,
    #[component(name = "created-at")]
    created_at: u64,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct ObjectMetadata {
    name: String,
    container: String,
    #[component(name = "created-at")]
    created_at: u64,
    size: u64,
}

type This = Resource<Container>;

pub(super) fn link(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.resource("container", ResourceType::host::<Container>(), |mut state, container| {
        state.data_mut().table.delete(Resource::<Container>::new_own(container))?;
        Ok(())
    })?;
    instance.func_wrap("[method]container.name", |state, (this,): (This,)| {
        Ok((Ok::<_, String>(store(&state, &this)?.name().to_owned()),))
    })?;
    instance.func_wrap_async("[method]container.info", |state, (this,): (This,)| {
        Box::new(async move {
            let store = store(&state, &this)?;
            let metadata = |created| ContainerMetadata { name: store.name().to_owned(), created_at: seconds(created) };
            answer(store.created().await.map(metadata))
        })
    })?;
    instance.func_wrap_async("[method]container.get-data", |state, (this, name, start, end)| {
        Box::new(get_data(state, this, name, start, end))
    })?;
    instance.func_wrap_async("[method]container.write-data", |state, (this, name, value)| {
        Box::new(write_data(state, this, name, value))
    })?;
    instance.func_wrap("[method]container.list-objects", |mut state, (this,): (This,)| {
        let names = Names::of(store(&state, &this)?);
        Ok((Ok::<_, String>(state.data_mut().table.push(names)?),))
    })?;
    instance.func_wrap_async("[method]container.delete-object", |state, (this, name): (This, String)| {
        Box::new(async move { answer(store(&state, &this)?.delete(vec![name]).await) })
    })?;
    instance.func_wrap_async("[method]container.delete-objects", |state, (this, names): (This, Vec<String>)| {
        Box::new(async move { answer(store(&state, &this)?.delete(names).await) })
    })?;
    instance.func_wrap_async("[method]container.has-object", |state, (this, name): (This, String)| {
        Box::new(async move { answer(store(&state, &this)?.info(&name).await.map(|found| found.is_some())) })
    })?;
    instance.func_wrap_async("[method]container.object-info", |state, (this, name): (This, String)| {
        Box::new(async move { answer(object_info(&*store(&state, &this)?, name).await) })
    })?;
    instance.func_wrap_async("[method]container.clear", |state, (this,): (This,)| {
        Box::new(async move { answer(store(&state, &this)?.clear().await) })
    })
}

fn store(state: &StoreContextMut<'_, State>, container: &This) -> wasmtime::Result<Arc<dyn Store>> {
    Ok(Arc::clone(&state.data().table.get(container)?.0))
}

async fn object_info(store: &dyn Store, name: String) -> Result<ObjectMetadata, BlobError> {
    let found = store.info(&name).await?;
    let found = found.ok_or_else(|| BlobError::NoObject { name: name.clone() })?;
    let container = store.name().to_owned();
    Ok(ObjectMetadata { name, container, created_at: seconds(found.created), size: found.size })
}

async fn get_data(
    mut state: StoreContextMut<'_, State>,
    this: This,
    name: String,
    start: u64,
    end: u64,
) -> wasmtime::Result<Answer<Resource<IncomingValue>>> {
    let store = store(&state, &this)?;
    let Some(held) = state.data().blobs.one_more() else { return refused(TOO_MANY) };
    match store.read(&name, start, end).await {
        Ok(reader) => Ok((Ok(state.data_mut().table.push(IncomingValue::new(reader, held))?),)),
        Err(error) => answer(Err(error)),
    }
}

async fn write_data(
    mut state: StoreContextMut<'_, State>,
    this: This,
    name: String,
    value: Resource<OutgoingValue>,
) -> wasmtime::Result<Answer<()>> {
    let store = store(&state, &this)?;
    if state.data().table.get(&value)?.has_a_place() {
        return refused("the value is being written to an object already");
    }
    match store.write(&name).await {
        Ok(writer) => {
            state.data_mut().table.get_mut(&value)?.goes_to(writer);
            Ok((Ok(()),))
        }
        Err(error) => answer(Err(error)),
    }
}
