//! Sockets of WASI 0.3 of a part. There the interface of sockets makes them itself, so a part has all of it under a name of
//! its own; each function is the engine's.
//!
//! Signatures: <https://github.com/WebAssembly/WASI>, `proposals/sockets`, 0.3.0.

use wasmtime::component::{Access, LinkerInstance, Resource, ResourceType};
use wasmtime::{AsContextMut as _, StoreContextMut};
use wasmtime_wasi::p3::bindings::sockets::types::{
    Duration, ErrorCode, Host as _, HostTcpSocket, HostTcpSocketWithStore, HostUdpSocket, HostUdpSocketWithStore,
    IpAddressFamily, IpSocketAddress,
};
use wasmtime_wasi::p3::sockets::SocketResult;
use wasmtime_wasi::sockets::{TcpSocket, UdpSocket, WasiSockets, WasiSocketsView as _};

use super::Whose;
use crate::sockets::{link_streams, sockets};
use crate::state::State;

type Store<'a> = StoreContextMut<'a, State>;
type Tcp = Resource<TcpSocket>;
type Udp = Resource<UdpSocket>;

fn answer<T>(state: &mut State, result: SocketResult<T>) -> wasmtime::Result<(Result<T, ErrorCode>,)> {
    Ok((match result {
        Ok(value) => Ok(value),
        Err(error) => Err(state.sockets().convert_error_code(error)?),
    },))
}

/// Functions that only look at a socket or set something of it: `name` calls `function` of `trait`.
macro_rules! plain {
    ($instance:ident, $socket:literal, $handle:ty, $trait:ident, [$($name:literal $function:ident($($arg:ident: $type:ty)?)),* $(,)?]) => {
        $($instance.func_wrap(
            concat!("[method]", $socket, ".", $name),
            |mut store: Store<'_>, (socket, $($arg)?): ($handle, $($type)?)| {
                let result = $trait::$function(&mut store.data_mut().sockets(), socket $(, $arg)?);
                answer(store.data_mut(), result)
            },
        )?;)*
    };
}

pub(super) fn link(instance: &mut LinkerInstance<'_, State>, whose: Whose) -> wasmtime::Result<()> {
    link_tcp(instance, whose)?;
    link_udp(instance, whose)
}

fn link_tcp(instance: &mut LinkerInstance<'_, State>, whose: Whose) -> wasmtime::Result<()> {
    instance.resource("tcp-socket", ResourceType::host::<TcpSocket>(), |mut store, socket| {
        HostTcpSocket::drop(&mut store.data_mut().sockets(), Resource::new_own(socket))
    })?;
    instance.func_wrap("[static]tcp-socket.create", move |mut store: Store<'_>, (family,): (IpAddressFamily,)| {
        Ok((store.data_mut().create_tcp(family, whose)?,))
    })?;
    instance.func_wrap_async(
        "[method]tcp-socket.bind",
        |mut store: Store<'_>, (socket, at): (Tcp, IpSocketAddress)| {
            Box::new(async move {
                let bound = HostTcpSocket::bind(&mut store.data_mut().sockets(), socket, at).await;
                answer(store.data_mut(), bound)
            })
        },
    )?;
    instance.func_wrap_concurrent("[method]tcp-socket.connect", |store, (socket, to): (Tcp, IpSocketAddress)| {
        Box::pin(async move {
            let sockets = store.with_getter::<WasiSockets>(sockets);
            let connected = <WasiSockets as HostTcpSocketWithStore<State>>::connect(&sockets, socket, to).await;
            store.with(|mut state| answer(state.get(), connected))
        })
    })?;
    instance.func_wrap_async("[method]tcp-socket.listen", |mut store: Store<'_>, (socket,): (Tcp,)| {
        Box::new(async move {
            let access = Access::<_, WasiSockets>::new(store.as_context_mut(), sockets);
            let listening = <WasiSockets as HostTcpSocketWithStore<State>>::listen(access, socket).await;
            answer(store.data_mut(), listening)
        })
    })?;
    link_streams(instance)?;
    instance.func_wrap("[method]tcp-socket.get-is-listening", |mut store: Store<'_>, (socket,): (Tcp,)| {
        Ok((HostTcpSocket::get_is_listening(&mut store.data_mut().sockets(), socket)?,))
    })?;
    instance.func_wrap("[method]tcp-socket.get-address-family", |mut store: Store<'_>, (socket,): (Tcp,)| {
        Ok((HostTcpSocket::get_address_family(&mut store.data_mut().sockets(), socket)?,))
    })?;
    plain!(instance, "tcp-socket", Tcp, HostTcpSocket, [
        "get-local-address" get_local_address(),
        "get-remote-address" get_remote_address(),
        "set-listen-backlog-size" set_listen_backlog_size(value: u64),
        "get-keep-alive-enabled" get_keep_alive_enabled(),
        "set-keep-alive-enabled" set_keep_alive_enabled(value: bool),
        "get-keep-alive-idle-time" get_keep_alive_idle_time(),
        "set-keep-alive-idle-time" set_keep_alive_idle_time(value: Duration),
        "get-keep-alive-interval" get_keep_alive_interval(),
        "set-keep-alive-interval" set_keep_alive_interval(value: Duration),
        "get-keep-alive-count" get_keep_alive_count(),
        "set-keep-alive-count" set_keep_alive_count(value: u32),
        "get-hop-limit" get_hop_limit(),
        "set-hop-limit" set_hop_limit(value: u8),
        "get-receive-buffer-size" get_receive_buffer_size(),
        "set-receive-buffer-size" set_receive_buffer_size(value: u64),
        "get-send-buffer-size" get_send_buffer_size(),
        "set-send-buffer-size" set_send_buffer_size(value: u64),
    ]);
    Ok(())
}

fn link_udp(instance: &mut LinkerInstance<'_, State>, whose: Whose) -> wasmtime::Result<()> {
    instance.resource("udp-socket", ResourceType::host::<UdpSocket>(), |mut store, socket| {
        HostUdpSocket::drop(&mut store.data_mut().sockets(), Resource::new_own(socket))
    })?;
    instance.func_wrap_async(
        "[static]udp-socket.create",
        move |mut store: Store<'_>, (family,): (IpAddressFamily,)| {
            Box::new(async move { Ok((store.data_mut().create_udp(family, whose).await?,)) })
        },
    )?;
    instance.func_wrap_async(
        "[method]udp-socket.bind",
        |mut store: Store<'_>, (socket, at): (Udp, IpSocketAddress)| {
            Box::new(async move {
                let bound = HostUdpSocket::bind(&mut store.data_mut().sockets(), socket, at).await;
                answer(store.data_mut(), bound)
            })
        },
    )?;
    instance.func_wrap_async(
        "[method]udp-socket.connect",
        |mut store: Store<'_>, (socket, to): (Udp, IpSocketAddress)| {
            Box::new(async move {
                let connected = HostUdpSocket::connect(&mut store.data_mut().sockets(), socket, to).await;
                answer(store.data_mut(), connected)
            })
        },
    )?;
    instance.func_wrap_concurrent(
        "[method]udp-socket.send",
        |store, (socket, data, to): (Udp, Vec<u8>, Option<IpSocketAddress>)| {
            Box::pin(async move {
                let sockets = store.with_getter::<WasiSockets>(sockets);
                let sent = <WasiSockets as HostUdpSocketWithStore<State>>::send(&sockets, socket, data, to).await;
                store.with(|mut state| answer(state.get(), sent))
            })
        },
    )?;
    instance.func_wrap_concurrent("[method]udp-socket.receive", |store, (socket,): (Udp,)| {
        Box::pin(async move {
            let sockets = store.with_getter::<WasiSockets>(sockets);
            let received = <WasiSockets as HostUdpSocketWithStore<State>>::receive(&sockets, socket).await;
            store.with(|mut state| answer(state.get(), received))
        })
    })?;
    instance.func_wrap("[method]udp-socket.get-address-family", |mut store: Store<'_>, (socket,): (Udp,)| {
        Ok((HostUdpSocket::get_address_family(&mut store.data_mut().sockets(), socket)?,))
    })?;
    plain!(instance, "udp-socket", Udp, HostUdpSocket, [
        "disconnect" disconnect(),
        "get-local-address" get_local_address(),
        "get-remote-address" get_remote_address(),
        "get-unicast-hop-limit" get_unicast_hop_limit(),
        "set-unicast-hop-limit" set_unicast_hop_limit(value: u8),
        "get-receive-buffer-size" get_receive_buffer_size(),
        "set-receive-buffer-size" set_receive_buffer_size(value: u64),
        "get-send-buffer-size" get_send_buffer_size(),
        "set-send-buffer-size" set_send_buffer_size(value: u64),
    ]);
    Ok(())
}
