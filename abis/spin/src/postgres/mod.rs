//! PostgreSQL: `fermyon:spin/postgres`, `fermyon:spin/postgres@2.0.0`, `spin:postgres/postgres@3.0.0`, `@4.0.0`, `@4.1.0` and
//! `@4.2.0`.
//!
//! Signatures and which error is which: spinframework/spin, `wit/deps/spin@unversioned/postgres.wit`,
//! `wit/deps/spin@2.0.0/postgres.wit`, `wit/deps/spin-postgres@3.0.0` to `@4.2.0`, `crates/factor-outbound-pg/src`.

mod builder;
mod first;
mod methods;
mod opening;
mod times;
mod v4_async;
mod values_v3;
mod values_v4;

use std::sync::Arc;

use holm_services::connections::Open;
use holm_services::postgres::Connection;
use holm_wasi::State;
use wasmtime::component::{Linker, Resource};

use crate::rdbms;

pub(crate) const V1: &str = "fermyon:spin/postgres";
pub(crate) const V2: &str = "fermyon:spin/postgres@2.0.0";
pub(crate) const V3: &str = "spin:postgres/postgres@3.0.0";
pub(crate) const V4: &str = "spin:postgres/postgres@4.0.0";
pub(crate) const V4_1: &str = "spin:postgres/postgres@4.1.0";
pub(crate) const V4_2: &str = "spin:postgres/postgres@4.2.0";

pub(crate) use first::link as link_v1;

pub(crate) fn link_v2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    methods::link::<rdbms::RowSet, rdbms::ParameterValue, rdbms::Error>(
        &mut linker.instance(V2)?,
        rdbms::postgres::given,
    )
}

pub(crate) fn link_v3(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    methods::link::<values_v3::RowSet, values_v3::ParameterValue, rdbms::Error>(
        &mut linker.instance(V3)?,
        methods::given,
    )
}

pub(crate) fn link_v4(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    link_4(linker, V4)
}

pub(crate) fn link_v4_1(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    link_4(linker, V4_1)?;
    builder::link(&mut linker.instance(V4_1)?)
}

pub(crate) fn link_v4_2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    link_4(linker, V4_2)?;
    let mut instance = linker.instance(V4_2)?;
    builder::link(&mut instance)?;
    builder::link_async(&mut instance);
    v4_async::link(&mut instance);
    Ok(())
}

fn link_4(linker: &mut Linker<State>, name: &str) -> wasmtime::Result<()> {
    methods::link::<values_v4::RowSet, values_v4::ParameterValue, values_v4::Error>(
        &mut linker.instance(name)?,
        methods::given,
    )
}

/// A connection that the guest has.
struct Opened {
    connection: Arc<Connection>,
    _counted: Open,
}

/// The connection behind a handle that the engine has checked.
fn connection(state: &mut State, handle: &Resource<Opened>) -> wasmtime::Result<Arc<Connection>> {
    Ok(Arc::clone(&state.table().get(handle)?.connection))
}
