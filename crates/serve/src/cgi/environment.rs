//! What a CGI program is told of a request: RFC 3875 §4.1, and WAGI's variables that begin with `X_`.
//!
//! Some of a request stays away from the program: credentials (`Authorization`, §4.1.18), `Proxy`, whose variable many
//! HTTP clients take for their configuration (httpoxy), headers between the client and this server, and headers whose
//! names have other characters than letters, digits and hyphens: `X_Name` would be the same variable as `X-Name`, and
//! a proxy in front of us knows only one of them.

use holm_abi::Exchange;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Uri};
use http_body::Body;
use percent_encoding::percent_decode_str;

const SOFTWARE: &str = concat!("Holm/", env!("CARGO_PKG_VERSION"));

/// The program's environment; `None` for a path with a NUL, at which many programs would take it to end.
///
/// `SCRIPT_NAME` is what the route stands for, nothing for a route without a path; the rest is `PATH_INFO`. Without a
/// peer's address, as on a Unix socket, `REMOTE_ADDR` is empty.
pub(super) fn variables(request: &Parts, body: &impl Body, exchange: &Exchange) -> Option<Vec<(String, String)>> {
    let path = request.uri.path();
    let (matched, rest) = path.split_at_checked(exchange.route).unwrap_or(("", path));
    let (script, info) = (decoded(matched)?, decoded(rest)?);
    let place = Place::of(request);
    let peer = exchange.peer.map_or(String::new(), |peer| peer.ip().to_canonical().to_string());
    let mut all = vec![
        variable("GATEWAY_INTERFACE", "CGI/1.1"),
        variable("SERVER_SOFTWARE", SOFTWARE),
        variable("SERVER_PROTOCOL", format!("{:?}", request.version)),
        variable("SERVER_NAME", place.host()),
        variable("SERVER_PORT", place.port()),
        variable("REQUEST_METHOD", request.method.as_str()),
        variable("SCRIPT_NAME", script),
        variable("PATH_INFO", info),
        variable("QUERY_STRING", request.uri.query().unwrap_or("")),
        variable("REMOTE_ADDR", peer.as_str()),
        variable("REMOTE_HOST", peer.as_str()),
        variable("X_MATCHED_ROUTE", if matched.is_empty() { "/" } else { matched }),
        variable("X_RAW_PATH_INFO", rest),
        variable("X_FULL_URL", place.url(&request.uri)),
    ];
    if let Some(length) = length(&request.headers, body) {
        all.push(variable("CONTENT_LENGTH", length.to_string()));
    }
    if request.headers.contains_key(CONTENT_TYPE) {
        all.push(variable("CONTENT_TYPE", joined(&request.headers, &CONTENT_TYPE)));
    }
    if !request.headers.contains_key(HOST) && !place.authority.is_empty() {
        all.push(variable("HTTP_HOST", place.authority));
    }
    let told = request.headers.keys().filter(|name| is_told(name));
    all.extend(told.map(|name| (header_variable(name), joined(&request.headers, name))));
    Some(all)
}

/// The query's parameters, `NAME=VALUE` or `NAME`, as they are in it. None that would look like an option.
pub(super) fn arguments(uri: &Uri) -> impl Iterator<Item = String> {
    let parameters = uri.query().unwrap_or("").split('&');
    parameters.filter(|text| !text.is_empty() && !text.starts_with('-')).map(str::to_owned)
}

fn variable(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

/// §4.1.5: `PATH_INFO` is not encoded.
fn decoded(path: &str) -> Option<String> {
    let path = percent_decode_str(path).decode_utf8_lossy();
    (!path.contains('\0')).then(|| path.into_owned())
}

/// Where the request was sent to.
struct Place<'a> {
    scheme: &'a str,
    /// Host and port as the client wrote them.
    authority: &'a str,
    parsed: Option<Authority>,
}

impl<'a> Place<'a> {
    fn of(request: &'a Parts) -> Self {
        let header = || request.headers.get(HOST).and_then(|host| host.to_str().ok());
        let authority = request.uri.authority().map(Authority::as_str).or_else(header).unwrap_or("");
        Self { scheme: request.uri.scheme_str().unwrap_or("http"), authority, parsed: authority.parse().ok() }
    }

    /// Never empty (§4.1.14).
    fn host(&self) -> &str {
        self.parsed.as_ref().map(Authority::host).filter(|host| !host.is_empty()).unwrap_or("localhost")
    }

    fn port(&self) -> String {
        let default = if self.scheme == "https" { 443 } else { 80 };
        self.parsed.as_ref().and_then(Authority::port_u16).unwrap_or(default).to_string()
    }

    fn url(&self, uri: &Uri) -> String {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = if self.authority.is_empty() { "localhost" } else { self.authority };
        format!("{}://{authority}{path}", self.scheme)
    }
}

/// §4.1.2; `None` where only the end of standard input tells.
fn length(headers: &HeaderMap, body: &impl Body) -> Option<u64> {
    let said = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    said.or_else(|| body.size_hint().exact())
}

fn is_told(name: &HeaderName) -> bool {
    let withheld = [
        AUTHORIZATION,
        CONNECTION,
        CONTENT_LENGTH,
        CONTENT_TYPE,
        PROXY_AUTHORIZATION,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ];
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    name.as_str().bytes().all(plain)
        && !withheld.contains(name)
        && !["proxy", "proxy-connection", "keep-alive"].contains(&name.as_str())
}

fn header_variable(name: &HeaderName) -> String {
    format!("HTTP_{}", name.as_str().to_ascii_uppercase().replace('-', "_"))
}

/// Several headers of one name as one: RFC 9110 §5.3, and RFC 9113 §8.2.3 for cookies.
fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let separator = if *name == COOKIE { "; " } else { ", " };
    let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use http::Request;
    use http_body_util::Full;

    use super::*;

    fn told_by(request: http::request::Builder, route: usize) -> Option<BTreeMap<String, String>> {
        let (parts, body) = request.body(Full::<bytes::Bytes>::default()).unwrap().into_parts();
        variables(&parts, &body, &Exchange { route, ..Exchange::default() }).map(BTreeMap::from_iter)
    }

    fn told(request: http::request::Builder) -> Option<BTreeMap<String, String>> {
        told_by(request, 0)
    }

    fn at(uri: &str, matched: &str) -> BTreeMap<String, String> {
        told_by(Request::get(uri), matched.len()).unwrap()
    }

    #[test]
    fn the_path_is_parted_where_the_route_ends() {
        let cases = [
            ("http://a/app/x/y", "/app", "/app", "/x/y"),
            ("http://a/app", "/app", "/app", ""),
            ("http://a/x", "", "", "/x"),
            ("http://a/caf%C3%A9/%2e%2e/b%20c", "/caf%C3%A9", "/café", "/../b c"),
            // A route that cannot be: the path is whole.
            ("http://a/x", "/other", "", "/x"),
        ];
        for (uri, matched, script, info) in cases {
            let told = at(uri, matched);
            assert_eq!((told["SCRIPT_NAME"].as_str(), told["PATH_INFO"].as_str()), (script, info), "{uri}");
        }
        assert_eq!(at("http://a/b%20c", "")["X_RAW_PATH_INFO"], "/b%20c");
    }

    #[test]
    fn a_path_with_a_nul_is_refused() {
        assert!(told(Request::get("http://a/x%00.txt")).is_none());
    }

    #[test]
    fn the_server_is_the_one_the_client_asked_for() {
        let cases = [
            ("http://a.example:81/", "", "a.example", "81", "http://a.example:81/"),
            ("https://a.example/?q", "", "a.example", "443", "https://a.example/?q"),
            ("/x", "b.example:8080", "b.example", "8080", "http://b.example:8080/x"),
            ("/x", "[::1]:3000", "[::1]", "3000", "http://[::1]:3000/x"),
            ("/x", "", "localhost", "80", "http://localhost/x"),
        ];
        for (uri, host, name, port, url) in cases {
            let told = told(Request::get(uri).header(HOST, host)).unwrap();
            let server = (told["SERVER_NAME"].as_str(), told["SERVER_PORT"].as_str(), told["X_FULL_URL"].as_str());
            assert_eq!(server, (name, port, url));
        }
        assert_eq!(told(Request::get("http://a.example:81/")).unwrap()["HTTP_HOST"], "a.example:81");
    }

    #[test]
    fn headers_that_a_program_must_not_see_stay_away() {
        let names = [
            "proxy",
            "authorization",
            "proxy-authorization",
            "connection",
            "transfer-encoding",
            "te",
            "upgrade",
            "x_forwarded_for",
            "a.b",
            "content-length",
            "content-type",
        ];
        let request = names.iter().fold(Request::get("http://a/"), |request, name| request.header(*name, "1"));
        let told = told(request.header("x-forwarded-for", "2")).unwrap();
        let headers: Vec<_> = told.iter().filter(|(name, _)| name.starts_with("HTTP_")).collect();
        let (host, forwarded) =
            (("HTTP_HOST".to_owned(), "a".to_owned()), ("HTTP_X_FORWARDED_FOR".to_owned(), "2".to_owned()));
        assert_eq!(headers, [(&host.0, &host.1), (&forwarded.0, &forwarded.1)]);
    }

    #[test]
    fn headers_of_one_name_are_one_variable() {
        let request = Request::get("http://a/").header("accept", "a").header("cookie", "b=1").header("cookie", "c=2");
        let told = told(request.header("accept", "b")).unwrap();
        assert_eq!((told["HTTP_ACCEPT"].as_str(), told["HTTP_COOKIE"].as_str()), ("a, b", "b=1; c=2"));
    }

    #[test]
    fn parameters_are_arguments_unless_they_look_like_options() {
        let uri: Uri = "/?a=1&b&&-s&c=%20".parse().unwrap();
        assert_eq!(arguments(&uri).collect::<Vec<_>>(), ["a=1", "b", "c=%20"]);
        assert_eq!(arguments(&"/".parse().unwrap()).count(), 0);
    }
}
