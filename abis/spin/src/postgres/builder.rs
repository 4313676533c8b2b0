//! `connection-builder`, which 4.1.0 added: connections that trust a certificate authority of the guest's own.

use holm_services::postgres::check_roots;
use holm_wasi::State;
use wasmtime::StoreContextMut;
use wasmtime::component::{Accessor, LinkerInstance, Resource, ResourceType};

use super::opening::{ask, keep};
use super::v4_async;
use super::values_v4::Error;
use crate::rows::if_concurrent;

type Store<'a> = StoreContextMut<'a, State>;
type Handle = Resource<Builder>;

/// The most bytes of an address, or of certificates, that the host keeps for a guest.
const MOST: usize = 256 << 10;

/// A connection that is not there yet.
#[derive(Clone)]
struct Builder {
    address: String,
    roots: Option<String>,
}

pub(super) fn link(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.resource("connection-builder", ResourceType::host::<Builder>(), |mut store, handle| {
        store.data_mut().table().delete(Handle::new_own(handle))?;
        Ok(())
    })?;
    instance.func_wrap("[constructor]connection-builder", |mut store: Store<'_>, (mut address,): (String,)| {
        // One that is longer leads nowhere, which is said when it is opened.
        if address.len() > MOST {
            address.clear();
        }
        Ok((store.data_mut().table().push(Builder { address, roots: None })?,))
    })?;
    instance.func_wrap(
        "[method]connection-builder.set-ca-root",
        |mut store: Store<'_>, (handle, certificate): (Handle, String)| {
            if let Err(error) = check_roots(&certificate) {
                return Ok((Err(Error::from(error)),));
            }
            store.data_mut().table().get_mut(&handle)?.roots = Some(certificate);
            Ok((Ok(()),))
        },
    )?;
    instance.func_wrap_async("[method]connection-builder.build", |mut store: Store<'_>, (handle,): (Handle,)| {
        Box::new(async move {
            let Builder { address, roots } = store.data_mut().table().get(&handle)?.clone();
            let asked = ask(store.data(), &address);
            let opened = match asked {
                Ok(opening) => opening.connect(roots.as_deref()).await,
                Err(error) => Err(error),
            };
            Ok((opened.and_then(|opened| keep(store.data_mut(), opened)).map_err(Error::from),))
        })
    })
}

/// What 4.2.0 added.
pub(super) fn link_async(instance: &mut LinkerInstance<'_, State>) {
    if_concurrent(instance.func_wrap_concurrent(
        "[method]connection-builder.build-async",
        |accessor: &Accessor<State>, (handle,): (Handle,)| {
            Box::pin(async move {
                let builder = accessor.with(|mut access| access.get().table().get(&handle).cloned());
                let Builder { address, roots } = builder?;
                Ok((v4_async::open(accessor, &address, roots.as_deref()).await,))
            })
        },
    ));
}
