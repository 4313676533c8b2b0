//! The headers that Spin adds to a request.

use std::fmt::{Display, Write as _};
use std::net::SocketAddr;

use bytes::BytesMut;
use http::{HeaderName, HeaderValue, Request};

use super::matched::{Matched, NAMED};

const FULL_URL: HeaderName = HeaderName::from_static("spin-full-url");
const PATH_INFO: HeaderName = HeaderName::from_static("spin-path-info");
const MATCHED_ROUTE: HeaderName = HeaderName::from_static("spin-matched-route");
const COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-component-route");
const RAW_COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-raw-component-route");
const BASE_PATH: HeaderName = HeaderName::from_static("spin-base-path");
const CLIENT_ADDR: HeaderName = HeaderName::from_static("spin-client-addr");

/// Tells the guest by which route a request came, of whose path `prefix` bytes are what stands for the route, and from whom.
/// What the client sent under these names is replaced. The request's URI is absolute.
pub(crate) fn tell<B>(request: &mut Request<B>, matched: &Matched, prefix: usize, peer: Option<SocketAddr>) {
    let uri = request.uri().clone();
    let url = written(&uri);
    let info = path_info(uri.path(), matched, prefix);
    // A client may have called itself by a name that another route of the guest has.
    let sent = request.headers().keys().filter(|name| name.as_str().starts_with(NAMED));
    let sent: Vec<HeaderName> = sent.cloned().collect();
    let headers = request.headers_mut();
    for name in sent {
        headers.remove(name);
    }
    // As Spin has it for those that come from within.
    let nobody = HeaderValue::from_static("0.0.0.0:0");
    let client = peer.and_then(|peer| written(&SocketAddr::new(peer.ip().to_canonical(), peer.port())));
    for (name, value) in [
        (FULL_URL, url),
        (PATH_INFO, info),
        (MATCHED_ROUTE, Some(matched.matched.clone())),
        (COMPONENT_ROUTE, Some(matched.component.clone())),
        (RAW_COMPONENT_ROUTE, Some(matched.raw.clone())),
        (BASE_PATH, Some(matched.base.clone())),
        (CLIENT_ADDR, Some(client.unwrap_or(nobody))),
    ] {
        // A URL may hold what a header cannot.
        headers.insert(name, value.unwrap_or(HeaderValue::from_static("")));
    }
    matched.named(uri.path(), |name, text| {
        let value = HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
        headers.insert(name, value);
    });
}

/// What follows the route in the path: nothing, or it begins with a slash. Of slashes at the end one is left.
fn path_info(path: &str, matched: &Matched, prefix: usize) -> Option<HeaderValue> {
    let rest = if matched.exact { "" } else { path.get(prefix..).unwrap_or("") };
    let trimmed = rest.trim_end_matches('/');
    let end = if trimmed.len() == rest.len() { trimmed.len() } else { trimmed.len() + 1 };
    HeaderValue::from_str(&rest[..end]).ok()
}

fn written(value: &impl Display) -> Option<HeaderValue> {
    let mut text = BytesMut::with_capacity(64);
    write!(text, "{value}").ok()?;
    HeaderValue::from_maybe_shared(text.freeze()).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use holm_manifest::Route;
    use holm_router::Router;

    use super::*;

    /// What a guest with this route is told of a request.
    fn told(route: (&str, &str), uri: &str, sent: &[(&str, &str)]) -> BTreeMap<String, String> {
        let route = Route::spin(route.0, route.1).unwrap();
        let mut request = sent.iter().fold(Request::get(uri), |request, (name, value)| request.header(*name, *value));
        let mut request = std::mem::take(&mut request).body(()).unwrap();
        let router = Router::build([(route.clone(), ())]).unwrap();
        let prefix = router.find("", request.uri().path()).unwrap().1.len();
        tell(&mut request, &Matched::of(&route).unwrap(), prefix, Some("[::ffff:127.0.0.1]:8777".parse().unwrap()));
        let text = |value: &HeaderValue| String::from_utf8(value.as_bytes().to_vec()).unwrap();
        let headers = request.headers().iter();
        headers.map(|(name, value)| (name.as_str().replace("spin-", ""), text(value))).collect()
    }

    #[test]
    fn a_guest_is_told_what_spin_tells_it() {
        let told = told(("/", "/foo/:user_id/..."), "https://fermyon.dev/foo/42/bar?key1=value1&key2=value2", &[]);
        let expected = [
            ("base-path", "/"),
            ("client-addr", "127.0.0.1:8777"),
            ("component-route", "/foo/:user_id"),
            ("full-url", "https://fermyon.dev/foo/42/bar?key1=value1&key2=value2"),
            ("matched-route", "/foo/:user_id/..."),
            ("path-info", "/bar"),
            ("path-match-user-id", "42"),
            ("raw-component-route", "/foo/:user_id/..."),
        ];
        assert_eq!(told, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn the_path_is_parted_as_spin_parts_it() {
        for (route, path, info, matched, component) in [
            (("/", "/..."), "/", "/", "/...", ""),
            (("/", "/..."), "/a/b%20c/", "/a/b%20c/", "/...", ""),
            (("/", "/"), "/", "", "", "/"),
            (("/", "/test/..."), "/test", "", "/test/...", "/test"),
            (("/", "/test/..."), "/test/", "/", "/test/...", "/test"),
            (("/", "/test/..."), "/test//", "/", "/test/...", "/test"),
            (("/", "/test/..."), "//test/hello", "/hello", "/test/...", "/test"),
            (("/", "/test/..."), "/test/hello/", "/hello/", "/test/...", "/test"),
            (("/", "/hello"), "/hello/", "", "/hello", "/hello"),
            (("/", "hello"), "/hello", "", "/hello", "hello"),
            (("/", "/hello/"), "/hello", "", "/hello", "/hello/"),
            (("/shop", "/hello/..."), "/shop/hello/x", "/x", "/shop/hello/...", "/hello"),
        ] {
            let told = told(route, &format!("http://a{path}"), &[]);
            let parted = (told["path-info"].as_str(), told["matched-route"].as_str(), told["component-route"].as_str());
            assert_eq!(parted, (info, matched, component), "{route:?} {path}");
            assert_eq!(told["raw-component-route"], route.1);
        }
    }

    #[test]
    fn names_of_segments_are_headers_and_nobody_else_can_send_them() {
        let sent = [
            ("spin-path-match-id", "forged"),
            ("spin-path-match-other", "forged"),
            ("spin-client-addr", "forged"),
            ("spin-path-info", "forged"),
            ("spin-own", "kept"),
        ];
        let told = told(("/", "/:ID/:name.:kind"), "http://a/%37/a.b.c", &sent);
        assert_eq!(told["path-match-id"], "%37");
        assert_eq!((told["path-match-name"].as_str(), told["path-match-kind"].as_str()), ("a", "b.c"));
        assert_eq!((told.get("path-match-other"), told["own"].as_str()), (None, "kept"));
        assert!(told.values().all(|value| value != "forged"), "{told:?}");
    }

    #[test]
    fn a_guest_that_another_one_calls_sees_the_whole_path() {
        let mut request = Request::get("http://back.spin.internal/a/b?c").body(()).unwrap();
        tell(&mut request, Matched::called(), 0, None);
        let told = |name: &str| request.headers()[name].to_str().unwrap();
        assert_eq!((told("spin-path-info"), told("spin-matched-route")), ("/a/b", "/..."));
        assert_eq!((told("spin-component-route"), told("spin-client-addr")), ("", "0.0.0.0:0"));
    }
}
