//! Permission to connect to hosts, or to listen on addresses.

use crate::error::ParseError;
use crate::host::Host;
use crate::ports::Ports;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proto {
    /// TCP, with or without TLS on it.
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Proto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Proto::Tcp => "tcp",
            Proto::Udp => "udp",
        })
    }
}

/// Hosts and ports a guest may connect to, or addresses and ports it may listen on.
///
/// Text form: `[tcp://|udp://|tls://]HOST[:PORT|:LOW-HIGH]`.
///
/// - HOST is a name (`api.example.com`), every name below one (`*.example.com`), an address
///   (`192.0.2.1`, `::1`; `[::1]:443` with a port), a range of them (`10.0.0.0/8:5432`,
///   `[fd00::/8]:5432`), `localhost`, or `*`.
/// - Without a scheme both protocols are granted. `tls://` means TCP; `http://` and `https://` mean
///   TCP on port 80 and 443 unless another is given.
/// - Without a port, or with `:*`, every port is granted.
///
/// Addresses that are not [public](crate::is_public) are opened only by an address, a range, or
/// `localhost` (127.0.0.0/8 and ::1). A name or `*` does not open them, wherever the name leads.
/// That holds for listening too: `*:8080` does not cover `127.0.0.1:8080` or `0.0.0.0:8080`, while
/// `0.0.0.0:8080` does cover the latter. `0.0.0.0/0` is a range, so it opens all of IPv4.
///
/// [`Display`](fmt::Display) gives a text that reads back as an equal grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetGrant {
    proto: Option<Proto>,
    host: Host,
    ports: Ports,
}

impl NetGrant {
    /// Whether a guest may look up `name` in DNS. An address counts as a name that leads to itself.
    /// Saying yes does not promise that the address found may be dialled.
    pub fn allows_name(&self, name: &str) -> bool {
        self.host.covers(name)
    }

    /// Whether a guest may exchange data with `addr` over `proto`.
    ///
    /// `names` are the names that this guest looked up, with permission, and that resolved to this
    /// very IP address; a grant by name needs one of them.
    pub fn allows_addr(&self, proto: Proto, addr: SocketAddr, names: &[&str]) -> bool {
        let named = !self.host.is_by_name() || names.iter().any(|name| self.host.covers(name));
        named && self.allows_transport(proto, addr.port()) && self.host.admits(addr.ip())
    }

    /// Whether the grant opens `ip` on `port` because someone wrote that address.
    pub(crate) fn allows_by_address(&self, proto: Proto, ip: IpAddr, port: u16) -> bool {
        matches!(self.host, Host::Localhost | Host::Range(_))
            && self.allows_transport(proto, port)
            && self.host.admits(ip)
    }

    /// Reads a grant to listen, which is for an address: a program listens on its machine's own, not on a name.
    ///
    /// # Errors
    /// As for any grant, and for names other than `localhost`.
    pub fn parse_listen(text: &str) -> Result<Self, ParseError> {
        let refuse = |why: String| ParseError::new("an address to listen on", "127.0.0.1:8080", text, why);
        let grant = parse(text).map_err(refuse)?;
        match grant.host.is_by_name() {
            true => Err(refuse("it has to be an address of this machine, or `localhost`".into())),
            false => Ok(grant),
        }
    }

    fn allows_transport(&self, proto: Proto, port: u16) -> bool {
        self.proto.is_none_or(|granted| granted == proto) && self.ports.contain(port)
    }
}

impl FromStr for NetGrant {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).map_err(|why| ParseError::new("a network grant", "api.example.com:443", text, why))
    }
}

impl fmt::Display for NetGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(proto) = self.proto {
            write!(f, "{proto}://")?;
        }
        if self.ports == Ports::ANY {
            return write!(f, "{}", self.host);
        }
        write!(f, "{}{}", self.host.before_port(), self.ports)
    }
}

fn parse(text: &str) -> Result<NetGrant, String> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let (proto, default_ports) = transport(scheme)?;
    let rest = if scheme.is_some() { rest.strip_suffix('/').unwrap_or(rest) } else { rest };
    if has_path(rest) {
        return Err("a network grant has no path; to grant part of a site, make it an `http` grant".into());
    }
    let (host, ports) = split_port(rest)?;
    Ok(NetGrant { proto, host: Host::parse(host)?, ports: ports.map_or(Ok(default_ports), Ports::parse)? })
}

fn transport(scheme: Option<&str>) -> Result<(Option<Proto>, Ports), String> {
    let Some(scheme) = scheme else {
        return Ok((None, Ports::ANY));
    };
    match scheme.to_ascii_lowercase().as_str() {
        "tcp" | "tls" => Ok((Some(Proto::Tcp), Ports::ANY)),
        "udp" => Ok((Some(Proto::Udp), Ports::ANY)),
        "http" => Ok((Some(Proto::Tcp), Ports::one(80))),
        "https" => Ok((Some(Proto::Tcp), Ports::one(443))),
        _ => Err(format!("`{scheme}` is not tcp, udp, tls, http or https")),
    }
}

/// A slash after an address begins a prefix length; after anything else, a path.
fn has_path(rest: &str) -> bool {
    let before = rest.split_once('/').map(|(before, _)| before);
    before.is_some_and(|host| host.trim_start_matches('[').parse::<IpAddr>().is_err())
}

/// Splits `HOST[:PORTS]`, taking the brackets off an IPv6 host.
pub(crate) fn split_port(text: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or("the `[` is never closed")?;
        if !host.contains(':') {
            return Err("only IPv6 addresses stand in brackets".into());
        }
        return match rest.strip_prefix(':') {
            Some(ports) => Ok((host, Some(ports))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(format!("`{rest}` after the brackets is not a port")),
        };
    }
    match text.split_once(':') {
        // More than one colon: an IPv6 address without brackets, and so without a port.
        Some((_, ports)) if ports.contains(':') => Ok((text, None)),
        Some((host, ports)) => Ok((host, Some(ports))),
        None => Ok((text, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(text: &str) -> NetGrant {
        text.parse().unwrap()
    }

    fn dials(text: &str, addr: &str, names: &[&str]) -> bool {
        grant(text).allows_addr(Proto::Tcp, addr.parse().unwrap(), names)
    }

    fn complaint(text: &str) -> String {
        text.parse::<NetGrant>().unwrap_err().to_string()
    }

    #[test]
    fn every_documented_form_is_read_and_written_back() {
        for text in [
            "*",
            "*:443",
            "example.com",
            "*.example.com:443",
            "tcp://example.com:8000-8099",
            "udp://1.1.1.1:53",
            "10.0.0.0/8:5432",
            "::1",
            "[::1]:443",
            "[fd00::/8]:1",
            "fd00::/8",
            "localhost:6379",
            "tcp://*",
        ] {
            assert_eq!(grant(text).to_string(), text);
        }
        for (text, plain) in [
            ("tls://db.example.com:5432", "tcp://db.example.com:5432"),
            ("https://api.example.com", "tcp://api.example.com:443"),
            ("HTTP://api.example.com:8080/", "tcp://api.example.com:8080"),
            ("Example.COM.:*", "example.com"),
            ("[::ffff:10.0.0.1]:80", "10.0.0.1:80"),
            ("1.2.3.4/32", "1.2.3.4"),
        ] {
            assert_eq!(grant(text).to_string(), plain);
        }
    }

    #[test]
    fn a_name_must_have_been_resolved_before_its_address_is_dialled() {
        assert!(dials("example.com:443", "93.184.216.34:443", &["example.com"]));
        assert!(!dials("example.com:443", "93.184.216.34:443", &[]));
        assert!(!dials("example.com:443", "93.184.216.34:443", &["example.org"]));
        assert!(!dials("example.com:443", "93.184.216.34:80", &["example.com"]));
    }

    #[test]
    fn a_name_that_leads_home_is_refused() {
        for addr in [
            "127.0.0.1:80",
            "10.0.0.1:80",
            "169.254.169.254:80",
            "[::1]:80",
            "[::ffff:127.0.0.1]:80",
            "[fd00:ec2::254]:80",
        ] {
            assert!(!dials("example.com", addr, &["example.com"]), "{addr}");
            assert!(!dials("*", addr, &["example.com"]), "{addr}");
        }
    }

    #[test]
    fn an_address_opens_itself_however_it_is_dialled() {
        assert!(dials("127.0.0.1:80", "127.0.0.1:80", &[]));
        assert!(dials("127.0.0.1:80", "[::ffff:127.0.0.1]:80", &[]));
        assert!(dials("10.0.0.0/8", "[64:ff9b::a00:1]:80", &[]));
        assert!(!dials("10.0.0.0/8", "11.0.0.1:80", &[]));
        assert!(!dials("2000::/3", "[2002:7f00:1::]:80", &[]));
    }

    #[test]
    fn localhost_opens_loopback_and_nothing_else() {
        assert!(dials("localhost", "127.0.0.1:80", &[]));
        assert!(dials("localhost", "[::1]:80", &["localhost"]));
        assert!(!dials("localhost", "10.0.0.1:80", &["localhost"]));
    }

    #[test]
    fn a_scheme_narrows_the_protocol() {
        let addr = "1.1.1.1:53".parse().unwrap();
        assert!(grant("1.1.1.1:53").allows_addr(Proto::Udp, addr, &[]));
        assert!(grant("udp://1.1.1.1:53").allows_addr(Proto::Udp, addr, &[]));
        assert!(!grant("tcp://1.1.1.1:53").allows_addr(Proto::Udp, addr, &[]));
        assert!(!grant("udp://1.1.1.1:53").allows_addr(Proto::Tcp, addr, &[]));
    }

    #[test]
    fn complaints_say_what_to_write_instead() {
        assert_eq!(
            complaint("https://api.example.com/v1"),
            "`https://api.example.com/v1` is not a network grant: a network grant has no path; \
             to grant part of a site, make it an `http` grant (example: `api.example.com:443`)"
        );
        assert!(complaint("10.0.0.5/8").contains("first address: 10.0.0.0/8, or 10.0.0.5 alone"));
        assert!(complaint("ftp://x").contains("`ftp` is not tcp, udp, tls, http or https"));
        assert!(complaint("x:99999").contains("a number from 0 to 65535, not `99999`"));
        assert!(complaint("x:90-80").contains("write 80-90"));
        assert!(complaint("::1:x:80").contains("write [::1]:443"));
        assert!(complaint("[::1").contains("never closed"));
        assert!(complaint("[::1]80").contains("`80` after the brackets"));
        assert!(complaint("[example.com]:80").contains("only IPv6"));
        assert!(complaint("").contains("is not a host name"));
    }
}
