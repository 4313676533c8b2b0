//! What hyper lets through and a server behind or in front of us could read otherwise (request smuggling).

use http::header::{CONNECTION, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};

use super::Limits;

/// A request the service does not see.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    reason: &'static str,
}

const fn bad(reason: &'static str) -> Refusal {
    Refusal { status: StatusCode::BAD_REQUEST, reason }
}

impl Refusal {
    /// The answer, after which an HTTP/1 connection is closed: what follows may not be a request.
    pub(super) fn response<B>(&self, body: impl FnOnce(&'static str) -> B) -> Response<B> {
        let mut response = Response::new(body(self.reason));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

/// Checks a request's head.
pub(super) fn check<B>(request: &Request<B>, limits: &Limits) -> Result<(), Refusal> {
    let (uri, headers) = (request.uri(), request.headers());
    if headers.len() > limits.headers {
        return Err(Refusal {
            status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            reason: "The request has too many headers.\n",
        });
    }
    if target_length(uri) > limits.target_bytes {
        return Err(Refusal { status: StatusCode::URI_TOO_LONG, reason: "The request's target is too long.\n" });
    }
    if *request.method() == Method::CONNECT {
        return Err(Refusal { status: StatusCode::NOT_IMPLEMENTED, reason: "This server opens no tunnels.\n" });
    }
    check_host(uri, headers, request.version())?;
    check_coding(headers)
}

fn target_length(uri: &Uri) -> usize {
    uri.path_and_query().map_or(0, |path| path.as_str().len()) + uri.authority().map_or(0, |a| a.as_str().len())
}

/// RFC 9112 §3.2 and RFC 9113 §8.3.1: one host, and only one.
fn check_host(uri: &Uri, headers: &HeaderMap, version: Version) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(bad("The request has more than one Host.\n"));
    }
    if let Some(host) = host {
        check_form(host.as_bytes())?;
    }
    match (uri.authority(), host) {
        (Some(authority), _) if authority.as_str().contains('@') => Err(bad("The target has a user in it.\n")),
        (Some(authority), Some(host)) if !same(authority.as_str(), host, uri) => {
            Err(bad("Host and the request's target disagree.\n"))
        }
        // HTTP/1.1 wants the header even where the target has the host in it.
        (Some(_), None) if version == Version::HTTP_11 => Err(bad("The request has no Host.\n")),
        (None, None) if version >= Version::HTTP_11 => Err(bad("The request has no Host.\n")),
        _ => Ok(()),
    }
}

/// `host [":" port]` by the letters of RFC 3986 §3.2.2; empty is allowed.
fn check_form(host: &[u8]) -> Result<(), Refusal> {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=:[]".contains(byte);
    if host.iter().all(fits) { Ok(()) } else { Err(bad("Host is not a host.\n")) }
}

fn same(authority: &str, host: &HeaderValue, uri: &Uri) -> bool {
    let default = if uri.scheme_str() == Some("https") { ":443" } else { ":80" };
    let plain = |text: &str| text.strip_suffix(default).unwrap_or(text).to_ascii_lowercase();
    // Nearly always they are the same to the letter.
    host.as_bytes() == authority.as_bytes() || host.to_str().is_ok_and(|host| plain(host) == plain(authority))
}

/// hyper takes any list of codings that ends with `chunked`, but decodes only that one.
fn check_coding(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(one), None) if one.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(bad("The only Transfer-Encoding taken is a single `chunked`.\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(version: Version, target: &str, headers: &[(&'static str, &str)]) -> u16 {
        let mut request = Request::builder().version(version).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let refusal = check(&request.body(()).unwrap(), &Limits::default());
        refusal.map_or_else(|refusal| refusal.status.as_u16(), |()| 200)
    }

    #[test]
    fn a_target_and_a_host_that_mean_the_same_agree() {
        let agree = [
            ("http://a.example/", "a.example"),
            ("http://A.example:80/", "a.example"),
            ("http://a.example/", "a.EXAMPLE:80"),
            ("https://a.example/", "a.example:443"),
            ("http://[::1]:3000/", "[::1]:3000"),
            ("/", ""),
        ];
        for (target, host) in agree {
            assert_eq!(status(Version::HTTP_11, target, &[("host", host)]), 200, "{target} {host}");
        }
        let disagree = [
            ("http://a.example/", "b.example"),
            ("http://a.example/", "a.example:8080"),
            ("https://a.example/", "a.example:80"),
            ("http://a.example/", ""),
            ("http://user@a.example/", "user@a.example"),
        ];
        for (target, host) in disagree {
            assert_eq!(status(Version::HTTP_11, target, &[("host", host)]), 400, "{target} {host}");
        }
    }

    #[test]
    fn only_http_1_0_may_go_without_a_host() {
        assert_eq!(status(Version::HTTP_10, "/", &[]), 200);
        assert_eq!(status(Version::HTTP_11, "/", &[]), 400);
        assert_eq!(status(Version::HTTP_2, "/", &[]), 400);
        assert_eq!(status(Version::HTTP_2, "http://a.example/", &[]), 200);
    }

    #[test]
    fn a_host_has_only_letters_of_a_host() {
        for host in ["a/b", "a@b", "a b", "a,b", "a?b", "a\tb", "a\\b"] {
            assert_eq!(status(Version::HTTP_11, "/", &[("host", host)]), 400, "{host}");
        }
    }

    #[test]
    fn a_coding_other_than_chunked_is_refused() {
        let host = ("host", "a");
        assert_eq!(status(Version::HTTP_11, "/", &[host, ("transfer-encoding", "Chunked")]), 200);
        for coding in ["gzip, chunked", "identity, chunked", "chunked, chunked", "xchunked"] {
            assert_eq!(status(Version::HTTP_11, "/", &[host, ("transfer-encoding", coding)]), 400, "{coding}");
        }
    }
}
