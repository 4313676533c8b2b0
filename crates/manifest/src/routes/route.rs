//! One route.

use super::host::HostPattern;
use super::path;
use holm_grants::ParseError;
use std::fmt;
use std::str::FromStr;

/// Requests by their host and the beginning of their path.
///
/// Text form: `[HOST][/PATH]`: `/`, `/api`, `shop.example.com`, `*.example.com/v1`.
///
/// - HOST is a name, an IPv4 address, an IPv6 address in brackets, or `*.` and a name for every name below it. Case and
///   a dot at the end make no difference. There is no port, and no conversion of international names. Without HOST,
///   every host is meant. A name of one label other than `localhost` is followed by a slash (`intranet/`), because
///   whoever writes `api` alone most likely means `/api`.
/// - PATH covers itself and all that is below, on segment boundaries: `/v1` covers `/v1` and `/v1/users`, not `/v10`. A
///   slash at its end makes no difference, nor does encoding characters that need none (see
///   [`normal_segment`](crate::normal_segment)); case does. Without PATH, every path is meant.
///
/// [`Display`](fmt::Display) gives a text that reads back as an equal route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route {
    host: Option<HostPattern>,
    path: String,
}

impl Route {
    /// `/`: every request.
    pub fn everything() -> Self {
        Route { host: None, path: "/".into() }
    }

    /// The hosts it is for. `None`: all.
    pub fn host(&self) -> Option<&HostPattern> {
        self.host.as_ref()
    }

    /// The path that requests are at or below: `/`, or segments without a slash at the end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The segments of the path; none for `/`.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter(|segment| !segment.is_empty())
    }

    /// Whether the text form without a path would be taken for a path without its slash.
    fn needs_slash(&self) -> bool {
        let exact = self.host.as_ref().filter(|host| !host.is_wildcard());
        exact.is_some_and(|host| looks_like_a_path(host.name()))
    }
}

fn looks_like_a_path(host: &str) -> bool {
    !host.contains(['.', '[', '*', ':']) && !host.eq_ignore_ascii_case("localhost")
}

impl FromStr for Route {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).map_err(|why| ParseError::new("a route", "shop.example.com/api", text, why))
    }
}

fn parse(text: &str) -> Result<Route, String> {
    if text.is_empty() {
        return Err("it is empty; every request is `/`".into());
    }
    if let Some((_, rest)) = text.split_once("://") {
        let rest = rest.chars().take(80).collect::<String>();
        return Err(format!("a route has no scheme: which ports have TLS is for the server to say; write `{rest}`"));
    }
    let (host, path) = text.split_at(text.find('/').unwrap_or(text.len()));
    if path.is_empty() && looks_like_a_path(host) && host.is_ascii() {
        return Err(format!("write `/{host}` for a path, or `{host}/` for a host of that name"));
    }
    let host = match host {
        "" => None,
        host => Some(HostPattern::parse(host)?),
    };
    let path = if path.is_empty() { "/" } else { path };
    Ok(Route { host, path: path::parse(path)? })
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(host) = &self.host else {
            return f.write_str(&self.path);
        };
        match self.path.as_str() {
            "/" if !self.needs_slash() => write!(f, "{host}"),
            path => write!(f, "{host}{path}"),
        }
    }
}
