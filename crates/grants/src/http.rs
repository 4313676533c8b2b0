//! Permission to send HTTP requests.

use crate::error::ParseError;
use crate::host::Host;
use crate::net::split_port;
use crate::sibling::sibling;
use crate::url_path;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Sites, or parts of them, to which a guest may send HTTP requests.
///
/// Text form: `[http://|https://]HOST[:PORT][/prefix]`.
///
/// - HOST is what it is in a [`NetGrant`](crate::NetGrant), without ranges.
/// - Without a scheme both are granted. Without a port, only the scheme's own, 80 or 443; `:*`
///   grants all of them, and so does `*` without a scheme.
/// - A prefix covers itself and everything below: `/v1` covers `/v1/users`, not `/v10`.
///
/// Guests of the same app are granted by their names, `http://images.holm.internal`, or all together,
/// `http://*.holm.internal`; see [`sibling`]. Nothing else covers those, `*` included.
///
/// As everywhere, only an address or `localhost` opens addresses that are not
/// [public](crate::is_public).
///
/// [`Display`](fmt::Display) gives a text that reads back as an equal grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpGrant {
    scheme: Option<Scheme>,
    host: Host,
    port: Port,
    /// Begins with a slash; ends with one only if it is nothing else.
    prefix: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Port {
    OfScheme,
    Any,
    One(u16),
}

impl HttpGrant {
    /// Whether a guest may send a request to this URL. `host` is a name or an address, in brackets
    /// or not; `path` may carry a query. Where the host leads is for [`HttpGrant::allows_addr`].
    pub fn allows(&self, scheme: &str, host: &str, port: u16, path: &str) -> bool {
        let Some(scheme) = Scheme::named(scheme) else {
            return false;
        };
        self.scheme.is_none_or(|granted| granted == scheme)
            && self.port.covers(scheme, port)
            && self.host.covers(host)
            && url_path::is_below(path, &self.prefix)
    }

    /// Whether a request for `host`, under this grant, may be sent to the address it resolved to.
    /// Ask this for the address actually dialled, and again after every redirect.
    pub fn allows_addr(&self, host: &str, ip: IpAddr) -> bool {
        self.host.covers(host) && self.host.admits(ip)
    }

    /// Where guests of the same app answer.
    fn reaches_siblings(&self) -> bool {
        self.scheme != Some(Scheme::Https) && self.port.covers(Scheme::Http, 80)
    }

    /// The guest of the same app that is granted, by its name below [`INTERNAL`](crate::INTERNAL). `None`: sites
    /// elsewhere, or every guest of the app (`*.holm.internal`).
    pub fn sibling(&self) -> Option<&str> {
        match &self.host {
            Host::Name(name) => sibling(name),
            _ => None,
        }
    }

    /// `*` without a scheme says "anything", so it does not stop at two ports.
    fn is_bare_star(&self) -> bool {
        self.scheme.is_none() && self.host == Host::Any
    }
}

impl Scheme {
    fn named(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("http") {
            Some(Scheme::Http)
        } else if text.eq_ignore_ascii_case("https") {
            Some(Scheme::Https)
        } else {
            None
        }
    }

    fn port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

impl Port {
    fn covers(self, scheme: Scheme, port: u16) -> bool {
        match self {
            Port::OfScheme => port == scheme.port(),
            Port::Any => true,
            Port::One(granted) => port == granted,
        }
    }

    fn parse(text: Option<&str>) -> Result<Self, String> {
        match text {
            None => Ok(Port::OfScheme),
            Some("*") => Ok(Port::Any),
            Some(text) => match text.parse() {
                Ok(port) if port > 0 && !text.starts_with('+') => Ok(Port::One(port)),
                _ => Err(format!("a port is one number from 1 to 65535, not `{text}`")),
            },
        }
    }
}

impl FromStr for HttpGrant {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).map_err(|why| ParseError::new("an HTTP grant", "https://api.example.com", text, why))
    }
}

impl fmt::Display for HttpGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            Some(Scheme::Http) => f.write_str("http://")?,
            Some(Scheme::Https) => f.write_str("https://")?,
            None => {}
        }
        f.write_str(&self.host.before_port())?;
        match self.port {
            Port::OfScheme => {}
            Port::Any if self.is_bare_star() => {}
            Port::Any => f.write_str(":*")?,
            Port::One(port) => write!(f, ":{port}")?,
        }
        f.write_str(if self.prefix == "/" { "" } else { &self.prefix })
    }
}

fn parse(text: &str) -> Result<HttpGrant, String> {
    let (scheme, rest) = split_scheme(text)?;
    let (authority, prefix) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, "/"),
    };
    if looks_like_a_range(authority, prefix) {
        return Err("it looks like a range of addresses, which only a `net` grant can give".into());
    }
    let (host, port) = split_port(authority)?;
    let mut grant =
        HttpGrant { scheme, host: Host::parse(host)?, port: Port::parse(port)?, prefix: parse_prefix(prefix)? };
    if grant.host.is_internal() && !grant.reaches_siblings() {
        return Err("guests of the same app answer without TLS, and on no other port than 80".into());
    }
    if grant.is_bare_star() && port.is_none() {
        grant.port = Port::Any;
    }
    Ok(grant)
}

fn split_scheme(text: &str) -> Result<(Option<Scheme>, &str), String> {
    let Some((name, rest)) = text.split_once("://") else {
        return Ok((None, text));
    };
    match Scheme::named(name) {
        Some(scheme) => Ok((Some(scheme), rest)),
        None => Err(format!("`{name}` is neither http nor https; for other protocols make it a `net` grant")),
    }
}

/// `10.0.0.0/8` would otherwise grant the path `/8` of one host; so would `10.0.0.0/8/`, which is written the same.
fn looks_like_a_range(authority: &str, prefix: &str) -> bool {
    let length = prefix.trim_matches('/');
    let number = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
    let address = authority.trim_start_matches('[').trim_end_matches(']');
    number && address.parse::<IpAddr>().is_ok()
}

fn parse_prefix(text: &str) -> Result<String, String> {
    if text.contains(['?', '#', '*']) {
        return Err("a prefix is a plain path, and covers everything below it".into());
    }
    if text.chars().any(char::is_whitespace) || !url_path::is_straight(text) {
        return Err("the path would not be the same to every server; write it out plainly".into());
    }
    let trimmed = text.trim_end_matches('/');
    Ok(if trimmed.is_empty() { "/" } else { trimmed }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(text: &str) -> HttpGrant {
        text.parse().unwrap()
    }

    fn complaint(text: &str) -> String {
        text.parse::<HttpGrant>().unwrap_err().to_string()
    }

    #[test]
    fn every_documented_form_is_read_and_written_back() {
        for text in [
            "*",
            "https://*",
            "*/v1",
            "https://*:*",
            "http://*.example.com",
            "api.example.com",
            "api.example.com:8080",
            "https://api.example.com/v1/users",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "http://localhost",
            "http://[::1]",
        ] {
            assert_eq!(grant(text).to_string(), text);
        }
        assert_eq!(grant("HTTPS://API.example.com/").to_string(), "https://api.example.com");
        assert_eq!(grant("a.example/v1/").to_string(), "a.example/v1");
        assert_eq!(grant("*:*").to_string(), "*");
    }

    #[test]
    fn a_scheme_means_its_own_port_unless_told_otherwise() {
        let api = grant("https://api.example.com");
        assert!(api.allows("https", "api.example.com", 443, "/"));
        assert!(api.allows("HTTPS", "API.example.com.", 443, "/x?y"));
        assert!(!api.allows("https", "api.example.com", 8443, "/"));
        assert!(!api.allows("http", "api.example.com", 80, "/"));
        assert!(!api.allows("http", "api.example.com", 443, "/"));
        assert!(!api.allows("ws", "api.example.com", 443, "/"));
    }

    #[test]
    fn a_bare_host_means_both_schemes() {
        let api = grant("api.example.com");
        assert!(api.allows("https", "api.example.com", 443, "/"));
        assert!(api.allows("http", "api.example.com", 80, "/"));
        assert!(!api.allows("http", "api.example.com", 443, "/"));
    }

    #[test]
    fn a_star_means_any_public_site_on_any_port() {
        let all = grant("*");
        assert!(all.allows("http", "example.com", 8080, "/"));
        assert!(all.allows_addr("example.com", "93.184.216.34".parse().unwrap()));
        assert!(!all.allows_addr("example.com", "10.0.0.1".parse().unwrap()));
        assert!(!all.allows_addr("127.0.0.1", "127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn a_grant_for_one_host_says_nothing_about_where_another_leads() {
        let local = grant("http://localhost:3000");
        let loopback = "127.0.0.1".parse().unwrap();
        assert!(local.allows("http", "localhost", 3000, "/"));
        assert!(local.allows_addr("localhost", loopback));
        assert!(!local.allows_addr("evil.example", loopback));
    }

    #[test]
    fn a_prefix_keeps_a_guest_in_its_part_of_the_site() {
        let part = grant("https://api.example.com/v1");
        assert!(part.allows("https", "api.example.com", 443, "/v1/users?id=1"));
        assert!(!part.allows("https", "api.example.com", 443, "/v2"));
        assert!(!part.allows("https", "api.example.com", 443, "/v1/%2e%2e/v2"));
    }

    #[test]
    fn guests_of_the_same_app_are_granted_by_name_and_without_tls() {
        let images = grant("http://images.holm.internal");
        assert_eq!(images.sibling(), Some("images"));
        assert!(images.allows("http", "images.holm.internal", 80, "/a"));
        assert!(!images.allows("http", "other.holm.internal", 80, "/"));
        let all = grant("*.holm.internal");
        assert_eq!(all.sibling(), None);
        assert!(all.allows("http", "images.holm.internal", 80, "/"));
        assert!(!grant("*").allows("http", "images.holm.internal", 80, "/"));
        for text in ["https://images.holm.internal", "images.holm.internal:8080", "https://*.holm.internal"] {
            assert!(complaint(text).contains("without TLS"), "{text}");
        }
    }

    #[test]
    fn a_url_cannot_smuggle_in_another_host() {
        let grant = grant("https://*.example.com");
        for host in ["evil.org/.example.com", "evil.org?.example.com", "u@a.example.com", ""] {
            assert!(!grant.allows("https", host, 443, "/"), "{host}");
        }
    }

    #[test]
    fn complaints_say_what_to_write_instead() {
        assert_eq!(
            complaint("tcp://db.example.com"),
            "`tcp://db.example.com` is not an HTTP grant: `tcp` is neither http nor https; for \
             other protocols make it a `net` grant (example: `https://api.example.com`)"
        );
        for range in ["10.0.0.0/8", "10.0.0.0/8/", "::3/8/", "[::3]/8"] {
            assert!(complaint(range).contains("only a `net` grant can give"), "{range}");
        }
        assert!(complaint("https://a.example:0").contains("from 1 to 65535"));
        assert!(complaint("https://a.example/v1/*").contains("covers everything below"));
        assert!(complaint("https://a.example/v1/../x").contains("write it out plainly"));
        assert!(complaint("https://user@a.example").contains("is not a host name"));
    }
}
