//! Making sockets, as many as the guest may have open: in front of the engine's own.
//!
//! A socket keeps the check of addresses that it was made with until it is closed, so that check is where its place
//! among the guest's connections is held, and whatever closes the socket gives the place back. Streams can outlive their
//! socket: those of WASI 0.3, and those that `wasi:tls` of 0.2 has taken over. They hold the place as well.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use holm_services::connections::Open;
use tokio::sync::oneshot;
use wasmtime::component::{
    Access, FutureConsumer, FutureReader, Linker, LinkerInstance, Resource, ResourceTable, Source, StreamReader,
};
use wasmtime::{AsContextMut as _, StoreContextMut};
use wasmtime_wasi::p2::bindings::sockets::{network, tcp_create_socket, udp_create_socket};
use wasmtime_wasi::p2::{self, SocketResult};
use wasmtime_wasi::p3::bindings::sockets::types as p3;
use wasmtime_wasi::sockets::{TcpSocket, UdpSocket, WasiSockets, WasiSocketsCtxView, WasiSocketsView as _};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::parts::Whose;
use crate::state::State;

/// The interface as the engine calls it; with another name ours would stand beside it, not in front.
const P3: &str = "wasi:sockets/types@0.3.0";

/// The places of an instance's sockets.
#[derive(Default)]
pub(crate) struct Sockets {
    /// By the socket's handle.
    places: HashMap<u32, Weak<Open>>,
    /// Places that are held for streams, whose sockets may be closed.
    #[cfg(feature = "tls")]
    streams: Vec<Arc<Open>>,
}

struct Made;

impl wasmtime::component::HasData for Made {
    type Data<'a> = &'a mut State;
}

/// Puts the limit in front of WASI 0.2's sockets for streams.
pub(crate) fn link_tcp_p2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    tcp_create_socket::add_to_linker::<State, Made>(linker, |state| state)
}

/// Puts the limit in front of WASI 0.2's sockets for datagrams.
pub(crate) fn link_udp_p2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    udp_create_socket::add_to_linker::<State, Made>(linker, |state| state)
}

/// Puts the limit in front of WASI 0.3's sockets.
pub(crate) fn link_p3(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut types = linker.instance(P3)?;
    types.func_wrap("[static]tcp-socket.create", |mut store: Store<'_>, (family,): (p3::IpAddressFamily,)| {
        Ok((store.data_mut().create_tcp(family, Whose::Guest)?,))
    })?;
    types.func_wrap_async("[static]udp-socket.create", |mut store: Store<'_>, (family,): (p3::IpAddressFamily,)| {
        Box::new(async move { Ok((store.data_mut().create_udp(family, Whose::Guest).await?,)) })
    })?;
    link_streams(&mut types)
}

/// The functions of WASI 0.3 that make streams of sockets.
pub(crate) fn link_streams(types: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    types.func_wrap("[method]tcp-socket.receive", |store: Store<'_>, (socket,): (Resource<TcpSocket>,)| {
        Ok((receive(store, socket)?,))
    })?;
    types.func_wrap(
        "[method]tcp-socket.send",
        |store: Store<'_>, (socket, data): (Resource<TcpSocket>, StreamReader<u8>)| Ok((send(store, socket, data)?,)),
    )
}

type Store<'a> = StoreContextMut<'a, State>;
type Created<T> = wasmtime::Result<Result<Resource<T>, p3::ErrorCode>>;
type Ended = FutureReader<Result<(), p3::ErrorCode>>;

/// Where one socket is made.
struct Place {
    ctx: WasiCtx,
    table: ResourceTable,
    open: Arc<Open>,
}

impl WasiView for Place {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.ctx, table: &mut self.table }
    }
}

impl State {
    /// A place for one more socket under these grants, if the guest may have one.
    fn place(&mut self, whose: Whose) -> Option<Place> {
        #[cfg(feature = "tls")]
        self.forget_closed_streams();
        let services = self.services_of(whose);
        let Some(open) = services.connections.open().map(Arc::new) else {
            // What is kept for requests to come should not be in the way for long.
            #[cfg(feature = "http")]
            if let Some(client) = &services.http_client {
                client.make_room(services.identity);
            }
            return None;
        };
        let mut builder = WasiCtxBuilder::new();
        self.network_of(whose).open_holding(&mut builder, Arc::clone(&open));
        Some(Place { ctx: builder.build(), table: ResourceTable::new(), open })
    }

    /// The guest's sockets, with the place of the one that is made now.
    fn within<'a>(&'a mut self, place: &'a mut Place) -> WasiSocketsCtxView<'a> {
        WasiSocketsCtxView { ctx: place.sockets().ctx, table: &mut self.table }
    }

    fn made<T>(&mut self, socket: &Resource<T>, place: &Place) {
        self.sockets.places.insert(socket.rep(), Arc::downgrade(&place.open));
        #[cfg(feature = "tls")]
        if self.uses_tls() {
            self.sockets.streams.push(Arc::clone(&place.open));
        }
    }

    pub(crate) fn create_tcp(&mut self, family: p3::IpAddressFamily, whose: Whose) -> Created<TcpSocket> {
        let Some(mut place) = self.place(whose) else { return Ok(Err(no_place())) };
        match p3::HostTcpSocket::create(&mut self.within(&mut place), family) {
            Ok(socket) => {
                self.made(&socket, &place);
                Ok(Ok(socket))
            }
            Err(error) => error.downcast().map(Err),
        }
    }

    pub(crate) async fn create_udp(&mut self, family: p3::IpAddressFamily, whose: Whose) -> Created<UdpSocket> {
        let Some(mut place) = self.place(whose) else { return Ok(Err(no_place())) };
        let created = p3::HostUdpSocket::create(&mut self.within(&mut place), family).await;
        created.map(Ok).or_else(|error| error.downcast().map(Err))
    }

    /// From now on sockets may be closed while their streams go on.
    #[cfg(feature = "tls")]
    pub(crate) fn sockets_may_leave_streams(&mut self) {
        self.sockets.streams.extend(self.sockets.places.values().filter_map(Weak::upgrade));
    }

    /// Gives back the places of sockets that are closed, but for as many as there are streams that may be theirs.
    #[cfg(feature = "tls")]
    fn forget_closed_streams(&mut self) {
        use wasmtime_wasi_tls::p2::{HostClientConnection, HostClientHandshake, HostFutureClientStreams};

        if self.sockets.streams.is_empty() {
            return;
        }
        let encrypted = |entry: &&mut (dyn std::any::Any + Send)| {
            entry.is::<HostClientHandshake>()
                || entry.is::<HostFutureClientStreams>()
                || entry.is::<HostClientConnection>()
        };
        let mut left = self.table.iter_mut().filter(encrypted).count();
        self.sockets.streams.retain(|open| {
            let closed = Arc::strong_count(open) == 1;
            let kept = !closed || left > 0;
            left -= usize::from(closed && kept);
            kept
        });
    }
}

impl tcp_create_socket::Host for State {
    fn create_tcp_socket(&mut self, family: network::IpAddressFamily) -> SocketResult<Resource<p2::TcpSocket>> {
        self.make_tcp(family, Whose::Guest)
    }
}

impl udp_create_socket::Host for State {
    async fn create_udp_socket(&mut self, family: network::IpAddressFamily) -> SocketResult<Resource<p2::UdpSocket>> {
        self.make_udp(family, Whose::Guest).await
    }
}

/// Those of WASI 0.2.
impl State {
    pub(crate) fn make_tcp(
        &mut self,
        family: network::IpAddressFamily,
        whose: Whose,
    ) -> SocketResult<Resource<p2::TcpSocket>> {
        let Some(mut place) = self.place(whose) else { return Err(network::ErrorCode::NewSocketLimit.into()) };
        let socket = tcp_create_socket::Host::create_tcp_socket(&mut self.within(&mut place), family)?;
        self.made(&socket, &place);
        Ok(socket)
    }

    pub(crate) async fn make_udp(
        &mut self,
        family: network::IpAddressFamily,
        whose: Whose,
    ) -> SocketResult<Resource<p2::UdpSocket>> {
        let Some(mut place) = self.place(whose) else { return Err(network::ErrorCode::NewSocketLimit.into()) };
        udp_create_socket::Host::create_udp_socket(&mut self.within(&mut place), family).await
    }
}

/// WASI 0.3 has no code for it.
fn no_place() -> p3::ErrorCode {
    p3::ErrorCode::Other(Some("new-socket-limit".to_owned()))
}

/// What is read from a socket, and how that ended.
fn receive(mut store: Store<'_>, socket: Resource<TcpSocket>) -> wasmtime::Result<(StreamReader<u8>, Ended)> {
    let place = place_of(&mut store, &socket);
    let access = Access::<_, WasiSockets>::new(store.as_context_mut(), sockets);
    let (data, ended) = <WasiSockets as p3::HostTcpSocketWithStore<State>>::receive(access, socket)?;
    Ok((data, held(store, place, ended)?))
}

/// How writing to a socket ended.
fn send(mut store: Store<'_>, socket: Resource<TcpSocket>, data: StreamReader<u8>) -> wasmtime::Result<Ended> {
    let place = place_of(&mut store, &socket);
    let access = Access::<_, WasiSockets>::new(store.as_context_mut(), sockets);
    let ended = <WasiSockets as p3::HostTcpSocketWithStore<State>>::send(access, socket, data)?;
    held(store, place, ended)
}

pub(crate) fn sockets(state: &mut State) -> WasiSocketsCtxView<'_> {
    state.sockets()
}

fn place_of(store: &mut Store<'_>, socket: &Resource<TcpSocket>) -> Option<Arc<Open>> {
    store.data().sockets.places.get(&socket.rep())?.upgrade()
}

/// The same end, until which the place is held. A stream says that it has ended when it is dropped, too.
fn held(mut store: Store<'_>, place: Option<Arc<Open>>, ended: Ended) -> wasmtime::Result<Ended> {
    let Some(place) = place else { return Ok(ended) };
    let (tell, told) = oneshot::channel();
    ended.pipe(&mut store, Holding { tell: Some(tell), _place: place })?;
    FutureReader::new(&mut store, told)
}

struct Holding {
    tell: Option<oneshot::Sender<Result<(), p3::ErrorCode>>>,
    _place: Arc<Open>,
}

impl FutureConsumer<State> for Holding {
    type Item = Result<(), p3::ErrorCode>;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, State>,
        mut source: Source<'_, Self::Item>,
        _: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut ended = None;
        source.read(store, &mut ended)?;
        if let (Some(tell), Some(ended)) = (self.tell.take(), ended) {
            // Nobody has to want to know.
            let _ = tell.send(ended);
        }
        Poll::Ready(Ok(()))
    }
}
