//! Where a server listens.

use holm_grants::ParseError;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// How long the path of a Unix socket may be on every system, in bytes: what macOS and the BSDs have room for.
const LONGEST_SOCKET: usize = 103;

/// An address to accept connections on.
///
/// Text form: `IP:PORT`, as in `127.0.0.1:3000` and `[::1]:3000`; `NAME:PORT`, as in `localhost:3000`; `:PORT` for every
/// address of this machine, IPv4 and IPv6; `unix:PATH`. Port 0 lets the system choose one. [`Display`](fmt::Display) gives
/// the same form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// One address, and its TCP port.
    Tcp(SocketAddr),
    /// The first address that a name stands for and that can be bound, and its TCP port. Nobody has looked it up.
    Name(String, u16),
    /// A TCP port on every address of this machine.
    Everywhere(u16),
    /// A Unix socket. From text, at most 103 bytes long, not checked again where a folder was put in front.
    Unix(PathBuf),
}

impl Address {
    /// Whether only programs on this machine can connect.
    pub fn is_local(&self) -> bool {
        match self {
            Address::Tcp(address) => address.ip().to_canonical().is_loopback(),
            // What a name stands for is not ours to say, but for this one (RFC 6761, section 6.3).
            Address::Name(name, _) => name.eq_ignore_ascii_case("localhost"),
            Address::Everywhere(_) => false,
            Address::Unix(_) => true,
        }
    }

    /// Whether one who listens on this leaves no room for one who listens on `other`.
    pub(super) fn excludes(&self, other: &Address) -> bool {
        match (self.tcp(), other.tcp()) {
            // The system chooses different ports for two that have none.
            (Some((_, 0)), _) => false,
            (Some((a, port)), Some((b, other))) => port == other && overlap(a, b),
            _ => self == other,
        }
    }

    /// Where of this machine, and the port.
    fn tcp(&self) -> Option<(Place<'_>, u16)> {
        match self {
            Address::Tcp(address) => Some((Place::Ip(address.ip()), address.port())),
            Address::Name(name, port) => Some((Place::Name(name), *port)),
            Address::Everywhere(port) => Some((Place::All, *port)),
            Address::Unix(_) => None,
        }
    }
}

enum Place<'a> {
    All,
    Ip(IpAddr),
    Name(&'a str),
}

fn overlap(a: Place<'_>, b: Place<'_>) -> bool {
    match (a, b) {
        (Place::All, _) | (_, Place::All) => true,
        // 0.0.0.0 and [::] are two sockets beside each other, each for its kind of address.
        (Place::Ip(a), Place::Ip(b)) => {
            a == b || (a.is_ipv4() == b.is_ipv4() && (a.is_unspecified() || b.is_unspecified()))
        }
        (Place::Name(a), Place::Name(b)) => a.eq_ignore_ascii_case(b),
        // What a name stands for shows when it is bound.
        (Place::Ip(_), Place::Name(_)) | (Place::Name(_), Place::Ip(_)) => false,
    }
}

impl FromStr for Address {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).map_err(|why| ParseError::new("an address to listen on", "127.0.0.1:3000", text, why))
    }
}

fn parse(text: &str) -> Result<Address, String> {
    if let Some(path) = text.strip_prefix("unix:") {
        return unix(path);
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        return Err(format!("leave out `{scheme}://` (whether there is TLS, its key `tls` says): `{rest}`"));
    }
    if let Some(port) = text.strip_prefix(':') {
        return self::port(port).map(Address::Everywhere);
    }
    if let Ok(address) = text.parse() {
        return Ok(Address::Tcp(address));
    }
    match text.rsplit_once(':') {
        Some((name, port)) if is_name(name) => self::port(port).map(|port| Address::Name(name.to_owned(), port)),
        _ => Err(advice(text)),
    }
}

/// A name that can be looked up, and not a mistaken address.
fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Digits only: Rust's own number parser would also take `+80`.
fn port(text: &str) -> Result<u16, String> {
    let number = text.parse().ok().filter(|_| text.bytes().all(|c| c.is_ascii_digit()));
    number.ok_or_else(|| format!("a port is a number from 0 to 65535, not `{text}`"))
}

fn unix(path: &str) -> Result<Address, String> {
    match path {
        "" => Err("the path of the socket is missing".into()),
        path if path.contains('\0') => Err("a path cannot hold a NUL character".into()),
        path if path.len() > LONGEST_SOCKET => {
            Err(format!("the path of a socket has at most {LONGEST_SOCKET} bytes; put it in a folder nearer the root"))
        }
        path => Ok(Address::Unix(path.into())),
    }
}

fn advice(text: &str) -> String {
    if port(text).is_ok() {
        return format!("write `127.0.0.1:{text}` for this machine only, or `:{text}` for every network it is in");
    }
    if text.parse::<IpAddr>().is_ok() {
        return "the port is missing".into();
    }
    match text.rsplit_once(':') {
        Some(("*", port)) => format!("write `:{port}` for every address of this machine"),
        _ => "it is made of an address or a name and a port, or of `unix:` and a path".into(),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => write!(f, "{address}"),
            Address::Name(name, port) => write!(f, "{name}:{port}"),
            Address::Everywhere(port) => write!(f, ":{port}"),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
