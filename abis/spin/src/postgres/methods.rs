//! What connections of all versions but the first can do.

use holm_services::postgres::{PgError, PgValue, RowSet};
use holm_wasi::State;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower, Resource, ResourceType};

use super::opening::{ask, keep};
use super::{Opened, connection};

type Store<'a> = StoreContextMut<'a, State>;
type Handle = Resource<Opened>;

/// How parameters of a version are made into the host's.
type Given<P> = fn(Vec<P>) -> Result<Vec<PgValue>, PgError>;

/// Where each of them has a counterpart.
pub(super) fn given<P: Into<PgValue>>(parameters: Vec<P>) -> Result<Vec<PgValue>, PgError> {
    Ok(parameters.into_iter().map(Into::into).collect())
}

/// Links a version with answers `R`, parameters `P` and errors `E`.
pub(super) fn link<R, P, E>(instance: &mut LinkerInstance<'_, State>, given: Given<P>) -> wasmtime::Result<()>
where
    R: From<RowSet> + ComponentType + Lower + Send + Sync + 'static,
    P: ComponentType + Lift + Send + Sync + 'static,
    E: From<PgError> + ComponentType + Lower + Send + Sync + 'static,
{
    instance.resource("connection", ResourceType::host::<Opened>(), |mut store, handle| {
        store.data_mut().table().delete(Resource::<Opened>::new_own(handle))?;
        Ok(())
    })?;
    instance.func_wrap_async("[static]connection.open", |mut store: Store<'_>, (address,): (String,)| {
        Box::new(async move {
            let asked = ask(store.data(), &address);
            let opened = match asked {
                Ok(opening) => opening.connect(None).await,
                Err(error) => Err(error),
            };
            Ok((opened.and_then(|opened| keep(store.data_mut(), opened)).map_err(E::from),))
        })
    })?;
    instance.func_wrap_async(
        "[method]connection.query",
        move |mut store: Store<'_>, (handle, statement, parameters): (Handle, String, Vec<P>)| {
            Box::new(async move {
                let connection = connection(store.data_mut(), &handle)?;
                let answer = match given(parameters) {
                    Ok(parameters) => connection.query(&statement, parameters).await,
                    Err(error) => Err(error),
                };
                Ok((answer.map(R::from).map_err(E::from),))
            })
        },
    )?;
    instance.func_wrap_async(
        "[method]connection.execute",
        move |mut store: Store<'_>, (handle, statement, parameters): (Handle, String, Vec<P>)| {
            Box::new(async move {
                let connection = connection(store.data_mut(), &handle)?;
                let written = match given(parameters) {
                    Ok(parameters) => connection.execute(&statement, parameters).await,
                    Err(error) => Err(error),
                };
                Ok((written.map_err(E::from),))
            })
        },
    )
}
