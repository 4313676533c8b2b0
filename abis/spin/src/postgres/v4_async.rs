//! What 4.2.0 added for asynchronous guests: the same again, with rows that stream.

use holm_wasi::State;
use wasmtime::component::{Accessor, LinkerInstance, Resource};

use super::methods::given;
use super::opening::{ask, keep};
use super::values_v4::{Column, DbValue, Error, ParameterValue, row};
use super::{Opened, connection};
use crate::rows::{Convert, Streams, if_concurrent, streams};

type Handle = Resource<Opened>;

pub(super) fn link(instance: &mut LinkerInstance<'_, State>) {
    if_concurrent(instance.func_wrap_concurrent(
        "[static]connection.open-async",
        |accessor: &Accessor<State>, (address,): (String,)| {
            Box::pin(async move { Ok((open(accessor, &address, None).await,)) })
        },
    ));
    if_concurrent(instance.func_wrap_concurrent(
        "[method]connection.query-async",
        |accessor: &Accessor<State>, (handle, statement, parameters): (Handle, String, Vec<ParameterValue>)| {
            Box::pin(async move { Ok((query(accessor, &handle, statement, parameters).await?,)) })
        },
    ));
    if_concurrent(instance.func_wrap_concurrent(
        "[method]connection.execute-async",
        |accessor: &Accessor<State>, (handle, statement, parameters): (Handle, String, Vec<ParameterValue>)| {
            Box::pin(async move {
                let connection = accessor.with(|mut access| connection(access.get(), &handle))?;
                let written = match given(parameters) {
                    Ok(parameters) => connection.execute(&statement, parameters).await,
                    Err(error) => Err(error),
                };
                Ok((written.map_err(Error::from),))
            })
        },
    ));
}

/// Opens `address` for a guest that does other things meanwhile.
pub(super) async fn open(accessor: &Accessor<State>, address: &str, roots: Option<&str>) -> Result<Handle, Error> {
    let opening = accessor.with(|mut access| ask(access.get(), address))?;
    let opened = opening.connect(roots).await?;
    Ok(accessor.with(|mut access| keep(access.get(), opened))?)
}

async fn query(
    accessor: &Accessor<State>,
    handle: &Handle,
    statement: String,
    parameters: Vec<ParameterValue>,
) -> wasmtime::Result<Result<Streams<Column, Vec<DbValue>, Error>, Error>> {
    let connection = accessor.with(|mut access| connection(access.get(), handle))?;
    let answer = match given(parameters) {
        Ok(parameters) => connection.stream(statement, parameters).await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(rows) => streams(accessor, rows, Convert { column: Column::from, row, error: Error::from }).map(Ok),
        Err(error) => Ok(Err(error.into())),
    }
}
