//! The key `upstream`: a server elsewhere that answers in the place of a guest.

use crate::keys;
use crate::values::Reader;
use holm_grants::{ParseError, sibling};
use http::Uri;
use http::uri::Authority;
use std::fmt;
use std::str::FromStr;

/// A server to which requests are passed on.
///
/// Text form: `http://HOST[:PORT][/prefix]`, or `https://…`. [`Display`](fmt::Display) gives a text that reads back as an
/// equal one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// The host, in lower case, and the port, if it is not the scheme's own.
    pub authority: Authority,
    /// What stands in front of a request's path: empty, or a path that does not end with a slash.
    pub prefix: String,
    /// Requests keep the host that the client asked for. Else they name the upstream's.
    pub preserve_host: bool,
}

impl FromStr for Upstream {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).map_err(|why| ParseError::new("an upstream", "http://127.0.0.1:9000", &shown(text), why))
    }
}

/// A text with a password is not repeated.
fn shown(text: &str) -> String {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://***@{rest}"),
        _ => text.to_owned(),
    }
}

fn parse(text: &str) -> Result<Upstream, String> {
    let tls = match text.split_once("://").map(|(scheme, _)| scheme) {
        Some("http") => false,
        Some("https") => true,
        _ => return Err("it begins with http:// or https://".into()),
    };
    let uri: Uri = text.parse().map_err(|_| "it is not a URL")?;
    if uri.query().is_some() || text.contains('#') {
        return Err("it has no `?` and no `#`; what a request asks for is added to its path".into());
    }
    let prefix = uri.path().trim_end_matches('/');
    if prefix.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err("its path has no segments made of dots".into());
    }
    let authority = uri.authority().ok_or("it names no host")?;
    Ok(Upstream { tls, authority: plain(authority, tls)?, prefix: prefix.to_owned(), preserve_host: true })
}

/// Without the scheme's own port.
fn plain(authority: &Authority, tls: bool) -> Result<Authority, String> {
    if authority.as_str().contains('@') {
        return Err("it has no user name or password; a filter can add a header".into());
    }
    let host = authority.host().to_ascii_lowercase();
    let port = authority.as_str().get(host.len()..).unwrap_or_default();
    if host.is_empty() || host.contains(['%', '*']) {
        return Err("it names no host".into());
    }
    if sibling(&host).is_some() {
        return Err("guests of the same app have routes of their own".into());
    }
    let port = match (port, authority.port_u16()) {
        ("", _) => None,
        (_, Some(port)) if port > 0 => Some(port),
        _ => return Err("a port is a number from 1 to 65535".into()),
    };
    let own = if tls { 443 } else { 80 };
    let plain = match port.filter(|port| *port != own) {
        Some(port) => format!("{host}:{port}"),
        None => host,
    };
    plain.parse().map_err(|_| "it is not a URL".into())
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.prefix)
    }
}

/// Reads `upstream` and `preserve-host`. `file` is the key of what it stands in the place of.
pub(crate) fn read(reader: &mut Reader<'_, '_, '_>, file: &str) -> Option<Upstream> {
    let preserve_host = reader.flag("preserve-host");
    let Some(value) = reader.value("upstream") else {
        if let Some(value) = reader.value("preserve-host") {
            reader.report.add(value.span(), "`preserve-host` is of use only with `upstream`");
        }
        return None;
    };
    if reader.value(file).is_some_and(|value| value.get_ref().is_str()) {
        let why = format!("requests go to a `{file}` or to an `upstream`, not to both; leave one out");
        reader.report.add(value.span(), why);
    }
    refuse_what_guests_have(reader);
    let text = reader.text("upstream")?;
    let upstream = reader.parse::<Upstream>(&text)?;
    Some(Upstream { preserve_host: preserve_host.unwrap_or(true), ..upstream })
}

/// Reports the keys that say what a guest is given: here nothing runs that could use it.
fn refuse_what_guests_have(reader: &mut Reader<'_, '_, '_>) {
    for key in ["args", "abi", "deterministic", "features", "reuse", "build", "imports", "components", "grants"] {
        let Some((written, _)) = reader.table.get_key_value(key) else {
            continue;
        };
        let mut why = format!("an upstream runs no guest that `{key}` could be for");
        if keys::FILTER.known.contains(&key) {
            why += &format!("; a filter has its own, in [[{}]]", reader.below("filters"));
        }
        reader.report.add(written.span(), why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_reads_back_as_it_is_written() {
        for (text, plain) in [
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("https://API.example.com:443/v1/", "https://api.example.com/v1"),
            ("http://[::1]:80/", "http://[::1]"),
            ("https://a.example:80", "https://a.example:80"),
        ] {
            let upstream: Upstream = text.parse().unwrap();
            assert_eq!(upstream.to_string(), plain);
            assert_eq!(plain.parse::<Upstream>().unwrap(), upstream);
        }
    }

    #[test]
    fn what_is_no_upstream_says_why() {
        for (text, why) in [
            ("127.0.0.1:9000", "it begins with http:// or https://"),
            ("ftp://a.example", "it begins with http:// or https://"),
            ("http://", "it is not a URL"),
            ("http://a.example?x=1", "it has no `?` and no `#`; what a request asks for is added to its path"),
            ("http://a.example/#x", "it has no `?` and no `#`; what a request asks for is added to its path"),
            ("http://a.example/a/../b", "its path has no segments made of dots"),
            ("http://web.holm.internal", "guests of the same app have routes of their own"),
            ("http://a.example:0", "a port is a number from 1 to 65535"),
            ("http://a.example:99999", "a port is a number from 1 to 65535"),
        ] {
            let error = text.parse::<Upstream>().unwrap_err().to_string();
            assert_eq!(error, format!("`{text}` is not an upstream: {why} (example: `http://127.0.0.1:9000`)"));
        }
        let error = "http://ada:secret@a.example".parse::<Upstream>().unwrap_err().to_string();
        assert!(error.starts_with("`http://***@a.example` is not an upstream: it has no user name"), "{error}");
    }
}
