//! Version 3.0.0, which is asynchronous.

use holm_wasi::State;
use wasmtime::component::{Accessor, Linker, Resource};

use super::opening::{ask, keep};
use super::{Opened, connection, link_resource};
use crate::rdbms::{Column, DbValue, Error, ParameterValue, given, row};
use crate::rows::{Convert, Streams, streams};

pub(crate) const NAME: &str = "spin:mysql/mysql@3.0.0";

type Handle = Resource<Opened>;
type Asked = (Handle, String, Vec<ParameterValue>);

pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(NAME)?;
    link_resource(&mut instance)?;
    instance.func_wrap_concurrent("[static]connection.open", |accessor: &Accessor<State>, (address,): (String,)| {
        Box::pin(async move { Ok((open(accessor, &address).await,)) })
    })?;
    instance.func_wrap_concurrent(
        "[method]connection.query",
        |accessor: &Accessor<State>, (handle, statement, parameters): Asked| {
            Box::pin(async move { Ok((query(accessor, &handle, statement, parameters).await?,)) })
        },
    )?;
    instance.func_wrap_concurrent(
        "[method]connection.execute",
        |accessor: &Accessor<State>, (handle, statement, parameters): Asked| {
            Box::pin(async move {
                let connection = accessor.with(|mut access| connection(access.get(), &handle))?;
                Ok((connection.execute(&statement, given(parameters)).await.map_err(Error::from),))
            })
        },
    )
}

async fn open(accessor: &Accessor<State>, address: &str) -> Result<Handle, Error> {
    let opening = accessor.with(|mut access| ask(access.get(), address))?;
    let opened = opening.connect().await?;
    Ok(accessor.with(|mut access| keep(access.get(), opened))?)
}

async fn query(
    accessor: &Accessor<State>,
    handle: &Handle,
    statement: String,
    parameters: Vec<ParameterValue>,
) -> wasmtime::Result<Result<Streams<Column, Vec<DbValue>, Error>, Error>> {
    let connection = accessor.with(|mut access| connection(access.get(), handle))?;
    match connection.stream(statement, given(parameters)).await {
        Ok(rows) => streams(accessor, rows, Convert { column: Column::from, row, error: Error::from }).map(Ok),
        Err(error) => Ok(Err(error.into())),
    }
}
