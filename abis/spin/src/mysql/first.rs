//! The first interface, whose functions take an address each time.

use holm_services::mysql::MyError;
use holm_wasi::State;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::Opened;
use super::opening::{Opening, ask};
use crate::rdbms::{Error, FirstError, ParameterValue, RowSet, given};

pub(crate) const NAME: &str = "fermyon:spin/mysql";

type Store<'a> = StoreContextMut<'a, State>;
type Asked = (String, String, Vec<ParameterValue>);

pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut instance = linker.instance(NAME)?;
    instance.func_wrap_async("query", |store: Store<'_>, (address, statement, parameters): Asked| {
        Box::new(async move {
            let opening = ask(store.data(), &address);
            let answer = match open(opening).await {
                Ok(opened) => opened.connection.query(&statement, given(parameters)).await,
                Err(error) => Err(error),
            };
            Ok((answer.map(RowSet::from).map_err(failed),))
        })
    })?;
    instance.func_wrap_async("execute", |store: Store<'_>, (address, statement, parameters): Asked| {
        Box::new(async move {
            let opening = ask(store.data(), &address);
            let done = match open(opening).await {
                Ok(opened) => opened.connection.execute(&statement, given(parameters)).await,
                Err(error) => Err(error),
            };
            Ok((done.map_err(failed),))
        })
    })
}

async fn open(opening: Result<Opening, MyError>) -> Result<Opened, MyError> {
    opening?.connect().await
}

fn failed(error: MyError) -> FirstError {
    Error::from(error).into()
}
