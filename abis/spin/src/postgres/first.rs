//! The first interface, whose functions take an address each time.

use holm_services::postgres::PgError;
use holm_wasi::State;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::V1;
use super::opening::ask;
use crate::rdbms::{Error, FirstError, ParameterValue, RowSet, postgres::given};

type Store<'a> = StoreContextMut<'a, State>;
type Asked = (String, String, Vec<ParameterValue>);

pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(V1)?;
    instance.func_wrap_async("query", |store: Store<'_>, (address, statement, parameters): Asked| {
        Box::new(async move {
            let opening = ask(store.data(), &address);
            let answer = async {
                let opened = opening?.connect(None).await?;
                opened.connection.query(&statement, given(parameters)?).await
            };
            Ok((answer.await.map(RowSet::from).map_err(failed),))
        })
    })?;
    instance.func_wrap_async("execute", |store: Store<'_>, (address, statement, parameters): Asked| {
        Box::new(async move {
            let opening = ask(store.data(), &address);
            let written = async {
                let opened = opening?.connect(None).await?;
                opened.connection.execute(&statement, given(parameters)?).await
            };
            Ok((written.await.map_err(failed),))
        })
    })
}

fn failed(error: PgError) -> FirstError {
    Error::from(error).into()
}
