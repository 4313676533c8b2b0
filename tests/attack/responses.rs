//! Guests that answer what no response may say.

use crate::attack::{P2, answers};
use crate::http2::try_exchange;
use crate::server::{Server, manifest, serve_all};

fn both() -> Server {
    serve_all(&[
        manifest("bad", P2, "routes = [\"bad.example\", \"127.0.0.1\"]"),
        manifest("good", P2, "routes = \"good.example\""),
    ])
}

/// What two requests in one packet are answered with: the first from `path` of the bad app, the second from the good one.
#[track_caller]
fn is_followed_by_its_own(server: &Server, path: &str) -> crate::client::Response {
    let mut client = server.client();
    let good = "GET /counter HTTP/1.1\r\nhost: good.example\r\n\r\n";
    client.send(format!("GET {path} HTTP/1.1\r\nhost: bad.example\r\n\r\n{good}"));
    let (first, second) = (client.response(), client.response());
    // Where the first broke off, the connection has to end.
    let nothing = second.head.status == 0;
    assert!(nothing || second.said() == (200, "1\n"), "{path}: {first:?}, and then what is no response: {second:?}");
    assert!(first.whole || nothing, "{path}: {first:?}, and then {second:?}");
    answers(server);
    first
}

#[test]
fn a_length_that_is_none_or_not_the_bodys_spoils_no_other_response() {
    let server = both();
    for declared in [
        "4",
        "3",
        "5",
        "0",
        "-1",
        "+4",
        "0x4",
        "4.0",
        "4,4",
        "4,5",
        "4%205",
        "99999999999999999999",
        "18446744073709551615",
        "04",
    ] {
        let response = is_followed_by_its_own(&server, &format!("/length/{declared}"));
        let length = response.head.header("content-length").map(|length| length.parse::<u64>());
        assert!(length.is_none_or(|length| length.is_ok()), "{declared}: {response:?}");
        let fits = "four".starts_with(&response.body) || response.body.starts_with("refused, ");
        assert!(fits, "{declared}: {response:?}");
        let over_http2 = try_exchange(server.address(), &format!("/length/{declared}"), "", http::HeaderMap::new());
        let fits = |body: &str| "four".starts_with(body) || body.starts_with("refused, ");
        assert!(over_http2.as_ref().map_or(true, |response| fits(&response.body)), "{declared}: {over_http2:?}");
    }
    is_followed_by_its_own(&server, "/length-too-long");
    is_followed_by_its_own(&server, "/length-too-short");
    let refused = is_followed_by_its_own(&server, "/lengths");
    assert!(refused.said().1.lines().all(|line| line.contains(": refused, ")), "{refused:?}");
}

#[test]
fn headers_of_the_connection_and_broken_lines_are_refused() {
    let server = both();
    for path in ["/forbidden-headers", "/crlf"] {
        let response = is_followed_by_its_own(&server, path);
        assert!(response.said().1.lines().all(|line| line.contains(": refused, ")), "{response:?}");
    }
}

#[test]
fn a_status_that_ends_no_request_is_a_bad_gateway() {
    let server = both();
    for status in ["100", "101", "102", "103", "199"] {
        let response = is_followed_by_its_own(&server, &format!("/status/{status}"));
        assert_eq!(response.head.status, 502, "{response:?}");
    }
    server.logs(&["after which another one has to follow"]);
    for status in ["200", "404", "599", "600", "999"] {
        let response = is_followed_by_its_own(&server, &format!("/status/{status}"));
        assert_eq!(response.head.status.to_string(), status, "{response:?}");
    }
    for status in ["204", "304"] {
        let response = is_followed_by_its_own(&server, &format!("/status/{status}"));
        assert_eq!((response.head.status.to_string().as_str(), response.body.as_str()), (status, ""), "{response:?}");
    }
}
