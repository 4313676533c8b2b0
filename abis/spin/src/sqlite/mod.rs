//! SQLite databases: `fermyon:spin/sqlite`, `fermyon:spin/sqlite@2.0.0`, `spin:sqlite/sqlite@3.0.0` and `@3.1.0`.
//!
//! Signatures and which error is which: spinframework/spin, `wit/deps/spin@unversioned/sqlite.wit`,
//! `wit/deps/spin@2.0.0/sqlite.wit`, `wit/deps/spin-sqlite@3.0.0`, `wit/deps/spin-sqlite@3.1.0`,
//! `crates/factor-sqlite/src/host.rs`. They have one set of types, and each has the functions of the one before it but for
//! the first, whose connections are numbers.

mod methods;
mod v1;
mod values;

use std::sync::Arc;

use holm_grants::Ask;
use holm_services::StorageError;
use holm_services::sql::{Connection, SqlError};
use holm_wasi::State;
use wasmtime::component::{Linker, Resource};

use values::Error;

pub(crate) const V1: &str = "fermyon:spin/sqlite";
pub(crate) const V2: &str = "fermyon:spin/sqlite@2.0.0";
pub(crate) const V3: &str = "spin:sqlite/sqlite@3.0.0";
pub(crate) const V3_1: &str = "spin:sqlite/sqlite@3.1.0";

pub(crate) use v1::link as link_v1;

pub(crate) fn link_v2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    methods::link(&mut linker.instance(V2)?)
}

pub(crate) fn link_v3(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(V3)?;
    methods::link(&mut instance)?;
    methods::link_facts(&mut instance)
}

pub(crate) fn link_v3_1(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(V3_1)?;
    methods::link(&mut instance)?;
    methods::link_facts(&mut instance)?;
    methods::link_async(&mut instance);
    Ok(())
}

/// A connection that the guest has.
struct Opened(Arc<dyn Connection>);

/// Opens the database called `name`, if the guest was granted that.
async fn open(granted: Result<Arc<dyn holm_services::sql::Databases>, Error>, name: &str) -> Result<Opened, Error> {
    match granted?.open(name).await {
        Ok(connection) => Ok(Opened(connection)),
        Err(SqlError::NoSuchDatabase { .. }) => Err(Error::NoSuchDatabase),
        // Its owner was told, or will be.
        Err(SqlError::Storage(StorageError::File { .. })) => Err(Error::InvalidConnection),
        Err(error) => Err(error.into()),
    }
}

/// What keeps the database called `name`, if the guest was granted that.
fn granted(state: &State, name: &str) -> Result<Arc<dyn holm_services::sql::Databases>, Error> {
    if !state.grants().sql.iter().any(|granted| granted == name) {
        state.refuse(Ask::Sql(name.to_owned()));
        return Err(Error::AccessDenied);
    }
    state.lent().map(|lent| Arc::clone(&lent.sql)).ok_or(Error::AccessDenied)
}

/// Keeps a connection for the guest.
fn keep(state: &mut State, opened: Opened) -> Result<Resource<Opened>, Error> {
    state.table().push(opened).map_err(|_| Error::Io("too many connections opened".to_owned()))
}

/// The connection behind a handle that the engine has checked.
fn connection(state: &mut State, handle: &Resource<Opened>) -> wasmtime::Result<Arc<dyn Connection>> {
    Ok(Arc::clone(&state.table().get(handle)?.0))
}
