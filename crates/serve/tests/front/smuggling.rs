//! Requests that two servers could read differently. None may be read as two.

use std::sync::atomic::Ordering;

use holm_serve::front::Limits;

use super::server::serve;
use super::wire::{Neighbour, responses, status, talk};

/// Would be answered if what comes before it were a whole request.
const SECOND: &str = "GET /second HTTP/1.1\r\nHost: a\r\n\r\n";

/// Heads and bodies, without a Host line, which is put before.
const REFUSED: &[(&str, &str)] = &[
    ("differing lengths", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
    ("a list of differing lengths", "Content-Length: 5, 6\r\n\r\nhello"),
    ("a list of equal lengths", "Content-Length: 5, 5\r\n\r\nhello"),
    ("a length with a plus", "Content-Length: +5\r\n\r\nhello"),
    ("a negative length", "Content-Length: -1\r\n\r\nhello"),
    ("a hexadecimal length", "Content-Length: 0x5\r\n\r\nhello"),
    ("an empty length", "Content-Length:\r\n\r\nhello"),
    ("a length beyond 64 bits", "Content-Length: 18446744073709551621\r\n\r\nhello"),
    ("a length with a space in it", "Content-Length: 5 5\r\n\r\nhello"),
    ("a coding that is not chunked", "Transfer-Encoding: identity\r\n\r\n"),
    ("chunked and then another", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    ("another and then chunked", "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n"),
    ("chunked in two lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("a coding with a vertical tab", "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
    ("a space before the colon", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    ("a folded line", "X-A: b\r\n Content-Length: 5\r\n\r\nhello"),
    ("a folded coding", "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
    ("a line without a colon", "X-A\r\n\r\n"),
    ("a header without a name", ": b\r\n\r\n"),
    ("a NUL in a value", "X-A: b\0c\r\n\r\n"),
    ("a bare CR in a value", "X-A: b\rContent-Length: 5\r\n\r\n"),
    ("a second Host", "Host: b\r\n\r\n"),
    ("the same Host again", "Host: a\r\n\r\n"),
];

#[tokio::test]
async fn ambiguous_heads_are_refused_and_what_follows_is_not_a_request() {
    let server = serve(Limits::default());
    let mut neighbour = Neighbour::of(server.address()).await;
    for (what, rest) in REFUSED {
        let before = server.calls();
        let answer = talk(server.address(), format!("POST / HTTP/1.1\r\nHost: a\r\n{rest}{SECOND}").as_bytes()).await;
        assert_eq!((status(&answer), responses(&answer)), (400, 1), "{what}: {answer}");
        assert_eq!(server.calls(), before, "{what}");
        neighbour.is_answered().await;
    }
    assert_eq!(server.counters.malformed.load(Ordering::SeqCst), REFUSED.len() as u64);
}

#[tokio::test]
async fn hosts_that_are_missing_malformed_or_contradicted_are_refused() {
    let server = serve(Limits::default());
    let cases = [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\n\r\n",
        "GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a/ HTTP/1.0\r\nHost: b\r\n\r\n",
    ];
    for case in cases {
        let answer = talk(server.address(), format!("{case}{SECOND}").as_bytes()).await;
        assert_eq!((status(&answer), responses(&answer)), (400, 1), "{case}: {answer}");
    }
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn malformed_request_lines_are_refused() {
    let server = serve(Limits::default());
    let cases = [
        "GET / HTTP/1.1 \r\n",
        "GET  / HTTP/1.1\r\n",
        "GET /\r\n",
        "G@T / HTTP/1.1\r\n",
        "GET / HTTP/9.9\r\n",
        "GET /\0 HTTP/1.1\r\n",
        " GET / HTTP/1.1\r\n",
        "\x16\x03\x01\x02\x00\r\n",
    ];
    for case in cases {
        let answer = talk(server.address(), format!("{case}Host: a\r\n\r\n{SECOND}").as_bytes()).await;
        assert_eq!((status(&answer), responses(&answer)), (400, 1), "{case:?}: {answer}");
    }
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn a_length_beside_a_coding_ends_the_connection_after_the_chunked_body() {
    let server = serve(Limits::default());
    for lines in ["Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 4"]
    {
        let request = format!("POST /read HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n0\r\n\r\n{SECOND}");
        let answer = talk(server.address(), request.as_bytes()).await;
        assert_eq!(responses(&answer), 1, "{answer}");
        assert!(answer.ends_with("0 bytes"), "{answer}");
    }
    assert_eq!(server.calls(), 2);
}

#[tokio::test]
async fn a_coding_in_http_1_0_is_refused() {
    let server = serve(Limits::default());
    let head = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n";
    let answer = talk(server.address(), format!("{head}{SECOND}").as_bytes()).await;
    assert_eq!((status(&answer), responses(&answer)), (400, 1), "{answer}");
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn broken_chunks_end_the_body_with_an_error_and_the_connection() {
    let server = serve(Limits::default());
    let cases = [
        ("a size that is not one", "zz\r\nhello\r\n0\r\n\r\n"),
        ("a negative size", "-1\r\nhello\r\n0\r\n\r\n"),
        ("a signed size", "+5\r\nhello\r\n0\r\n\r\n"),
        ("a size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"),
        ("an empty size", "\r\nhello\r\n0\r\n\r\n"),
        ("a size beyond 64 bits", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
        ("data longer than its size", "3\r\nhello\r\n0\r\n\r\n"),
        ("a size ended by a line feed alone", "5\nhello\r\n0\r\n\r\n"),
        ("an extension with a line feed in it", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
    ];
    for (what, body) in cases {
        let head = "POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        let answer = talk(server.address(), format!("{head}{body}{SECOND}").as_bytes()).await;
        assert_eq!((status(&answer), responses(&answer)), (408, 1), "{what}: {answer}");
        assert!(answer.contains("the request's body cannot be read"), "{what}: {answer}");
    }
    assert_eq!(server.calls(), cases.len());
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_not_a_request() {
    let server = serve(Limits::default());
    let body = SECOND.repeat(2000);
    let request = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len() + 10_000_000);
    let answer = talk(server.address(), request.as_bytes()).await;
    assert_eq!((status(&answer), responses(&answer)), (200, 1), "{answer}");
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn no_tunnel_is_opened() {
    let server = serve(Limits::default());
    let answer =
        talk(server.address(), format!("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n{SECOND}").as_bytes()).await;
    assert_eq!((status(&answer), responses(&answer)), (501, 1), "{answer}");
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn well_formed_requests_in_one_packet_are_all_answered() {
    let server = serve(Limits::default());
    let requests = "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\
        POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Trailer: a\r\n\r\n\
        GET http://a/ HTTP/1.1\r\nHost: A:80\r\nConnection: close\r\n\r\n";
    let answer = talk(server.address(), requests.as_bytes()).await;
    assert_eq!((responses(&answer), answer.matches("5 bytes").count()), (3, 2), "{answer}");
}
