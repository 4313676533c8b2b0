//! Sockets and names of a part. A socket keeps the check of addresses it was made with, so making one is what counts.

use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Resource, ResourceType};
use wasmtime_wasi::p2::SocketResult;
use wasmtime_wasi::p2::bindings::sockets::network::{self, ErrorCode, IpAddressFamily, Network as NetworkHandle};
use wasmtime_wasi::p2::bindings::sockets::{instance_network, ip_name_lookup};
use wasmtime_wasi::sockets::WasiSocketsView as _;

use super::{Whose, sockets_p3};
use crate::names;
use crate::state::State;

type Store<'a> = StoreContextMut<'a, State>;
type Answer<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;
type Addresses = Resource<ip_name_lookup::ResolveAddressStream>;

/// Those of WASI 0.2.
pub(super) fn link_p2(instance: &mut LinkerInstance<'_, State>, interface: &str, whose: Whose) -> wasmtime::Result<()> {
    match interface {
        // It stands for no network in particular: every socket has its own check.
        "wasi:sockets/instance-network" => instance.func_wrap("instance-network", |mut store: Store<'_>, ()| {
            Ok((instance_network::Host::instance_network(&mut store.data_mut().sockets())?,))
        }),
        "wasi:sockets/ip-name-lookup" => link_lookup(instance, whose),
        "wasi:sockets/tcp-create-socket" => {
            instance.func_wrap("create-tcp-socket", move |mut store: Store<'_>, (family,): (IpAddressFamily,)| {
                let made = store.data_mut().make_tcp(family, whose);
                answer(store.data_mut(), made)
            })
        }
        "wasi:sockets/udp-create-socket" => {
            instance.func_wrap_async("create-udp-socket", move |mut store: Store<'_>, (family,): (IpAddressFamily,)| {
                Box::new(async move {
                    let made = store.data_mut().make_udp(family, whose).await;
                    answer(store.data_mut(), made)
                })
            })
        }
        _ => Ok(()),
    }
}

fn answer<T>(state: &mut State, made: SocketResult<T>) -> Answer<T> {
    Ok((match made {
        Ok(made) => Ok(made),
        Err(error) => Err(network::Host::convert_error_code(&mut state.sockets(), error)?),
    },))
}

fn link_lookup(instance: &mut LinkerInstance<'_, State>, whose: Whose) -> wasmtime::Result<()> {
    let stream = ResourceType::host::<ip_name_lookup::ResolveAddressStream>();
    instance.resource("resolve-address-stream", stream, |mut store, stream| {
        ip_name_lookup::HostResolveAddressStream::drop(store.data_mut(), Resource::new_own(stream))
    })?;
    instance.func_wrap(
        "resolve-addresses",
        move |mut store: Store<'_>, (network, name): (Resource<NetworkHandle>, String)| {
            let found = store.data_mut().look_up(network, name, None, whose);
            answer(store.data_mut(), found)
        },
    )?;
    instance.func_wrap(
        "[method]resolve-address-stream.resolve-next-address",
        |mut store: Store<'_>, (stream,): (Addresses,)| {
            let next = ip_name_lookup::HostResolveAddressStream::resolve_next_address(store.data_mut(), stream);
            answer(store.data_mut(), next)
        },
    )?;
    instance.func_wrap("[method]resolve-address-stream.subscribe", |mut store: Store<'_>, (stream,): (Addresses,)| {
        Ok((ip_name_lookup::HostResolveAddressStream::subscribe(store.data_mut(), stream)?,))
    })
}

/// Those of WASI 0.3.
pub(super) fn link_p3(instance: &mut LinkerInstance<'_, State>, interface: &str, whose: Whose) -> wasmtime::Result<()> {
    match interface {
        "wasi:sockets/ip-name-lookup" => instance
            .func_wrap_concurrent("resolve-addresses", move |store, (name,): (String,)| {
                Box::pin(async move { Ok((names::look_up(store, name, whose).await?,)) })
            }),
        "wasi:sockets/types" => sockets_p3::link(instance, whose),
        _ => Ok(()),
    }
}
