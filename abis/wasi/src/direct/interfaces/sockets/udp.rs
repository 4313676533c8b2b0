//! Sockets for datagrams.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::UdpSocket;
use wasmtime_wasi::p2::bindings::sockets::network::{IpSocketAddress, Network};
use wasmtime_wasi::p2::bindings::sockets::udp::{
    HostIncomingDatagramStream, HostOutgoingDatagramStream, HostUdpSocket, IncomingDatagram, IncomingDatagramStream,
    OutgoingDatagram, OutgoingDatagramStream,
};
use wasmtime_wasi::sockets::WasiSocketsView as _;

use super::{plain, socket};
use crate::direct::canon::{Element, record};
use crate::direct::functions::Functions;

record!(IncomingDatagram { data: Vec<u8>, remote_address: IpSocketAddress });
record!(OutgoingDatagram { data: Vec<u8>, remote_address: Option<IpSocketAddress> });

impl Element for IncomingDatagram {}
impl Element for OutgoingDatagram {}

type Udp = Resource<UdpSocket>;

pub(super) fn define(functions: &mut Functions) {
    plain!(functions, HostUdpSocket, UdpSocket:
        "[method]udp-socket.finish-bind" = finish_bind(),
        "[method]udp-socket.local-address" = local_address(),
        "[method]udp-socket.remote-address" = remote_address(),
        "[method]udp-socket.unicast-hop-limit" = unicast_hop_limit(),
        "[method]udp-socket.set-unicast-hop-limit" = set_unicast_hop_limit(value: u8),
        "[method]udp-socket.receive-buffer-size" = receive_buffer_size(),
        "[method]udp-socket.set-receive-buffer-size" = set_receive_buffer_size(value: u64),
        "[method]udp-socket.send-buffer-size" = send_buffer_size(),
        "[method]udp-socket.set-send-buffer-size" = set_send_buffer_size(value: u64),
    );
    plain!(functions, HostIncomingDatagramStream, IncomingDatagramStream:
        "[method]incoming-datagram-stream.receive" = receive(most: u64),
    );
    plain!(functions, HostOutgoingDatagramStream, OutgoingDatagramStream:
        "[method]outgoing-datagram-stream.check-send" = check_send(),
        "[method]outgoing-datagram-stream.send" = send(datagrams: Vec<OutgoingDatagram>),
    );
    functions
        .waits(
            "[method]udp-socket.start-bind",
            |s, (it, network, address): (Udp, Resource<Network>, IpSocketAddress)| {
                Box::pin(async move {
                    let done = HostUdpSocket::start_bind(&mut s.sockets(), it, network, address).await;
                    socket(s, done)
                })
            },
        )
        .waits("[method]udp-socket.stream", |s, (it, address): (Udp, Option<IpSocketAddress>)| {
            Box::pin(async move {
                let done = HostUdpSocket::stream(&mut s.sockets(), it, address).await;
                socket(s, done)
            })
        })
        .now("[method]udp-socket.address-family", |s, (it,): (Udp,)| {
            HostUdpSocket::address_family(&mut s.sockets(), it)
        })
        .now("[method]udp-socket.subscribe", |s, (it,): (Udp,)| HostUdpSocket::subscribe(&mut s.sockets(), it))
        .drops("udp-socket", |s, it: Resource<UdpSocket>| HostUdpSocket::drop(&mut s.sockets(), it));
    functions
        .now("[method]incoming-datagram-stream.subscribe", |s, (it,): (Resource<IncomingDatagramStream>,)| {
            HostIncomingDatagramStream::subscribe(&mut s.sockets(), it)
        })
        .drops("incoming-datagram-stream", |s, it: Resource<IncomingDatagramStream>| {
            HostIncomingDatagramStream::drop(&mut s.sockets(), it)
        })
        .now("[method]outgoing-datagram-stream.subscribe", |s, (it,): (Resource<OutgoingDatagramStream>,)| {
            HostOutgoingDatagramStream::subscribe(&mut s.sockets(), it)
        })
        .drops_waiting("outgoing-datagram-stream", |s, it: Resource<OutgoingDatagramStream>| {
            Box::pin(async move { HostOutgoingDatagramStream::drop(&mut s.sockets(), it).await })
        });
}
