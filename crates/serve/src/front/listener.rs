use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use socket2::{Domain, Socket, Type};

use super::address::resolve;
use super::{Address, Certificate, CertificateError, Host, TlsFiles, unix};

/// How many connections the system holds until they are accepted; Linux takes less where `net.core.somaxconn` is.
const BACKLOG: i32 = 4096;

/// How to listen.
#[derive(Clone, Debug)]
pub struct ListenerSpec {
    /// Where.
    pub address: Address,
    /// Speak TLS with this certificate; without, plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Expect every connection to begin with a PROXY header (version 1 or 2) and close those that do not. Only for
    /// listeners that nobody but the proxy can reach: clients could write any address into one.
    pub proxy_protocol: bool,
    /// The mode of a Unix socket's file. 0600, the server's own user.
    pub unix_mode: u32,
}

impl ListenerSpec {
    /// Plain HTTP at `address`.
    pub fn new(address: Address) -> Self {
        Self { address, tls: None, proxy_protocol: false, unix_mode: 0o600 }
    }
}

/// Why a listener cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address cannot be bound.
    #[error("{address}: {error}{}", advice(error))]
    Address {
        /// As it was given.
        address: Address,
        /// What the system says.
        error: io::Error,
    },
    /// Its certificate cannot be used.
    #[error("{address}: {error}")]
    Certificate {
        /// As it was given.
        address: Address,
        /// What is wrong.
        error: Box<CertificateError>,
    },
    /// TLS cannot be set up.
    #[error("{address}: {error}")]
    Tls {
        /// As it was given.
        address: Address,
        /// What is wrong.
        error: rustls::Error,
    },
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse if error.raw_os_error().is_some() => "; choose another port, or 0 for a free one",
        io::ErrorKind::PermissionDenied => "; ports below 1024 need a privilege, Unix sockets a writable directory",
        io::ErrorKind::AddrNotAvailable => "; it is not an address of this machine",
        _ => "",
    }
}

/// Where a listener listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Local {
    /// At a TCP port.
    Tcp(SocketAddr),
    /// At a Unix socket.
    Unix(PathBuf),
}

/// A bound socket. Connections queue at it from the start and are answered once it is served; it needs no runtime
/// before. Dropping it closes it and removes a Unix socket's file.
#[derive(Debug)]
pub struct Listener {
    pub(super) socket: ListenerSocket,
    pub(super) local: Arc<Local>,
    pub(super) tls: Option<(Arc<Certificate>, Arc<ServerConfig>)>,
    pub(super) proxy_protocol: bool,
    url: Arc<str>,
}

#[derive(Debug)]
pub(super) enum ListenerSocket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener, unix::SocketFile),
}

impl Listener {
    /// Reads the certificate, resolves the address and binds it. Blocks while it does.
    pub fn bind(spec: &ListenerSpec) -> Result<Self, BindError> {
        let address = &spec.address;
        let tls = spec.tls.as_ref().map(|files| load(address, files)).transpose()?;
        let (socket, local) = bind(spec).map_err(|error| BindError::Address { address: address.clone(), error })?;
        let url = url(&spec.address, &local, tls.is_some()).into();
        Ok(Self { socket, local: Arc::new(local), tls, proxy_protocol: spec.proxy_protocol, url })
    }

    /// Binds all or none, with every reason against it.
    pub fn bind_all(specs: &[ListenerSpec]) -> Result<Vec<Self>, Vec<BindError>> {
        let (mut listeners, mut errors) = (Vec::new(), Vec::new());
        for spec in specs {
            match Self::bind(spec) {
                Ok(listener) => listeners.push(listener),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(listeners) } else { Err(errors) }
    }

    /// The URL it answers on, for people: `http://127.0.0.1:34567`, `https://[::1]:443`, `unix:/run/holm.sock`.
    pub fn url(&self) -> &Arc<str> {
        &self.url
    }

    /// Where it listens, with the port that was chosen.
    pub fn local(&self) -> &Local {
        &self.local
    }

    /// Its certificate, if it speaks TLS.
    pub fn certificate(&self) -> Option<&Arc<Certificate>> {
        self.tls.as_ref().map(|(certificate, _)| certificate)
    }
}

fn load(address: &Address, files: &TlsFiles) -> Result<(Arc<Certificate>, Arc<ServerConfig>), BindError> {
    let certificate = Certificate::load(files.clone())
        .map_err(|error| BindError::Certificate { address: address.clone(), error: Box::new(error) })?;
    let config = certificate.server().map_err(|error| BindError::Tls { address: address.clone(), error })?;
    Ok((certificate, config))
}

fn bind(spec: &ListenerSpec) -> io::Result<(ListenerSocket, Local)> {
    match &spec.address {
        Address::Tcp(host, port) => {
            let socket = tcp(host, *port)?;
            let local = Local::Tcp(socket.local_addr()?);
            Ok((ListenerSocket::Tcp(socket), local))
        }
        #[cfg(unix)]
        Address::Unix(path) => {
            let (socket, file) = unix::bind(path, spec.unix_mode, BACKLOG)?;
            Ok((ListenerSocket::Unix(socket, file), Local::Unix(path.clone())))
        }
        #[cfg(not(unix))]
        Address::Unix(_) => Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets")),
    }
}

fn tcp(host: &Host, port: u16) -> io::Result<TcpListener> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in resolve(host, port)? {
        match tcp_at(address, *host != Host::All) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// `only_v6`: an IPv6 socket takes no IPv4, whatever the system's own default is.
fn tcp_at(address: SocketAddr, only_v6: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(only_v6)?;
    }
    // A server that restarts need not wait for its last connections to be forgotten. On Windows the option means
    // something else: taking a port that is in use.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn url(asked: &Address, local: &Local, tls: bool) -> String {
    let scheme = if tls { "https" } else { "http" };
    match (local, asked) {
        (Local::Unix(path), _) => format!("unix:{}", path.display()),
        (Local::Tcp(at), Address::Tcp(Host::Name(name), _)) => format!("{scheme}://{name}:{}", at.port()),
        (Local::Tcp(at), Address::Tcp(Host::All, _)) => format!("{scheme}://localhost:{}", at.port()),
        (Local::Tcp(at), _) => format!("{scheme}://{}", SocketAddr::new(reachable(at.ip()), at.port())),
    }
}

/// An address a browser can use for one that means all.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}
