//! `wasi:sockets`. Sockets for datagrams had other functions then, which no toolchain had guests call: none can be made.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily, Network};
use wasmtime_wasi::p2::bindings::sockets::tcp::HostTcpSocket;
use wasmtime_wasi::p2::{TcpSocket, UdpSocket};
use wasmtime_wasi::sockets::WasiSocketsView as _;

use crate::direct::functions::Functions;
use crate::direct::interfaces::sockets::{plain, socket};
use crate::parts::Whose;

type Tcp = Resource<TcpSocket>;

pub(super) fn define(functions: &mut Functions) {
    functions.interface("wasi:sockets/ip-name-lookup").now(
        "resolve-addresses",
        // Whether to leave out what cannot be reached from here is the resolver's to know.
        |s, (network, name, family, _): (Resource<Network>, String, Option<IpAddressFamily>, bool)| {
            let lookup = s.look_up(network, name, family, Whose::Guest);
            socket(s, lookup)
        },
    );
    functions.interface("wasi:sockets/tcp");
    plain!(functions, HostTcpSocket, TcpSocket:
        "[method]tcp-socket.keep-alive" = keep_alive_enabled(),
        "[method]tcp-socket.set-keep-alive" = set_keep_alive_enabled(value: bool),
        "[method]tcp-socket.unicast-hop-limit" = hop_limit(),
        "[method]tcp-socket.set-unicast-hop-limit" = set_hop_limit(value: u8),
    );
    functions
        .now("[method]tcp-socket.no-delay", |_, (_,): (Tcp,)| Ok(Err::<bool, _>(ErrorCode::NotSupported)))
        .now("[method]tcp-socket.set-no-delay", |_, (_, _): (Tcp, bool)| Ok(Err::<(), _>(ErrorCode::NotSupported)));
    functions.interface("wasi:sockets/udp-create-socket").now("create-udp-socket", |_, (_,): (IpAddressFamily,)| {
        Ok(Err::<Resource<UdpSocket>, _>(ErrorCode::NotSupported))
    });
    functions.interface("wasi:sockets/udp").never(&[
        "[method]udp-socket.start-bind",
        "[method]udp-socket.finish-bind",
        "[method]udp-socket.start-connect",
        "[method]udp-socket.finish-connect",
        "[method]udp-socket.receive",
        "[method]udp-socket.send",
    ]);
}
