use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::str::FromStr;

/// Where to listen, as text: `127.0.0.1:3000`, `localhost:3000`, `[::1]:3000`, `:3000` (all addresses of the
/// machine), `unix:/run/holm.sock`. Port 0 picks a free one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A TCP port.
    Tcp(Host, u16),
    /// A Unix socket, under this path.
    Unix(PathBuf),
}

/// The addresses of the machine on which a TCP port listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// All of them, IPv4 and IPv6.
    All,
    /// This one.
    Ip(IpAddr),
    /// The first that this name resolves to and that can be bound. Resolved when binding.
    Name(String),
}

/// Text that is no address to listen on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no address to listen on: {problem}; write HOST:PORT, [IPV6]:PORT, :PORT or unix:PATH")]
pub struct AddressError {
    text: String,
    problem: &'static str,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        parse(text).map_err(|problem| AddressError { text: text.to_owned(), problem })
    }
}

fn parse(text: &str) -> Result<Address, &'static str> {
    if let Some(path) = text.strip_prefix("unix:") {
        return unix(path);
    }
    if text.contains("://") {
        return Err("it is a URL");
    }
    let (host, port) = text.rsplit_once(':').ok_or("the port is missing")?;
    Ok(Address::Tcp(parse_host(host)?, parse_port(port)?))
}

fn unix(path: &str) -> Result<Address, &'static str> {
    match path {
        "" => Err("the path is missing"),
        path if path.contains('\0') => Err("the path has a NUL in it"),
        path => Ok(Address::Unix(PathBuf::from(path))),
    }
}

fn parse_port(port: &str) -> Result<u16, &'static str> {
    if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the port is not a number");
    }
    port.parse().map_err(|_| "the port is above 65535")
}

fn parse_host(host: &str) -> Result<Host, &'static str> {
    if host.is_empty() {
        return Ok(Host::All);
    }
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']').ok_or("a bracket is not closed")?;
        let address = inner.parse().map_err(|_| "what is in brackets is not an IPv6 address")?;
        return Ok(Host::Ip(IpAddr::V6(address)));
    }
    if host.contains(':') {
        return Err("an IPv6 address goes in brackets");
    }
    if let Ok(address) = host.parse() {
        return Ok(Host::Ip(IpAddr::V4(address)));
    }
    if host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err("the host is not an IPv4 address");
    }
    let name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    if name { Ok(Host::Name(host.to_owned())) } else { Err("the host has a character that names do not have") }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(Host::All, port) => write!(f, ":{port}"),
            Self::Tcp(Host::Name(name), port) => write!(f, "{name}:{port}"),
            Self::Tcp(Host::Ip(ip), port) => SocketAddr::new(*ip, *port).fmt(f),
        }
    }
}

/// What `host` and `port` stand for, in the order to try. Blocks while a name is resolved.
pub(super) fn resolve(host: &Host, port: u16) -> std::io::Result<Vec<SocketAddr>> {
    use std::net::{Ipv4Addr, Ipv6Addr};
    Ok(match host {
        Host::Ip(ip) => vec![SocketAddr::new(*ip, port)],
        Host::Name(name) => (name.as_str(), port).to_socket_addrs()?.collect(),
        // One IPv6 socket takes both; the other is for machines without IPv6.
        Host::All => vec![(Ipv6Addr::UNSPECIFIED, port).into(), (Ipv4Addr::UNSPECIFIED, port).into()],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_parses_and_prints_as_it_was_written() {
        for text in ["127.0.0.1:0", "[::1]:3000", ":3000", "localhost:80", "a-b.example_1:65535", "unix:/run/a b.sock"]
        {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn text_that_is_no_address_says_why() {
        let cases = [
            ("", "the port is missing"),
            ("localhost", "the port is missing"),
            ("localhost:", "the port is not a number"),
            ("localhost:http", "the port is not a number"),
            ("localhost:+80", "the port is not a number"),
            ("localhost:65536", "the port is above 65535"),
            ("::1:80", "an IPv6 address goes in brackets"),
            ("[::1:80", "a bracket is not closed"),
            ("[127.0.0.1]:80", "what is in brackets is not an IPv6 address"),
            ("127.0.0.256:80", "the host is not an IPv4 address"),
            ("http://localhost:80", "it is a URL"),
            ("local host:80", "the host has a character that names do not have"),
            ("unix:", "the path is missing"),
        ];
        for (text, problem) in cases {
            let error = text.parse::<Address>().unwrap_err();
            assert_eq!(error.problem, problem, "{text}");
            assert!(error.to_string().contains("unix:PATH"));
        }
    }
}
