//! The interface without a version: each call names the server, and an error says nothing.

use std::sync::Arc;

use holm_services::redis::RedisConnection;
use holm_wasi::State;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Linker, Lower};

use super::{Parameter, execute, granted};

pub(crate) const NAME: &str = "fermyon:spin/redis";
/// Where its types are. It has no functions.
pub(crate) const TYPES: &str = "fermyon:spin/redis-types";

#[derive(Clone, Copy, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
enum Error {
    #[component(name = "success")]
    #[expect(dead_code, reason = "these are the cases guests know")]
    Success,
    #[component(name = "error")]
    Error,
}

/// Links a function that connects first.
macro_rules! function {
    ($instance:ident, $name:literal, |$it:ident, $($arg:ident: $type:ty),*| $does:expr) => {
        $instance.func_wrap_async(
            $name,
            |state: StoreContextMut<'_, State>, (address, $($arg),*): (String, $($type),*)| {
                Box::new(async move {
                    let Some($it) = open(state, &address).await else { return Ok((Err(Error::Error),)) };
                    Ok(($does.await.map_err(|_| Error::Error),))
                })
            },
        )?
    };
}

pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(NAME)?;
    function!(instance, "publish", |it, channel: String, payload: Vec<u8>| it.publish(&channel, &payload));
    function!(instance, "get", |it, key: String| async move {
        // What is not there has no bytes.
        it.get(&key).await.map(Option::unwrap_or_default)
    });
    function!(instance, "set", |it, key: String, value: Vec<u8>| it.set(&key, &value));
    function!(instance, "incr", |it, key: String| it.incr(&key));
    function!(instance, "del", |it, keys: Vec<String>| async move { it.del(&keys).await.map(i64::from) });
    function!(instance, "sadd", |it, key: String, values: Vec<String>| async move {
        it.sadd(&key, &values).await.map(i64::from)
    });
    function!(instance, "smembers", |it, key: String| it.smembers(&key));
    function!(instance, "srem", |it, key: String, values: Vec<String>| async move {
        it.srem(&key, &values).await.map(i64::from)
    });
    function!(instance, "execute", |it, command: String, parameters: Vec<Parameter>| {
        execute(&it, &command, parameters)
    });
    Ok(())
}

async fn open(state: StoreContextMut<'_, State>, address: &str) -> Option<Arc<RedisConnection>> {
    let granted = granted(state.data(), address).ok()?;
    granted.open().await.ok().map(Arc::new)
}
