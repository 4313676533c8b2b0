//! `wasi:sockets`. Making sockets and looking up names is ours, under grants and limits; the rest is the engine's.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::instance_network::Host as _;
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::{Host as _, HostResolveAddressStream, ResolveAddressStream};
use wasmtime_wasi::p2::bindings::sockets::network::{
    ErrorCode, Host as _, HostNetwork, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress,
    Ipv6SocketAddress, Network,
};
use wasmtime_wasi::p2::bindings::sockets::tcp_create_socket::Host as _;
use wasmtime_wasi::p2::bindings::sockets::udp_create_socket::Host as _;
use wasmtime_wasi::p2::{DynPollable, SocketResult};
use wasmtime_wasi::sockets::WasiSocketsView as _;

use crate::direct::canon::{record, variant};
use crate::direct::functions::Functions;
use crate::state::State;

mod tcp;
mod udp;

variant!(both IpAddressFamily { Ipv4, Ipv6 });
record!(Ipv4SocketAddress { port: u16, address: Four });
record!(Ipv6SocketAddress { port: u16, flow_info: u32, address: Eight, scope_id: u32 });
variant!(both IpSocketAddress { Ipv4(it: Ipv4SocketAddress), Ipv6(it: Ipv6SocketAddress) });
variant!(lower IpAddress { Ipv4(it: Four), Ipv6(it: Eight) });

type Four = (u8, u8, u8, u8);
type Eight = (u16, u16, u16, u16, u16, u16, u16, u16);

variant!(lower ErrorCode {
    Unknown,
    AccessDenied,
    NotSupported,
    InvalidArgument,
    OutOfMemory,
    Timeout,
    ConcurrencyConflict,
    NotInProgress,
    WouldBlock,
    InvalidState,
    NewSocketLimit,
    AddressNotBindable,
    AddressInUse,
    RemoteUnreachable,
    ConnectionRefused,
    ConnectionReset,
    ConnectionAborted,
    DatagramTooLarge,
    NameUnresolvable,
    TemporaryResolverFailure,
    PermanentResolverFailure,
});

/// What a function of sockets returns: an error code, or an error that ends the guest.
pub(super) fn socket<T>(state: &mut State, result: SocketResult<T>) -> wasmtime::Result<Result<T, ErrorCode>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => state.sockets().convert_error_code(error).map(Err),
    }
}

/// Functions of a socket that take it, perhaps with one value, and never wait.
macro_rules! plain {
    ($functions:ident, $host:ident, $it:ty: $($name:literal = $function:ident($($arg:ident: $ty:ty)?)),* $(,)?) => {
        $(
            $functions.now($name, |s, (it, $($arg,)?): (wasmtime::component::Resource<$it>, $($ty,)?)| {
                let done = $host::$function(&mut s.sockets(), it, $($arg)?);
                socket(s, done)
            });
        )*
    };
}
pub(super) use plain;

pub(super) fn define(functions: &mut Functions) {
    functions
        .interface("wasi:sockets/instance-network")
        .now("instance-network", |s, ()| s.sockets().instance_network());
    functions
        .interface("wasi:sockets/network")
        .drops("network", |s, network: Resource<Network>| HostNetwork::drop(&mut s.sockets(), network));
    names(functions.interface("wasi:sockets/ip-name-lookup"));
    functions.interface("wasi:sockets/tcp-create-socket").now(
        "create-tcp-socket",
        |s, (family,): (IpAddressFamily,)| {
            let made = s.create_tcp_socket(family);
            socket(s, made)
        },
    );
    functions.interface("wasi:sockets/udp-create-socket").waits(
        "create-udp-socket",
        |s, (family,): (IpAddressFamily,)| {
            Box::pin(async move {
                let made = s.create_udp_socket(family).await;
                socket(s, made)
            })
        },
    );
    tcp::define(functions.interface("wasi:sockets/tcp"));
    udp::define(functions.interface("wasi:sockets/udp"));
}

fn names(functions: &mut Functions) {
    type Lookup = Resource<ResolveAddressStream>;
    functions
        .now("resolve-addresses", |s, (network, name): (Resource<Network>, String)| {
            let lookup = s.resolve_addresses(network, name);
            socket(s, lookup)
        })
        .now("[method]resolve-address-stream.resolve-next-address", |s, (lookup,): (Lookup,)| {
            let next = s.resolve_next_address(lookup);
            socket(s, next)
        })
        .now("[method]resolve-address-stream.subscribe", |s, (lookup,): (Lookup,)| {
            HostResolveAddressStream::subscribe(s, lookup) as wasmtime::Result<Resource<DynPollable>>
        })
        .drops("resolve-address-stream", |s, lookup: Resource<ResolveAddressStream>| {
            HostResolveAddressStream::drop(s, lookup)
        });
}
