//! The head of a message, or its trailers, as guests see it: pseudo headers among the others, names in lower case.
//!
//! What Envoy does where the specification is silent: pseudo headers come first; `host` is `:authority`; adding to a header
//! that there can be only one of joins the values.

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, request, response};

/// Which of the three it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Request,
    Response,
    Trailers,
}

const AUTHORITY: usize = 0;
const PATH: usize = 1;
const METHOD: usize = 2;
const SCHEME: usize = 3;
const STATUS: usize = 0;

const REQUEST: [&str; 4] = [":authority", ":path", ":method", ":scheme"];
const RESPONSE: [&str; 1] = [":status"];

/// Headers of requests that Envoy 1.39 keeps one of: values are joined with a comma. Found by asking it.
const ONE_IN_REQUESTS: [&str; 35] = [
    "accept",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "grpc-accept-encoding",
    "grpc-timeout",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "keep-alive",
    "origin",
    "pragma",
    "proxy-connection",
    "referer",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-client-trace-id",
    "x-envoy-original-path",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-request-id",
];

/// Likewise of responses.
const ONE_IN_RESPONSES: [&str; 22] = [
    "access-control-allow-origin",
    "age",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "etag",
    "expires",
    "grpc-message",
    "grpc-status",
    "keep-alive",
    "last-modified",
    "location",
    "proxy-connection",
    "server",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "x-request-id",
];

/// Bytes that all names and values of one head may have together: a guest can make the host keep them.
const MOST: usize = 1 << 20;

/// A head.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    kind: Kind,
    pseudo: [Option<HeaderValue>; 4],
    /// A pseudo header is not what it was.
    changed: bool,
    headers: HeaderMap,
}

impl Head {
    /// Of a request. Its headers are taken out.
    pub(crate) fn request(parts: &mut request::Parts) -> Self {
        let mut headers = std::mem::take(&mut parts.headers);
        let host = headers.remove(http::header::HOST);
        let authority = parts.uri.authority().map(|authority| value(authority.as_str())).unwrap_or(host);
        let path = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let method = match parts.method {
            Method::GET => Some(HeaderValue::from_static("GET")),
            Method::POST => Some(HeaderValue::from_static("POST")),
            ref other => value(other.as_str()),
        };
        let scheme = match parts.uri.scheme_str() {
            Some("https") => HeaderValue::from_static("https"),
            _ => HeaderValue::from_static("http"),
        };
        let pseudo = [authority, value(path), method, Some(scheme)];
        let mut head = Self { kind: Kind::Request, pseudo, changed: false, headers };
        head.join_ones();
        head
    }

    /// Of a response, likewise.
    pub(crate) fn response(parts: &mut response::Parts) -> Self {
        let headers = std::mem::take(&mut parts.headers);
        let pseudo = [value(parts.status.as_str()), None, None, None];
        let mut head = Self { kind: Kind::Response, pseudo, changed: false, headers };
        head.join_ones();
        head
    }

    /// Of trailers.
    pub(crate) fn trailers(headers: HeaderMap) -> Self {
        Self { kind: Kind::Trailers, pseudo: [const { None }; 4], changed: false, headers }
    }

    /// Puts it back into a request.
    ///
    /// # Errors
    /// What is missing or cannot be, in Envoy's words; nothing is said of a path that is missing.
    pub(crate) fn into_request(self, parts: &mut request::Parts) -> Result<(), String> {
        let [authority, path, method, scheme] = self.pseudo;
        // Envoy looks for a route first.
        let path = path.ok_or_else(String::new)?;
        let method = method.ok_or_else(|| format!("missing required header: {}", REQUEST[METHOD]))?;
        parts.headers = self.headers;
        if self.changed {
            parts.method = Method::from_bytes(method.as_bytes()).map_err(|_| "invalid header: :method")?;
            parts.uri = uri(&parts.uri, authority.as_ref(), &path, scheme.as_ref())?;
        }
        if let Some(authority) = authority {
            parts.headers.insert(http::header::HOST, authority);
        }
        Ok(())
    }

    /// Puts it back into a response.
    ///
    /// # Errors
    /// As [`Head::into_request`].
    pub(crate) fn into_response(self, parts: &mut response::Parts) -> Result<(), String> {
        let Some(status) = &self.pseudo[STATUS] else {
            return Err(format!("missing required header: {}", RESPONSE[STATUS]));
        };
        if self.changed {
            parts.status = StatusCode::from_bytes(status.as_bytes()).map_err(|_| "invalid header: :status")?;
        }
        parts.headers = self.headers;
        Ok(())
    }

    /// The trailers.
    pub(crate) fn into_trailers(self) -> HeaderMap {
        self.headers
    }

    /// The first value under this name.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&HeaderValue> {
        match self.pseudo_at(name) {
            Some(at) => self.pseudo.get(at)?.as_ref(),
            None => self.headers.get(std::str::from_utf8(name).ok()?),
        }
    }

    /// The same, as text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name.as_bytes())?.to_str().ok()
    }

    /// Adds a value to those under this name. `None`: it cannot be.
    pub(crate) fn add(&mut self, name: &[u8], value: &[u8]) -> Option<()> {
        let joined = match self.get(name) {
            Some(had) if self.pseudo_at(name).is_some() || self.is_one(name) => Some(join(had, value)),
            _ => None,
        };
        if let Some(joined) = joined {
            return self.set(name, &joined);
        }
        if self.pseudo_at(name).is_some() {
            return self.set(name, value);
        }
        self.room_for(name, value)?;
        let (name, value) = (HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?);
        self.headers.try_append(name, value).ok().map(drop)
    }

    /// Puts one value in place of all under this name. `None`: it cannot be.
    pub(crate) fn set(&mut self, name: &[u8], value: &[u8]) -> Option<()> {
        self.room_for(name, value)?;
        let value = HeaderValue::from_bytes(value).ok()?;
        if let Some(at) = self.pseudo_at(name) {
            self.changed = true;
            *self.pseudo.get_mut(at)? = Some(value);
            return Some(());
        }
        self.headers.try_insert(HeaderName::from_bytes(name).ok()?, value).ok().map(drop)
    }

    /// Removes all values under this name.
    pub(crate) fn remove(&mut self, name: &[u8]) {
        if let Some(at) = self.pseudo_at(name) {
            self.changed = true;
            if let Some(value) = self.pseudo.get_mut(at) {
                *value = None;
            }
        } else if let Ok(name) = std::str::from_utf8(name) {
            self.headers.remove(name);
        }
    }

    /// Puts these in place of all there are. Those that cannot be are left out.
    pub(crate) fn replace(&mut self, pairs: &[(&[u8], &[u8])]) {
        self.headers.clear();
        self.pseudo = [const { None }; 4];
        self.changed = true;
        for (name, value) in pairs {
            let _ = self.add(name, value);
        }
    }

    /// Names and values, in order.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let pseudo = self.names().iter().zip(&self.pseudo);
        let pseudo = pseudo.filter_map(|(name, value)| Some((name.as_bytes(), value.as_ref()?.as_bytes())));
        pseudo.chain(self.headers.iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes())))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u32 {
        let all = self.pseudo.iter().flatten().count() + self.headers.len();
        u32::try_from(all).unwrap_or(u32::MAX)
    }

    /// Bytes of all names and values.
    pub(crate) fn bytes(&self) -> usize {
        self.pairs().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// Whether a call of gRPC begins with it (its specification, "Requests": `Content-Type`).
    pub(crate) fn is_grpc(&self) -> bool {
        let rest = self.text("content-type").and_then(|text| text.strip_prefix("application/grpc"));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('+') || rest.starts_with(';'))
    }

    fn names(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Request => &REQUEST,
            Kind::Response => &RESPONSE,
            Kind::Trailers => &[],
        }
    }

    fn pseudo_at(&self, name: &[u8]) -> Option<usize> {
        if self.kind == Kind::Request && name.eq_ignore_ascii_case(b"host") {
            return Some(AUTHORITY);
        }
        if name.first() != Some(&b':') {
            return None;
        }
        self.names().iter().position(|pseudo| pseudo.as_bytes().eq_ignore_ascii_case(name))
    }

    fn is_one(&self, name: &[u8]) -> bool {
        let names: &[&str] = match self.kind {
            Kind::Request => &ONE_IN_REQUESTS,
            Kind::Response => &ONE_IN_RESPONSES,
            Kind::Trailers => &[],
        };
        names.iter().any(|one| one.as_bytes().eq_ignore_ascii_case(name))
    }

    /// Joins the values of headers that there is to be one of.
    fn join_ones(&mut self) {
        if self.headers.len() == self.headers.keys_len() {
            return;
        }
        let many: Vec<HeaderName> = self.headers.keys().filter(|name| self.is_one(name.as_ref())).cloned().collect();
        for name in many {
            let values: Vec<&[u8]> = self.headers.get_all(&name).iter().map(HeaderValue::as_bytes).collect();
            if let Ok(joined) = HeaderValue::from_bytes(&values.join(&b","[..])) {
                self.headers.insert(name, joined);
            }
        }
    }

    fn room_for(&self, name: &[u8], value: &[u8]) -> Option<()> {
        // Only what is large is worth a count of all.
        let more = name.len().saturating_add(value.len());
        let many = self.headers.len() > 100 || more > 4096;
        (!many || self.bytes().saturating_add(more) <= MOST).then_some(())
    }
}

fn join(had: &HeaderValue, more: &[u8]) -> Vec<u8> {
    [had.as_bytes(), b",", more].concat()
}

fn value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_maybe_shared(Bytes::copy_from_slice(text.as_bytes())).ok()
}

fn uri(
    was: &Uri,
    authority: Option<&HeaderValue>,
    path: &HeaderValue,
    scheme: Option<&HeaderValue>,
) -> Result<Uri, String> {
    let mut parts = http::uri::Parts::default();
    let invalid = |name| format!("invalid header: {name}");
    parts.path_and_query = Some(PathAndQuery::try_from(path.as_bytes()).map_err(|_| invalid(REQUEST[PATH]))?);
    let scheme = scheme.map_or(Ok(Scheme::HTTP), |scheme| Scheme::try_from(scheme.as_bytes()));
    parts.scheme = Some(scheme.map_err(|_| invalid(REQUEST[SCHEME]))?);
    parts.authority = match authority {
        Some(authority) => Some(Authority::try_from(authority.as_bytes()).map_err(|_| invalid(REQUEST[AUTHORITY]))?),
        None => was.authority().cloned(),
    };
    Uri::from_parts(parts).map_err(|_| invalid(REQUEST[PATH]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> (request::Parts, Head) {
        let builder = http::Request::get("http://a.test:81/x?y").header("host", "a.test:81").header("x-a", "1");
        let mut parts = builder.header("x-a", "2").body(()).unwrap().into_parts().0;
        let head = Head::request(&mut parts);
        (parts, head)
    }

    fn text(head: &Head) -> String {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        head.pairs().map(|(name, value)| format!("{}={} ", text(name), text(value))).collect()
    }

    #[test]
    fn pseudo_headers_come_first_and_host_is_one_of_them() {
        let (_, head) = request();
        assert_eq!(text(&head), ":authority=a.test:81 :path=/x?y :method=GET :scheme=http x-a=1 x-a=2 ");
        assert_eq!(head.len(), 6);
        assert_eq!(head.text("Host"), Some("a.test:81"));
        assert_eq!(head.text("X-A"), Some("1"));
        assert_eq!((head.get(b":status"), head.get(b"\xff"), head.get(b"")), (None, None, None));
    }

    #[test]
    fn what_a_guest_changes_is_what_is_sent() {
        let (mut parts, mut head) = request();
        head.set(b":path", b"/new").unwrap();
        head.set(b":method", b"PUT").unwrap();
        head.set(b"host", b"b.test").unwrap();
        head.remove(b"x-a");
        head.add(b"User-Agent", b"a").unwrap();
        head.add(b"user-agent", b"b").unwrap();
        head.into_request(&mut parts).unwrap();
        assert_eq!((parts.method.as_str(), parts.uri.to_string().as_str()), ("PUT", "http://b.test/new"));
        assert_eq!(parts.headers.get("user-agent").unwrap(), "a,b");
        assert_eq!((parts.headers.get("host").unwrap().to_str().unwrap(), parts.headers.len()), ("b.test", 2));
    }

    #[test]
    fn values_of_a_header_that_there_is_one_of_are_joined() {
        let builder = http::Request::get("http://a.test/").header("accept", "a").header("x-a", "1");
        let mut parts = builder.header("accept", "b").header("x-a", "2").body(()).unwrap().into_parts().0;
        let head = Head::request(&mut parts);
        assert_eq!(text(&head), ":authority=a.test :path=/ :method=GET :scheme=http accept=a,b x-a=1 x-a=2 ");
    }

    #[test]
    fn a_head_without_what_it_needs_is_not_sent() {
        for (name, words) in [(":path", ""), (":method", "missing required header: :method")] {
            let (mut parts, mut head) = request();
            head.remove(name.as_bytes());
            assert_eq!(head.into_request(&mut parts).unwrap_err(), words);
        }
        let mut parts = http::Response::new(()).into_parts().0;
        let mut head = Head::response(&mut parts);
        head.set(b":status", b"abc").unwrap();
        assert_eq!(head.into_response(&mut parts).unwrap_err(), "invalid header: :status");
    }

    #[test]
    fn names_and_values_that_cannot_be_are_refused() {
        let (_, mut head) = request();
        assert_eq!(head.add(b"a b", b""), None);
        assert_eq!(head.add(b"", b""), None);
        assert_eq!(head.set(b"a", b"x\r\ny: z"), None);
        assert_eq!(head.set(b":path", b"\n"), None);
        assert_eq!(head.set(b":nothing", b"x"), None);
        assert_eq!(head.add(b"a", &vec![b'a'; MOST]), None);
        let long = vec![b'a'; MOST / 4];
        let kept = (0..9).filter(|_| head.add(b"a", &long).is_some()).count();
        assert_eq!(kept, 3);
    }
}
