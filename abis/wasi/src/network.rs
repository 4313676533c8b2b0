//! Which addresses a guest may reach, decided on the address actually dialled.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use holm_abi::Host;
use holm_grants::{Ask, Audit, Grants, Proto, sibling};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::sockets::SocketAddrUse;

/// The names remembered for one address; more is a guest that wastes our memory.
const NAMES_PER_ADDRESS: usize = 16;
/// The addresses whose names are remembered.
const ADDRESSES: usize = 4096;

/// One guest's view of the network.
pub(crate) struct Network {
    grants: Arc<Grants>,
    audit: Audit,
    /// Which granted names led to which addresses, so that a grant by name covers what it resolved to.
    names: Mutex<HashMap<IpAddr, HashSet<String>>>,
}

impl Network {
    pub(crate) fn new(host: &Host) -> Arc<Self> {
        Arc::new(Self { grants: host.grants.clone(), audit: host.audit.clone(), names: Mutex::default() })
    }

    /// Gives the guest this network and no other.
    pub(crate) fn open(self: &Arc<Self>, builder: &mut WasiCtxBuilder) {
        self.open_holding(builder, ());
    }

    /// Likewise, where every socket has `held` for as long as it is open.
    pub(crate) fn open_holding(self: &Arc<Self>, builder: &mut WasiCtxBuilder, held: impl Send + Sync + 'static) {
        let network = Arc::clone(self);
        // Sockets and lookups are there for all; each address is decided by `may_use`, each name by `may_resolve`.
        builder.allow_tcp(true).allow_udp(true).allow_ip_name_lookup(true).socket_addr_check(move |address, usage| {
            let _held = &held;
            let allowed = network.may_use(address, usage);
            Box::pin(async move { allowed })
        });
    }

    fn may_use(&self, address: SocketAddr, usage: SocketAddrUse) -> bool {
        let allowed = match usage {
            SocketAddrUse::TcpConnect => self.may_connect(Proto::Tcp, address),
            SocketAddrUse::UdpSend => self.may_connect(Proto::Udp, address),
            // An answer may come from wherever a question may go.
            SocketAddrUse::UdpReceive => self.listens() || self.may_connect(Proto::Udp, address),
            // Connecting and sending bind too, to any port there is; what counts is where to, and `TcpListen`.
            SocketAddrUse::TcpBind | SocketAddrUse::UdpBind if is_wildcard(address) => true,
            SocketAddrUse::TcpBind => self.grants.allows_listen(Proto::Tcp, address),
            SocketAddrUse::UdpBind => self.grants.allows_listen(Proto::Udp, address),
            SocketAddrUse::TcpListen => self.may_listen(address),
            // Who may listen may be called.
            SocketAddrUse::TcpAccept => true,
        };
        if !allowed {
            self.audit.denied(ask(address, usage));
        }
        allowed
    }

    fn listens(&self) -> bool {
        !self.grants.listen.is_empty()
    }

    /// A socket that was bound to port 0, under a grant that says so, has another port by now.
    fn may_listen(&self, address: SocketAddr) -> bool {
        let any_port = SocketAddr::new(address.ip(), 0);
        [address, any_port].iter().any(|address| self.grants.allows_listen(Proto::Tcp, *address))
    }

    fn may_connect(&self, proto: Proto, address: SocketAddr) -> bool {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let known: Vec<&str> = names.get(&address.ip()).into_iter().flatten().map(String::as_str).collect();
        self.grants.allows_connect(proto, address, &known)
    }

    /// Whether the guest may look this name up.
    pub(crate) fn may_resolve(&self, name: &str) -> bool {
        let allowed = self.grants.allows_lookup(name);
        if !allowed {
            // Guests of the same app have names, and no addresses.
            let of_sibling = sibling(name).is_some();
            self.audit.denied(if of_sibling { Ask::http("http", name, 80) } else { Ask::lookup(name) });
        }
        allowed
    }

    /// Remembers where a granted name led.
    pub(crate) fn resolved(&self, name: &str, address: IpAddr) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= ADDRESSES && !names.contains_key(&address) {
            return;
        }
        let known = names.entry(address).or_default();
        if known.len() < NAMES_PER_ADDRESS {
            known.insert(name.to_owned());
        }
    }
}

fn is_wildcard(address: SocketAddr) -> bool {
    address.port() == 0 && address.ip().is_unspecified()
}

fn ask(address: SocketAddr, usage: SocketAddrUse) -> Ask {
    match usage {
        SocketAddrUse::TcpConnect => Ask::connect(Proto::Tcp, address),
        SocketAddrUse::UdpSend | SocketAddrUse::UdpReceive => Ask::connect(Proto::Udp, address),
        SocketAddrUse::TcpBind | SocketAddrUse::TcpListen | SocketAddrUse::TcpAccept => {
            Ask::listen(Proto::Tcp, address)
        }
        SocketAddrUse::UdpBind => Ask::listen(Proto::Udp, address),
    }
}
