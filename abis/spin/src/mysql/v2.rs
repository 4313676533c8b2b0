//! Version 2.0.0.

use holm_wasi::State;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};

use super::opening::{ask, keep};
use super::{Opened, connection, link_resource};
use crate::rdbms::{Error, ParameterValue, RowSet, given};

pub(crate) const NAME: &str = "fermyon:spin/mysql@2.0.0";

type Store<'a> = StoreContextMut<'a, State>;
type Asked = (Resource<Opened>, String, Vec<ParameterValue>);

pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(NAME)?;
    link_resource(&mut instance)?;
    instance.func_wrap_async("[static]connection.open", |mut store: Store<'_>, (address,): (String,)| {
        Box::new(async move {
            let asked = ask(store.data(), &address);
            let opened = match asked {
                Ok(opening) => opening.connect().await,
                Err(error) => Err(error),
            };
            Ok((opened.and_then(|opened| keep(store.data_mut(), opened)).map_err(Error::from),))
        })
    })?;
    instance.func_wrap_async(
        "[method]connection.query",
        |mut store: Store<'_>, (handle, statement, parameters): Asked| {
            Box::new(async move {
                let connection = connection(store.data_mut(), &handle)?;
                let answer = connection.query(&statement, given(parameters)).await;
                Ok((answer.map(RowSet::from).map_err(Error::from),))
            })
        },
    )?;
    instance.func_wrap_async(
        "[method]connection.execute",
        |mut store: Store<'_>, (handle, statement, parameters): Asked| {
            Box::new(async move {
                let connection = connection(store.data_mut(), &handle)?;
                Ok((connection.execute(&statement, given(parameters)).await.map_err(Error::from),))
            })
        },
    )
}
