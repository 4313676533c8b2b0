//! The interface since 2.0.0, where a connection is a resource. Since 3 its functions are asynchronous; nothing else differs.

use std::sync::Arc;

use holm_services::redis::RedisConnection;
use holm_wasi::State;
use wasmtime::StoreContextMut;
use wasmtime::component::{Accessor, Linker, LinkerInstance, Resource, ResourceType};

use super::{Error, Parameter, execute, granted};

pub(crate) const V2: &str = "fermyon:spin/redis@2.0.0";
pub(crate) const V3: &str = "spin:redis/redis@3.0.0";

/// A connection that is open.
struct Opened(Arc<RedisConnection>);

/// Has `$link` link each method: its name, its parameters, and what it does.
macro_rules! methods {
    ($instance:ident, $link:ident) => {
        $link!($instance, "publish", |it, channel: String, payload: Vec<u8>| it.publish(&channel, &payload));
        $link!($instance, "get", |it, key: String| it.get(&key));
        $link!($instance, "set", |it, key: String, value: Vec<u8>| it.set(&key, &value));
        $link!($instance, "incr", |it, key: String| it.incr(&key));
        $link!($instance, "del", |it, keys: Vec<String>| it.del(&keys));
        $link!($instance, "sadd", |it, key: String, values: Vec<String>| it.sadd(&key, &values));
        $link!($instance, "smembers", |it, key: String| it.smembers(&key));
        $link!($instance, "srem", |it, key: String, values: Vec<String>| it.srem(&key, &values));
        $link!($instance, "execute", |it, command: String, parameters: Vec<Parameter>| {
            execute(&it, &command, parameters)
        });
    };
}

macro_rules! synchronous {
    ($instance:ident, $name:literal, |$it:ident, $($arg:ident: $type:ty),*| $does:expr) => {
        $instance.func_wrap_async(
            concat!("[method]connection.", $name),
            |mut state: StoreContextMut<'_, State>, (handle, $($arg),*): (Resource<Opened>, $($type),*)| {
                Box::new(async move {
                    let $it = opened(state.data_mut(), &handle)?;
                    Ok(($does.await.map_err(Error::from),))
                })
            },
        )?
    };
}

macro_rules! asynchronous {
    ($instance:ident, $name:literal, |$it:ident, $($arg:ident: $type:ty),*| $does:expr) => {
        $instance.func_wrap_concurrent(
            concat!("[method]connection.", $name),
            |accessor: &Accessor<State>, (handle, $($arg),*): (Resource<Opened>, $($type),*)| {
                Box::pin(async move {
                    let $it = accessor.with(|mut access| opened(access.get(), &handle))?;
                    Ok(($does.await.map_err(Error::from),))
                })
            },
        )?
    };
}

pub(crate) fn link_v2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(V2)?;
    link_resource(&mut instance)?;
    instance.func_wrap_async(
        "[static]connection.open",
        |mut state: StoreContextMut<'_, State>, (address,): (String,)| {
            Box::new(async move {
                let opened = match granted(state.data(), &address) {
                    Ok(granted) => granted.open().await,
                    Err(error) => Err(error),
                };
                Ok((opened.and_then(|opened| keep(state.data_mut(), opened)),))
            })
        },
    )?;
    methods!(instance, synchronous);
    Ok(())
}

pub(crate) fn link_v3(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(V3)?;
    link_resource(&mut instance)?;
    instance.func_wrap_concurrent("[static]connection.open", |accessor: &Accessor<State>, (address,): (String,)| {
        Box::pin(async move { Ok((open(accessor, &address).await,)) })
    })?;
    methods!(instance, asynchronous);
    Ok(())
}

fn link_resource(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.resource("connection", ResourceType::host::<Opened>(), |mut state, handle| {
        state.data_mut().table().delete(Resource::<Opened>::new_own(handle))?;
        Ok(())
    })
}

async fn open(accessor: &Accessor<State>, address: &str) -> Result<Resource<Opened>, Error> {
    let granted = accessor.with(|mut access| granted(access.get(), address))?;
    let opened = granted.open().await?;
    accessor.with(|mut access| keep(access.get(), opened))
}

fn keep(state: &mut State, opened: RedisConnection) -> Result<Resource<Opened>, Error> {
    state.table().push(Opened(Arc::new(opened))).map_err(|_| Error::TooManyConnections)
}

/// The connection behind a handle that the engine checked.
fn opened(state: &mut State, handle: &Resource<Opened>) -> wasmtime::Result<Arc<RedisConnection>> {
    Ok(Arc::clone(&state.table().get(handle)?.0))
}
