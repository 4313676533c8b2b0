//! One route.

use super::host::HostPattern;
use super::path;
use super::pattern::{self, Pattern, Segment};
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
///
/// Routes of a `spin.toml` have a form of their own, see [`Route::spin`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route {
    host: Option<HostPattern>,
    path: String,
    /// How Spin writes it, for a route of a `spin.toml`.
    pattern: Option<Box<Pattern>>,
}

impl Route {
    /// `/`: every request.
    pub fn everything() -> Self {
        Route { host: None, path: "/".into(), pattern: None }
    }

    /// Reads the `route` of an HTTP trigger in a `spin.toml`, whose app has `base` before all of its routes (`/` for
    /// none), for requests to any host:
    ///
    /// - `/hello` covers itself and nothing below; `/` the root alone.
    /// - `/hello/...` covers itself and all that is below, as `/hello` does in a `holm.toml`; `/...` covers everything. `*`
    ///   may stand for `...`.
    /// - `/users/:id` covers any one segment in that place, which has a name then; `/:name.json`, what is before a dot.
    ///
    /// Slashes at the beginning and at the end make no difference, to requests either. The names of one place make no
    /// difference: `/:a` and `/:b` are one route, which leads to one guest.
    ///
    /// # Errors
    /// It is not such a route, or too long for any.
    pub fn spin(base: &str, text: &str) -> Result<Self, ParseError> {
        let refuse = |why: String| ParseError::new("a route", "/hello/...", text, why);
        let (pattern, path) = pattern::parse(base, text).map_err(refuse)?;
        Ok(Route { host: None, path, pattern: Some(Box::new(pattern)) })
    }

    /// The same route for requests to one host, or below one, as a route without a path names it.
    ///
    /// # Errors
    /// It is not a host.
    pub fn at(self, host: &str) -> Result<Self, ParseError> {
        let refuse = |why: String| ParseError::new("the host of a route", "shop.example.com", host, why);
        Ok(Route { host: Some(HostPattern::parse(host).map_err(refuse)?), ..self })
    }

    /// The same path at other hosts; `None` for all.
    #[must_use]
    pub fn with_host(self, host: Option<HostPattern>) -> Self {
        Route { host, ..self }
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
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        let named = self.pattern.is_some();
        let segments = self.path.split('/').filter(|segment| !segment.is_empty());
        segments.map(move |segment| if named { Segment::of_pattern(segment) } else { Segment::Exact(segment) })
    }

    /// Whether it covers its path alone, and nothing below.
    pub fn is_exact(&self) -> bool {
        self.pattern.as_ref().is_some_and(|pattern| pattern.exact)
    }

    /// What a `spin.toml` says of it: the base of all routes, empty or without a slash at its end, and the route itself as
    /// it stands there. `None` for a route of a `holm.toml`.
    pub fn as_spin(&self) -> Option<(&str, &str)> {
        self.pattern.as_ref().map(|pattern| (pattern.base.as_str(), pattern.raw.as_str()))
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
    Ok(Route { host, path: path::parse(path)?, pattern: None })
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(pattern) = &self.pattern {
            let slash = if pattern.raw.starts_with('/') { "" } else { "/" };
            self.host.as_ref().map_or(Ok(()), |host| host.fmt(f))?;
            return write!(f, "{}{slash}{}", pattern.base, pattern.raw);
        }
        let Some(host) = &self.host else {
            return f.write_str(&self.path);
        };
        match self.path.as_str() {
            "/" if !self.needs_slash() => write!(f, "{host}"),
            path => write!(f, "{host}{path}"),
        }
    }
}
