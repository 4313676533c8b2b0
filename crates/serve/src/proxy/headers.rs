//! What becomes of headers on their way through.

use std::net::SocketAddr;

use holm_services::http_client::drop_hop_by_hop;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::uri::Authority;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Whether the client asks to go on with another protocol on this connection. HTTP/2 without TLS is none that it needs.
pub(super) fn is_upgrade(headers: &HeaderMap) -> bool {
    let asks = tokens(headers, &header::CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade"));
    asks && tokens(headers, &header::UPGRADE).any(|protocol| !protocol.eq_ignore_ascii_case("h2c"))
}

fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|token| !token.is_empty())
}

/// Which host the client asked for.
pub(super) fn authority(head: &Parts) -> Option<Authority> {
    let named = || Authority::try_from(head.headers.get(header::HOST)?.as_bytes()).ok();
    head.uri.authority().cloned().or_else(named)
}

/// Makes a client's headers those of a request that this server passes on for `peer`.
pub(super) fn forward(head: &mut Parts, host: Option<&Authority>, peer: Option<SocketAddr>) {
    let proto = if head.uri.scheme_str() == Some("https") { "https" } else { "http" };
    let headers = &mut head.headers;
    // First, or a client could have those below removed by naming them in `Connection`.
    drop_hop_by_hop(headers);
    // It was told to go on, by whoever reads the body.
    headers.remove(header::EXPECT);
    join_cookies(headers);
    let host = host.and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    let said = [(PROTO, Some(HeaderValue::from_static(proto))), (HOST, host)];
    for (name, value) in said.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        // Without an address the client is a program on this machine, most likely a proxy that knows better.
        if peer.is_some() || !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
    let Some(address) = peer.map(|peer| peer.ip().to_canonical().to_string()) else { return };
    append(headers, FOR, &address);
    if headers.contains_key(header::FORWARDED) {
        // RFC 7239, section 6: an IPv6 address is quoted, in brackets.
        let node = if address.contains(':') { format!("\"[{address}]\"") } else { address.clone() };
        append(headers, header::FORWARDED, &format!("for={node};proto={proto}"));
    }
    if let Ok(address) = HeaderValue::from_str(&address) {
        headers.insert(REAL_IP, address);
    }
}

/// HTTP/2 sends cookies one by one, and HTTP/1 together (RFC 9113, section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut cookies = headers.get_all(header::COOKIE).into_iter();
    if let (Some(first), Some(second)) = (cookies.next(), cookies.next()) {
        let all: Vec<&[u8]> = [first, second].into_iter().chain(cookies).map(HeaderValue::as_bytes).collect();
        if let Ok(all) = HeaderValue::from_bytes(&all.join(b"; ".as_slice())) {
            headers.insert(header::COOKIE, all);
        }
    }
}

/// Adds an element to a list, which is one header then.
fn append(headers: &mut HeaderMap, name: HeaderName, element: &str) {
    let mut list = Vec::new();
    for value in headers.get_all(&name) {
        list.extend_from_slice(value.as_bytes());
        list.extend_from_slice(b", ");
    }
    list.extend_from_slice(element.as_bytes());
    if let Ok(list) = HeaderValue::from_bytes(&list) {
        headers.insert(name, list);
    }
}

/// Makes an upstream's headers those of this server's response.
pub(super) fn back(headers: &mut HeaderMap) {
    drop_hop_by_hop(headers);
    headers.remove(header::PROXY_AUTHENTICATE);
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn forwarded(uri: &str, sent: &[(&'static str, &str)], peer: Option<&str>) -> HeaderMap {
        let mut request = Request::get(uri);
        for (name, value) in sent {
            request = request.header(*name, *value);
        }
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        let host = authority(&head);
        forward(&mut head, host.as_ref(), peer.map(|peer| peer.parse().unwrap()));
        head.headers
    }

    #[test]
    fn the_upstream_learns_who_asked_and_how() {
        let headers = forwarded("https://shop.example/", &[], Some("192.0.2.7:4711"));
        let said = [FOR, PROTO, HOST, REAL_IP].map(|name| headers[name].to_str().unwrap().to_owned());
        assert_eq!(said, ["192.0.2.7", "https", "shop.example", "192.0.2.7"]);
        assert!(!headers.contains_key(header::FORWARDED));
        assert_eq!(forwarded("http://a/", &[], Some("[::ffff:10.0.0.1]:1"))[FOR], "10.0.0.1");
    }

    #[test]
    fn what_a_client_claims_stands_before_what_is_known_or_is_replaced() {
        let claims = [
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-for", "10.0.0.2, 10.0.0.3"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "bank.example"),
            ("x-real-ip", "10.0.0.1"),
            ("forwarded", "for=10.0.0.1"),
        ];
        let headers = forwarded("http://shop.example/", &claims, Some("[2001:db8::1]:4711"));
        assert_eq!(headers[FOR], "10.0.0.1, 10.0.0.2, 10.0.0.3, 2001:db8::1");
        assert_eq!(headers.get_all(FOR).iter().count(), 1);
        assert_eq!((&headers[PROTO], &headers[HOST]), (&"http".parse().unwrap(), &"shop.example".parse().unwrap()));
        assert_eq!(headers[REAL_IP], "2001:db8::1");
        assert_eq!(headers[header::FORWARDED], "for=10.0.0.1, for=\"[2001:db8::1]\";proto=http");
        // A proxy that asks over a socket of this machine.
        let headers = forwarded("http://shop.example/", &claims, None);
        assert_eq!((&headers[PROTO], &headers[REAL_IP]), (&"https".parse().unwrap(), &"10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn a_client_cannot_have_what_is_known_of_it_removed() {
        let sent = [
            ("connection", "close, x-forwarded-for, X-Real-IP, x-own"),
            ("x-own", "1"),
            ("x-kept", "1"),
            ("te", "gzip"),
            ("expect", "100-continue"),
            ("keep-alive", "timeout=5"),
        ];
        let headers = forwarded("http://a.example/", &sent, Some("192.0.2.7:1"));
        assert_eq!((&headers[FOR], &headers[REAL_IP]), (&"192.0.2.7".parse().unwrap(), &"192.0.2.7".parse().unwrap()));
        let gone = ["connection", "x-own", "te", "expect", "keep-alive"];
        assert!(gone.iter().all(|name| !headers.contains_key(*name)) && headers.contains_key("x-kept"), "{headers:?}");
    }

    #[test]
    fn cookies_that_came_one_by_one_are_sent_together() {
        let headers = forwarded("http://a.example/", &[("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3")], None);
        assert_eq!(headers.get_all(header::COOKIE).iter().collect::<Vec<_>>(), ["a=1; b=2; c=3"]);
        assert_eq!(forwarded("http://a.example/", &[("cookie", "a=1")], None)[header::COOKIE], "a=1");
    }

    #[test]
    fn an_upgrade_is_one_only_if_the_connection_says_so() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
        };
        assert!(is_upgrade(&headers(&[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")])));
        assert!(!is_upgrade(&headers(&[("upgrade", "websocket")])));
        assert!(!is_upgrade(&headers(&[("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c")])));
        assert!(!is_upgrade(&headers(&[("connection", "upgrade")])));
    }
}
