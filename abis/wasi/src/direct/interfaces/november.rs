//! What was otherwise in the snapshot of 2023-11-10 than in 0.2.
//!
//! Signatures: `wit/deps/*-2023-11-10` of <https://github.com/spinframework/spin>.

use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode as SocketError, IpAddressFamily};
use wasmtime_wasi::p2::bindings::sockets::tcp::HostTcpSocket;
use wasmtime_wasi::p2::bindings::sockets::udp::HostUdpSocket;
use wasmtime_wasi::p2::{TcpSocket, UdpSocket};
use wasmtime_wasi::sockets::WasiSocketsView as _;
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::p2::bindings::http::types::{
    ErrorCode, FutureTrailers, HostFutureTrailers, HostRequestOptions as _, RequestOptions, Trailers,
};

use crate::direct::functions::Functions;
use crate::state::State;

pub(super) fn define(functions: &mut Functions) {
    functions
        .interface("wasi:http/types")
        .now("[method]future-trailers.get", |s, (it,): (Resource<FutureTrailers>,)| trailers(s, it));
    options(functions);
    functions
        .interface("wasi:sockets/tcp")
        .now("[method]tcp-socket.ipv6-only", |s, (it,): (Resource<TcpSocket>,)| Ok(only_ipv6(family_of_tcp(s, it)?)))
        .now("[method]tcp-socket.set-ipv6-only", |s, (it, value): (Resource<TcpSocket>, bool)| {
            Ok(set_only_ipv6(family_of_tcp(s, it)?, value))
        });
    functions
        .interface("wasi:sockets/udp")
        .now("[method]udp-socket.ipv6-only", |s, (it,): (Resource<UdpSocket>,)| Ok(only_ipv6(family_of_udp(s, it)?)))
        .now("[method]udp-socket.set-ipv6-only", |s, (it, value): (Resource<UdpSocket>, bool)| {
            Ok(set_only_ipv6(family_of_udp(s, it)?, value))
        });
}

/// Whose names speak of milliseconds. Their type is the same duration as later, in nanoseconds.
fn options(functions: &mut Functions) {
    type Options = Resource<RequestOptions>;
    type Duration = Option<u64>;
    functions
        .now("[method]request-options.connect-timeout-ms", |s, (it,): (Options,)| s.http().connect_timeout(it))
        .now("[method]request-options.set-connect-timeout-ms", |s, (it, time): (Options, Duration)| {
            s.http().set_connect_timeout(it, time)
        })
        .now("[method]request-options.first-byte-timeout-ms", |s, (it,): (Options,)| s.http().first_byte_timeout(it))
        .now("[method]request-options.set-first-byte-timeout-ms", |s, (it, time): (Options, Duration)| {
            s.http().set_first_byte_timeout(it, time)
        })
        .now("[method]request-options.between-bytes-timeout-ms", |s, (it,): (Options,)| {
            s.http().between_bytes_timeout(it)
        })
        .now("[method]request-options.set-between-bytes-timeout-ms", |s, (it, time): (Options, Duration)| {
            s.http().set_between_bytes_timeout(it, time)
        });
}

/// Trailers, if there are any, once they are there. They can be had once, which the snapshot has no error for.
pub(super) fn trailers(
    state: &mut State,
    it: Resource<FutureTrailers>,
) -> Result<Option<Result<Option<Resource<Trailers>>, ErrorCode>>> {
    let answer = HostFutureTrailers::get(&mut state.http(), it)?;
    let twice = || ErrorCode::InternalError(Some("the trailers were asked for twice".to_owned()));
    Ok(answer.map(|answer| answer.unwrap_or_else(|()| Err(twice()))))
}

fn family_of_tcp(state: &mut State, socket: Resource<TcpSocket>) -> Result<IpAddressFamily> {
    HostTcpSocket::address_family(&mut state.sockets(), socket)
}

fn family_of_udp(state: &mut State, socket: Resource<UdpSocket>) -> Result<IpAddressFamily> {
    HostUdpSocket::address_family(&mut state.sockets(), socket)
}

/// The engine's sockets never are of both families.
fn only_ipv6(family: IpAddressFamily) -> Result<bool, SocketError> {
    match family {
        IpAddressFamily::Ipv6 => Ok(true),
        IpAddressFamily::Ipv4 => Err(SocketError::NotSupported),
    }
}

fn set_only_ipv6(family: IpAddressFamily, value: bool) -> Result<(), SocketError> {
    match only_ipv6(family)? == value {
        true => Ok(()),
        false => Err(SocketError::NotSupported),
    }
}
