//! MySQL: `fermyon:spin/mysql`, `fermyon:spin/mysql@2.0.0` and `spin:mysql/mysql@3.0.0`.
//!
//! Signatures and which error is which: spinframework/spin, `wit/deps/spin@unversioned/mysql.wit`,
//! `wit/deps/spin@2.0.0/mysql.wit`, `wit/deps/spin-mysql@3.0.0`, `crates/factor-outbound-mysql/src`.

mod first;
mod opening;
mod v2;
mod v3;

use std::sync::Arc;

use holm_services::connections::Open;
use holm_services::mysql::Connection;
use holm_wasi::State;
use wasmtime::component::{LinkerInstance, Resource, ResourceType};

pub(crate) use first::{NAME as V1, link as link_v1};
pub(crate) use v2::{NAME as V2, link as link_v2};
pub(crate) use v3::{NAME as V3, link as link_v3};

/// A connection that the guest has.
struct Opened {
    connection: Arc<Connection>,
    _counted: Open,
}

fn link_resource(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.resource("connection", ResourceType::host::<Opened>(), |mut store, handle| {
        store.data_mut().table().delete(Resource::<Opened>::new_own(handle))?;
        Ok(())
    })
}

/// The connection behind a handle that the engine has checked.
fn connection(state: &mut State, handle: &Resource<Opened>) -> wasmtime::Result<Arc<Connection>> {
    Ok(Arc::clone(&state.table().get(handle)?.connection))
}
