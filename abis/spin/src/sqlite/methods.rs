//! Connections that are resources: version 2.0.0 and those after it.

use holm_wasi::State;
use wasmtime::StoreContextMut;
use wasmtime::component::{Accessor, LinkerInstance, Resource, ResourceType};

use super::values::{Error, QueryResult, RowResult, Value, given};
use super::{Opened, connection, granted, keep, open};
use crate::rows::{Convert, Streams, if_concurrent, streams};

type Store<'a> = StoreContextMut<'a, State>;
type Handle = Resource<Opened>;

/// The functions of 2.0.0.
pub(super) fn link(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.resource("connection", ResourceType::host::<Opened>(), |mut store, handle| {
        store.data_mut().table().delete(Resource::<Opened>::new_own(handle))?;
        Ok(())
    })?;
    instance.func_wrap_async("[static]connection.open", |mut store: Store<'_>, (name,): (String,)| {
        Box::new(async move {
            let granted = granted(store.data(), &name);
            let opened = open(granted, &name).await;
            Ok((opened.and_then(|opened| keep(store.data_mut(), opened)),))
        })
    })?;
    instance.func_wrap_async(
        "[method]connection.execute",
        |mut store: Store<'_>, (handle, statement, parameters): (Handle, String, Vec<Value>)| {
            Box::new(async move {
                let connection = connection(store.data_mut(), &handle)?;
                let answer = connection.execute(statement, given(parameters)).await;
                Ok((answer.map(QueryResult::from).map_err(Error::from),))
            })
        },
    )
}

/// What 3.0.0 added: what the last statement did.
pub(super) fn link_facts(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.func_wrap("[method]connection.last-insert-rowid", |mut store: Store<'_>, (handle,): (Handle,)| {
        Ok((connection(store.data_mut(), &handle)?.last_insert_rowid(),))
    })?;
    instance.func_wrap("[method]connection.changes", |mut store: Store<'_>, (handle,): (Handle,)| {
        Ok((connection(store.data_mut(), &handle)?.changes(),))
    })
}

/// What 3.1.0 added: the same for asynchronous guests, with rows that stream.
pub(super) fn link_async(instance: &mut LinkerInstance<'_, State>) {
    if_concurrent(instance.func_wrap_concurrent(
        "[static]connection.open-async",
        |accessor: &Accessor<State>, (name,): (String,)| {
            Box::pin(async move {
                let granted = accessor.with(|mut access| granted(access.get(), &name));
                let opened = open(granted, &name).await;
                Ok((accessor.with(|mut access| opened.and_then(|opened| keep(access.get(), opened))),))
            })
        },
    ));
    if_concurrent(instance.func_wrap_concurrent(
        "[method]connection.execute-async",
        |accessor: &Accessor<State>, (handle, statement, parameters): (Handle, String, Vec<Value>)| {
            Box::pin(async move { Ok((execute(accessor, &handle, statement, parameters).await?,)) })
        },
    ));
    if_concurrent(instance.func_wrap_concurrent(
        "[method]connection.last-insert-rowid-async",
        |accessor: &Accessor<State>, (handle,): (Handle,)| {
            Box::pin(async move {
                let connection = accessor.with(|mut access| connection(access.get(), &handle))?;
                Ok((connection.last_insert_rowid(),))
            })
        },
    ));
    if_concurrent(instance.func_wrap_concurrent(
        "[method]connection.changes-async",
        |accessor: &Accessor<State>, (handle,): (Handle,)| {
            Box::pin(async move {
                let connection = accessor.with(|mut access| connection(access.get(), &handle))?;
                Ok((connection.changes(),))
            })
        },
    ));
}

async fn execute(
    accessor: &Accessor<State>,
    handle: &Handle,
    statement: String,
    parameters: Vec<Value>,
) -> wasmtime::Result<Result<Streams<String, RowResult, Error>, Error>> {
    let connection = accessor.with(|mut access| connection(access.get(), handle))?;
    match connection.stream(statement, given(parameters)).await {
        Ok(rows) => {
            let convert = Convert { column: std::convert::identity, row: RowResult::from, error: Error::from };
            streams(accessor, rows, convert).map(Ok)
        }
        Err(error) => Ok(Err(error.into())),
    }
}
