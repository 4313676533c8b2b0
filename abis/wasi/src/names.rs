//! Name lookup under grants: `wasi:sockets/ip-name-lookup`, in front of the engine's own.

use std::net::IpAddr;

use wasmtime::component::{Accessor, HasData, HasSelf, Linker, Resource};
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup as p2;
use wasmtime_wasi::p2::bindings::sockets::network::{
    self, ErrorCode, IpAddress, IpAddressFamily, Network as NetworkHandle,
};
use wasmtime_wasi::p2::{DynPollable, SocketError, SocketResult};
use wasmtime_wasi::p3::bindings::sockets::ip_name_lookup as p3;
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsCtxView, WasiSocketsView as _};

use crate::parts::Whose;
use crate::state::State;

struct Names;

impl HasData for Names {
    type Data<'a> = &'a mut State;
}

/// Puts the check in front of WASI 0.2's lookup.
pub(crate) fn link_p2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    p2::add_to_linker::<State, Names>(linker, |state| state)
}

/// Puts the check in front of WASI 0.3's lookup.
pub(crate) fn link_p3(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    p3::add_to_linker::<State, Names>(linker, |state| state)
}

impl network::Host for State {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        network::Host::convert_error_code(&mut self.sockets(), error)
    }

    fn network_error_code(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<ErrorCode>> {
        network::Host::network_error_code(&mut self.sockets(), error)
    }
}

impl network::HostNetwork for State {
    fn drop(&mut self, network: Resource<NetworkHandle>) -> wasmtime::Result<()> {
        network::HostNetwork::drop(&mut self.sockets(), network)
    }
}

impl p2::Host for State {
    fn resolve_addresses(
        &mut self,
        network: Resource<NetworkHandle>,
        name: String,
    ) -> SocketResult<Resource<p2::ResolveAddressStream>> {
        self.look_up(network, name, None, Whose::Guest)
    }
}

/// A lookup under way.
#[derive(Clone)]
pub(crate) struct Lookup {
    whose: Whose,
    name: String,
    family: Option<IpAddressFamily>,
}

impl Lookup {
    fn wants(&self, address: IpAddress) -> bool {
        let is = match address {
            IpAddress::Ipv4(_) => IpAddressFamily::Ipv4,
            IpAddress::Ipv6(_) => IpAddressFamily::Ipv6,
        };
        self.family.is_none_or(|family| family == is)
    }
}

impl State {
    /// Begins to look a name up under these grants, for addresses of one family or of both.
    pub(crate) fn look_up(
        &mut self,
        network: Resource<NetworkHandle>,
        name: String,
        family: Option<IpAddressFamily>,
        whose: Whose,
    ) -> SocketResult<Resource<p2::ResolveAddressStream>> {
        if !self.network_of(whose).may_resolve(&name) {
            return Err(ErrorCode::AccessDenied.into());
        }
        let stream = p2::Host::resolve_addresses(&mut self.sockets(), network, name.clone())?;
        self.lookups.insert(stream.rep(), Lookup { whose, name, family });
        Ok(stream)
    }
}

impl p2::HostResolveAddressStream for State {
    fn resolve_next_address(
        &mut self,
        stream: Resource<p2::ResolveAddressStream>,
    ) -> Result<Option<IpAddress>, SocketError> {
        let lookup = self.lookups.get(&stream.rep()).cloned();
        loop {
            let stream = Resource::new_borrow(stream.rep());
            let next = p2::HostResolveAddressStream::resolve_next_address(&mut self.sockets(), stream)?;
            let (Some(lookup), Some(address)) = (&lookup, next) else { return Ok(next) };
            if lookup.wants(address) {
                self.network_of(lookup.whose).resolved(&lookup.name, ip(address));
                return Ok(next);
            }
        }
    }

    fn subscribe(&mut self, stream: Resource<p2::ResolveAddressStream>) -> wasmtime::Result<Resource<DynPollable>> {
        p2::HostResolveAddressStream::subscribe(&mut self.sockets(), stream)
    }

    fn drop(&mut self, stream: Resource<p2::ResolveAddressStream>) -> wasmtime::Result<()> {
        self.lookups.remove(&stream.rep());
        p2::HostResolveAddressStream::drop(&mut self.sockets(), stream)
    }
}

impl p3::Host for State {}

impl p3::HostWithStore<State> for Names {
    async fn resolve_addresses(
        store: &Accessor<State, Self>,
        name: String,
    ) -> wasmtime::Result<Result<Vec<p3::IpAddress>, p3::ErrorCode>> {
        look_up(&store.with_getter::<HasSelf<State>>(|state| state), name, Whose::Guest).await
    }
}

/// Looks a name up under these grants, for WASI 0.3.
pub(crate) async fn look_up(
    store: &Accessor<State>,
    name: String,
    whose: Whose,
) -> wasmtime::Result<Result<Vec<p3::IpAddress>, p3::ErrorCode>> {
    if !store.with(|mut state| state.get().network_of(whose).may_resolve(&name)) {
        return Ok(Err(p3::ErrorCode::AccessDenied));
    }
    let sockets = store.with_getter::<WasiSockets>(sockets);
    let answer = <WasiSockets as p3::HostWithStore<State>>::resolve_addresses(&sockets, name.clone()).await?;
    if let Ok(addresses) = &answer {
        store.with(|mut state| {
            for address in addresses {
                state.get().network_of(whose).resolved(&name, IpAddr::from(*address));
            }
        });
    }
    Ok(answer)
}

fn sockets(state: &mut State) -> WasiSocketsCtxView<'_> {
    state.sockets()
}

fn ip(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4((a, b, c, d)) => IpAddr::from([a, b, c, d]),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => IpAddr::from([a, b, c, d, e, f, g, h]),
    }
}
