//! Sockets for streams.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::TcpSocket;
use wasmtime_wasi::p2::bindings::sockets::network::{IpSocketAddress, Network};
use wasmtime_wasi::p2::bindings::sockets::tcp::{HostTcpSocket, ShutdownType};
use wasmtime_wasi::sockets::WasiSocketsView as _;

use super::{plain, socket};
use crate::direct::canon::variant;
use crate::direct::functions::Functions;

variant!(both ShutdownType { Receive, Send, Both });

type Tcp = Resource<TcpSocket>;

pub(super) fn define(functions: &mut Functions) {
    plain!(functions, HostTcpSocket, TcpSocket:
        "[method]tcp-socket.finish-bind" = finish_bind(),
        "[method]tcp-socket.finish-connect" = finish_connect(),
        "[method]tcp-socket.finish-listen" = finish_listen(),
        "[method]tcp-socket.accept" = accept(),
        "[method]tcp-socket.local-address" = local_address(),
        "[method]tcp-socket.remote-address" = remote_address(),
        "[method]tcp-socket.set-listen-backlog-size" = set_listen_backlog_size(value: u64),
        "[method]tcp-socket.keep-alive-enabled" = keep_alive_enabled(),
        "[method]tcp-socket.set-keep-alive-enabled" = set_keep_alive_enabled(value: bool),
        "[method]tcp-socket.keep-alive-idle-time" = keep_alive_idle_time(),
        "[method]tcp-socket.set-keep-alive-idle-time" = set_keep_alive_idle_time(value: u64),
        "[method]tcp-socket.keep-alive-interval" = keep_alive_interval(),
        "[method]tcp-socket.set-keep-alive-interval" = set_keep_alive_interval(value: u64),
        "[method]tcp-socket.keep-alive-count" = keep_alive_count(),
        "[method]tcp-socket.set-keep-alive-count" = set_keep_alive_count(value: u32),
        "[method]tcp-socket.hop-limit" = hop_limit(),
        "[method]tcp-socket.set-hop-limit" = set_hop_limit(value: u8),
        "[method]tcp-socket.receive-buffer-size" = receive_buffer_size(),
        "[method]tcp-socket.set-receive-buffer-size" = set_receive_buffer_size(value: u64),
        "[method]tcp-socket.send-buffer-size" = send_buffer_size(),
        "[method]tcp-socket.set-send-buffer-size" = set_send_buffer_size(value: u64),
        "[method]tcp-socket.shutdown" = shutdown(value: ShutdownType),
    );
    functions
        .waits(
            "[method]tcp-socket.start-bind",
            |s, (it, network, address): (Tcp, Resource<Network>, IpSocketAddress)| {
                Box::pin(async move {
                    let done = HostTcpSocket::start_bind(&mut s.sockets(), it, network, address).await;
                    socket(s, done)
                })
            },
        )
        .now(
            "[method]tcp-socket.start-connect",
            |s, (it, network, address): (Tcp, Resource<Network>, IpSocketAddress)| {
                let done = HostTcpSocket::start_connect(&mut s.sockets(), it, network, address);
                socket(s, done)
            },
        )
        .waits("[method]tcp-socket.start-listen", |s, (it,): (Tcp,)| {
            Box::pin(async move {
                let done = HostTcpSocket::start_listen(&mut s.sockets(), it).await;
                socket(s, done)
            })
        })
        .now("[method]tcp-socket.is-listening", |s, (it,): (Tcp,)| HostTcpSocket::is_listening(&mut s.sockets(), it))
        .now("[method]tcp-socket.address-family", |s, (it,): (Tcp,)| {
            HostTcpSocket::address_family(&mut s.sockets(), it)
        })
        .now("[method]tcp-socket.subscribe", |s, (it,): (Tcp,)| HostTcpSocket::subscribe(&mut s.sockets(), it))
        .drops("tcp-socket", |s, it: Resource<TcpSocket>| HostTcpSocket::drop(&mut s.sockets(), it));
}
