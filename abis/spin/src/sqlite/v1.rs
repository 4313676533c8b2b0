//! Connections that are numbers, which the guest may make up.

use std::sync::Arc;

use holm_services::sql::Connection;
use holm_wasi::State;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};

use super::values::{Error, QueryResult, Value, given};
use super::{Opened, V1, granted, keep, open};

type Store<'a> = StoreContextMut<'a, State>;

pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(V1)?;
    instance.func_wrap_async("open", |mut store: Store<'_>, (name,): (String,)| {
        Box::new(async move {
            let granted = granted(store.data(), &name);
            let opened = open(granted, &name).await;
            let kept = opened.and_then(|opened| keep(store.data_mut(), opened));
            Ok((kept.map(|handle| handle.rep()),))
        })
    })?;
    instance.func_wrap_async(
        "execute",
        |mut store: Store<'_>, (number, statement, parameters): (u32, String, Vec<Value>)| {
            Box::new(async move {
                let connection = match known(store.data_mut(), number) {
                    Ok(connection) => connection,
                    Err(error) => return Ok((Err(error),)),
                };
                let answer = connection.execute(statement, given(parameters)).await;
                Ok((answer.map(QueryResult::from).map_err(Error::from),))
            })
        },
    )?;
    instance.func_wrap("close", |mut store: Store<'_>, (number,): (u32,)| {
        // One that is not there is closed.
        if known(store.data_mut(), number).is_ok() {
            store.data_mut().table().delete(Resource::<Opened>::new_own(number))?;
        }
        Ok(())
    })
}

fn known(state: &mut State, number: u32) -> Result<Arc<dyn Connection>, Error> {
    let opened = state.table().get(&Resource::<Opened>::new_own(number));
    opened.map(|opened| Arc::clone(&opened.0)).map_err(|_| Error::InvalidConnection)
}
