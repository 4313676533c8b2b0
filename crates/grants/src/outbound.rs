//! Permission to reach servers by what they speak: databases, message brokers, sites.

use crate::address::{canonical, is_metadata, is_public};
use crate::error::ParseError;
use crate::host::Host;
use crate::net::Proto;
use crate::ports::Ports;
use crate::sibling::chained;
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// Servers of one kind that the host may reach for a guest.
///
/// Text form: `SCHEME://HOST[:PORT]`, as in a Spin manifest's `allowed_outbound_hosts`
/// (spinframework.dev, "Granting HTTP permissions to components"):
///
/// - SCHEME is what is spoken there (`redis`, `postgres`, `mysql`, `mqtt`, `http`, `https`; `tcp` and `udp` for the guest's own
///   sockets) or `*` for all of these.
/// - HOST is a name, every name below one (`*.example.com`), an address, a range of them (`10.0.0.0/8`, IPv6 in brackets or
///   not), `localhost`, or `*`. `self` stands for the guest's own app, which answers by its routes, and
///   `NAME.spin.internal` for one of its guests.
/// - PORT is one, a range `8000-8099`, also written `8000..8100` without its last, or `*`. Without it, the scheme's usual one;
///   `*` has none.
///
/// Names and `*` cover what they lead to, be it the machine itself or its neighbours, unless
/// [`only_public`](OutboundGrant::only_public) was said. Link-local addresses and those of a cloud's metadata service are
/// opened only by an address or a range that is one of them.
///
/// [`Display`](fmt::Display) gives a text that reads back as an equal grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundGrant {
    /// In lower case; `None` is any.
    scheme: Option<String>,
    target: Target,
    ports: Ports,
    /// Whether names lead to public addresses alone.
    only_public: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    /// The guest's own app.
    Own,
    Host(Host),
}

impl OutboundGrant {
    /// Whether a guest may have the host reach this server, as far as can be said before its name has been resolved.
    pub fn allows(&self, scheme: &str, host: &str, port: u16) -> bool {
        self.speaks(scheme) && self.ports.contain(port) && self.covers(host)
    }

    /// Whether the server called `host` may be dialled at `ip`, to which its name led.
    pub fn allows_addr(&self, host: &str, ip: IpAddr) -> bool {
        self.covers(host) && self.admits(ip)
    }

    /// Whether a guest's own socket may exchange data with `addr`. `names` as in [`NetGrant::allows_addr`](crate::NetGrant).
    pub(crate) fn allows_socket(&self, proto: Proto, addr: SocketAddr, names: &[&str]) -> bool {
        let Target::Host(host) = &self.target else { return false };
        let named = !host.is_by_name() || names.iter().any(|name| host.covers(name));
        named && self.speaks(&proto.to_string()) && self.ports.contain(addr.port()) && self.admits(addr.ip())
    }

    /// Whether a guest may look up `name` for its own sockets.
    pub(crate) fn allows_lookup(&self, name: &str) -> bool {
        let sockets = [Proto::Tcp, Proto::Udp].iter().any(|proto| self.speaks(&proto.to_string()));
        sockets && chained(name).is_none() && self.covers(name)
    }

    /// Whether a guest may send HTTP requests to its own app, which that leads by its routes. As in Spin, the port is not
    /// looked at, and `*` covers it.
    pub(crate) fn allows_own_app(&self) -> bool {
        let own = matches!(self.target, Target::Own | Target::Host(Host::Any));
        own && (self.speaks("http") || self.speaks("https"))
    }

    /// From now on a name or `*` leads to public addresses alone: for an app of somebody who does not own this machine.
    pub fn only_public(&mut self) {
        self.only_public = true;
    }

    pub(crate) fn speaks(&self, scheme: &str) -> bool {
        self.scheme.as_deref().is_none_or(|granted| granted.eq_ignore_ascii_case(scheme))
    }

    fn covers(&self, host: &str) -> bool {
        matches!(&self.target, Target::Host(granted) if granted.covers(host))
    }

    fn admits(&self, ip: IpAddr) -> bool {
        match &self.target {
            Target::Own => false,
            Target::Host(Host::Range(range)) => {
                range.contains(&canonical(ip)) && (!is_metadata(ip) || is_narrow(range))
            }
            Target::Host(Host::Localhost) => canonical(ip).is_loopback(),
            Target::Host(_) => is_public(ip) || !(self.only_public || is_metadata(ip)),
        }
    }
}

/// Whether nothing but such addresses is in a range, so that whoever wrote it meant them.
fn is_narrow(range: &IpNet) -> bool {
    is_metadata(range.network()) && is_metadata(range.broadcast())
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
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").ok_or("it begins with what is spoken there, as in redis:// or *://")?;
    let scheme = parse_scheme(scheme)?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = split_port(rest);
    let usual = scheme.as_deref().and_then(usual_port).map(Ports::one);
    let ports = match (port, usual) {
        (Some(port), _) => parse_ports(port)?,
        (None, Some(usual)) => usual,
        (None, None) => return Err("it has no usual port: write one behind the host, or `:*`".into()),
    };
    Ok(OutboundGrant { scheme, target: parse_target(host)?, ports, only_public: false })
}

fn parse_scheme(text: &str) -> Result<Option<String>, String> {
    match text {
        "*" => Ok(None),
        "" => Err("what is spoken there is missing before `://`".into()),
        list if list.starts_with('{') => Err("there are no lists in it: write it once for each scheme".into()),
        scheme if scheme.bytes().all(|c| c.is_ascii_alphanumeric()) => Ok(Some(scheme.to_ascii_lowercase())),
        _ => Err(format!("`{text}` is not a scheme, which has letters alone")),
    }
}

/// A host, and the port behind it. Colons may be the host's own: an address in brackets, or a range of IPv6.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, "")) if !host.ends_with(':') => (host, None),
        Some((host, port)) if parse_target(text).is_err() => (host, Some(port)),
        _ => (text, None),
    }
}

fn parse_target(text: &str) -> Result<Target, String> {
    if let "self" | "self.alt" = text {
        return Ok(Target::Own);
    }
    if text.starts_with('{') {
        return Err("there are no lists in it: write it once for each host".into());
    }
    let inside = match text.strip_prefix('[') {
        Some(rest) => {
            let inside = rest.strip_suffix(']').filter(|inside| inside.contains(':'));
            inside.ok_or("what is in brackets is not an IPv6 address")?
        }
        None => text,
    };
    // Spin takes any address of a range for the range.
    if let Ok(range) = inside.parse::<IpNet>() {
        return Host::parse(&range.trunc().to_string()).map(Target::Host);
    }
    if inside.contains('/') {
        return Err("it has no path: a server is reached as a whole".into());
    }
    Host::parse(inside).map(Target::Host)
}

fn parse_ports(text: &str) -> Result<Ports, String> {
    if text.starts_with('{') {
        return Err("there are no lists in it: write it once for each port".into());
    }
    let Some((low, end)) = text.split_once("..") else {
        return Ports::parse(text);
    };
    let (low, end) = (Ports::parse(low)?, Ports::parse(end)?);
    match (low.only(), end.only().and_then(|end| end.checked_sub(1))) {
        (Some(low), Some(last)) if low <= last => Ports::parse(&format!("{low}-{last}")),
        _ => Err(format!("no port is from {text}, whose last is not in it")),
    }
}

impl fmt::Display for OutboundGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = match &self.target {
            Target::Own => "self".to_owned(),
            Target::Host(host) => host.before_port(),
        };
        write!(f, "{}://{host}", self.scheme.as_deref().unwrap_or("*"))?;
        let usual = self.scheme.as_deref().and_then(usual_port).map(Ports::one);
        match self.ports {
            ports if Some(ports) == usual => Ok(()),
            Ports::ANY => f.write_str(":*"),
            ports => write!(f, "{ports}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(text: &str) -> OutboundGrant {
        text.parse().unwrap()
    }

    fn complaint(text: &str) -> String {
        text.parse::<OutboundGrant>().unwrap_err().to_string()
    }

    fn reaches(grant: &OutboundGrant, host: &str, ip: &str) -> bool {
        grant.allows_addr(host, ip.parse().unwrap())
    }

    #[test]
    fn every_documented_form_is_read_and_written_back() {
        for (text, written) in [
            ("redis://cache.example.com", "redis://cache.example.com"),
            ("redis://cache.example.com:6379", "redis://cache.example.com"),
            ("REDIS://Cache.example.com:6380/", "redis://cache.example.com:6380"),
            ("*://*:*", "*://*:*"),
            ("http://*", "http://*"),
            ("https://*.example.com", "https://*.example.com"),
            ("http://example.com:", "http://example.com"),
            (" http://example.com ", "http://example.com"),
            ("http://example.com:8000..8100", "http://example.com:8000-8099"),
            ("http://example.com:8000-8099", "http://example.com:8000-8099"),
            ("*://10.1.2.3/8:5432", "*://10.0.0.0/8:5432"),
            ("http://10.0.0.0/8", "http://10.0.0.0/8"),
            ("http://[::1]", "http://[::1]"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://[::1]:*", "http://[::1]:*"),
            ("http://fd00::/8", "http://[fd00::/8]"),
            ("http://2001:db8::/32:443", "http://[2001:db8::/32]:443"),
            ("http://self", "http://self"),
            ("https://self.alt", "https://self"),
            ("http://self:3000", "http://self:3000"),
            ("tcp://127.0.0.1:6379", "tcp://127.0.0.1:6379"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://*.spin.internal", "http://*.spin.internal"),
        ] {
            assert_eq!(grant(text).to_string(), written);
            assert_eq!(grant(written), grant(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_server_is_refused_with_what_to_write() {
        for (text, why) in [
            ("example.com", "begins with what is spoken"),
            ("*", "begins with what is spoken"),
            ("://a", "missing before"),
            ("{http,https}://a", "once for each scheme"),
            ("ht+tp://a:1", "letters alone"),
            ("*://a", "no usual port"),
            ("pg://localhost", "no usual port"),
            ("http://{a,b}", "once for each host"),
            ("http://a:{80,81}", "once for each port"),
            ("http://a/b", "no path"),
            ("http://a:80/b", "port"),
            ("http://a//", "no path"),
            ("http://*.a/b", "no path"),
            ("http://10.0.0.0/24/p", "path"),
            ("http://a:8080..8080", "whose last is not in it"),
            ("http://a:80..70000", "from 0 to 65535"),
            ("http://a:99999", "from 0 to 65535"),
            ("http://[::1]:99999", "from 0 to 65535"),
            ("http://[::1", "brackets"),
            ("http://[::1]junk", ""),
            ("http://[::1]::80", ""),
            ("http://a:80:90", ""),
            ("http://*.", "host name"),
            ("http://*.127.0.0.1", "IPv4"),
            ("http://a.*.b", "first label"),
            ("http://exa%6dple.com", "host name"),
            ("http://u@example.com", "host name"),
            ("http://", "host name"),
        ] {
            let told = complaint(text);
            assert!(told.contains(why), "{text}: {told}");
        }
    }

    #[test]
    fn a_grant_is_for_what_is_spoken_there_and_for_its_port() {
        let redis = grant("redis://cache.example.com");
        assert!(redis.allows("redis", "Cache.Example.com.", 6379));
        assert!(!redis.allows("redis", "cache.example.com", 6380));
        assert!(!redis.allows("mysql", "cache.example.com", 6379));
        assert!(!redis.allows("redis", "other.example.com", 6379));
        let all = grant("*://*.example.com:5000..5002");
        assert!(all.allows("mysql", "a.example.com", 5001) && !all.allows("mysql", "a.example.com", 5002));
        assert!(!all.allows("mysql", "example.com", 5001));
    }

    #[test]
    fn a_name_leads_to_neighbours_but_never_to_metadata() {
        for text in ["http://*", "*://*:*", "http://db.corp", "http://*.corp"] {
            let mut grant = grant(text);
            for ip in ["10.0.0.5", "127.0.0.1", "::1", "192.168.1.1", "fd12::1", "1.1.1.1"] {
                assert!(reaches(&grant, "db.corp", ip), "{text} {ip}");
            }
            for ip in [
                "169.254.169.254",
                "::ffff:169.254.169.254",
                "64:ff9b::a9fe:a9fe",
                "2002:a9fe:a9fe::1",
                "fe80::1",
                "fd00:ec2::254",
                "100.100.100.200",
                "168.63.129.16",
            ] {
                assert!(!reaches(&grant, "db.corp", ip), "{text} {ip}");
            }
            grant.only_public();
            assert!(reaches(&grant, "db.corp", "1.1.1.1"), "{text}");
            assert!(!reaches(&grant, "db.corp", "10.0.0.5") && !reaches(&grant, "db.corp", "::1"), "{text}");
        }
    }

    #[test]
    fn who_writes_an_address_means_it() {
        let mut metadata = grant("http://169.254.169.254");
        metadata.only_public();
        assert!(reaches(&metadata, "169.254.169.254", "169.254.169.254"));
        assert!(reaches(&grant("http://169.254.0.0/16"), "169.254.1.1", "169.254.1.1"));
        assert!(reaches(&grant("http://[fe80::/10]"), "fe80::1", "fe80::1"));
        let everything = grant("http://0.0.0.0/0");
        assert!(reaches(&everything, "10.0.0.1", "10.0.0.1"));
        assert!(!reaches(&everything, "169.254.169.254", "169.254.169.254"));
        let mut local = grant("http://localhost");
        local.only_public();
        assert!(reaches(&local, "localhost", "127.0.0.1") && !reaches(&local, "localhost", "10.0.0.1"));
    }

    #[test]
    fn guests_of_the_same_app_are_granted_by_name_or_by_a_star() {
        for (text, covered) in [
            ("http://back.spin.internal", true),
            ("http://*.spin.internal", true),
            ("http://*", true),
            ("http://other.spin.internal", false),
            ("https://*", false),
            ("http://self", false),
        ] {
            assert_eq!(grant(text).allows("http", "back.spin.internal", 80), covered, "{text}");
        }
        assert!(!grant("http://*").allows("http", "back.holm.internal", 80));
        assert!(!grant("*://*:*").allows_lookup("back.spin.internal"));
    }

    #[test]
    fn the_app_itself_is_granted_as_self_or_by_a_star() {
        for (text, covered) in [
            ("http://self", true),
            ("https://self:3000", true),
            ("*://self:*", true),
            ("http://*", true),
            ("*://*:*", true),
            ("redis://self", false),
            ("http://example.com", false),
            ("redis://*", false),
        ] {
            assert_eq!(grant(text).allows_own_app(), covered, "{text}");
        }
    }

    #[test]
    fn sockets_are_granted_by_a_star_or_by_what_they_are() {
        let addr = "10.0.0.5:5432".parse().unwrap();
        for (text, covered) in [
            ("*://*:*", true),
            ("*://10.0.0.0/8:5432", true),
            ("tcp://10.0.0.5:5432", true),
            ("udp://10.0.0.5:5432", false),
            ("postgres://10.0.0.5", false),
            ("http://*:*", false),
            ("*://10.0.0.5:5433", false),
            ("*://db.corp:5432", true),
            ("*://other.corp:5432", false),
        ] {
            assert_eq!(grant(text).allows_socket(Proto::Tcp, addr, &["db.corp"]), covered, "{text}");
        }
        assert!(!grant("*://db.corp:5432").allows_socket(Proto::Tcp, addr, &[]));
        assert!(grant("*://db.corp:5432").allows_lookup("db.corp"));
        assert!(!grant("postgres://db.corp").allows_lookup("db.corp"));
        let metadata = "169.254.169.254:80".parse().unwrap();
        assert!(!grant("*://*:*").allows_socket(Proto::Tcp, metadata, &[]));
    }
}
