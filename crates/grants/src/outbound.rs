//! Permission to reach servers by what they speak: databases, message brokers, sites.

use crate::error::ParseError;
use crate::host::Host;
use crate::ports::Ports;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Servers of one kind that the host may reach for a guest.
///
/// Text form: `SCHEME://HOST[:PORT]`, as in a Spin manifest's `allowed_outbound_hosts`: SCHEME is what is spoken there
/// (`redis`, `postgres`, `mysql`, `mqtt`, `https` …) or `*`; HOST is what it is in a [`NetGrant`](crate::NetGrant); PORT is one,
/// a range `8000-8099` or `*`. Without a port, the scheme's usual one.
///
/// [`Display`](fmt::Display) gives a text that reads back as an equal grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundGrant {
    /// In lower case; `None` is any.
    scheme: Option<String>,
    host: Host,
    ports: Ports,
}

impl OutboundGrant {
    /// Whether a guest may have the host reach this server, as far as can be said before its name has been resolved.
    pub fn allows(&self, scheme: &str, host: &str, port: u16) -> bool {
        self.scheme.as_deref().is_none_or(|granted| granted.eq_ignore_ascii_case(scheme))
            && self.ports.contain(port)
            && self.host.covers(host)
    }

    /// Whether the server called `host` may be dialled at `ip`, to which its name led.
    pub fn allows_addr(&self, host: &str, ip: IpAddr) -> bool {
        self.host.covers(host) && self.host.admits(ip)
    }
}

/// The port that is meant where none is written.
fn usual_port(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "http" => 80,
        "https" => 443,
        "redis" | "rediss" => 6379,
        "postgres" | "postgresql" => 5432,
        "mysql" => 3306,
        "mqtt" => 1883,
        "mqtts" => 8883,
        _ => return None,
    })
}

impl FromStr for OutboundGrant {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).map_err(|why| ParseError::new("a server to reach", "redis://cache.example.com:6379", text, why))
    }
}

fn parse(text: &str) -> Result<OutboundGrant, String> {
    let (scheme, rest) = text.split_once("://").ok_or("it begins with what is spoken there, as in redis:// or *://")?;
    let scheme = match scheme {
        "*" => None,
        "" => return Err("what is spoken there is missing before `://`".into()),
        scheme => Some(scheme.to_ascii_lowercase()),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = crate::net::split_port(rest)?;
    let usual = scheme.as_deref().and_then(usual_port).map(Ports::one);
    let ports = match (port, usual) {
        (Some(port), _) => Ports::parse(port)?,
        (None, Some(usual)) => usual,
        (None, None) => return Err("it has no usual port: write one behind the host, or `:*`".into()),
    };
    Ok(OutboundGrant { scheme, host: Host::parse(host)?, ports })
}

impl fmt::Display for OutboundGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_deref().unwrap_or("*"), self.host.before_port())?;
        match self.ports {
            Ports::ANY => f.write_str(":*"),
            ports => write!(f, "{ports}"),
        }
    }
}
