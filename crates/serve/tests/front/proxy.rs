//! Connections that come through a proxy.

use std::sync::atomic::Ordering;
use std::time::Duration;

use holm_serve::front::Limits;
use tokio::io::AsyncWriteExt;

use super::server::{Server, at, serve, serve_at};
use super::wire::{connect, get, read_response, rest, status, talk};

const V1: &[u8] = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n";
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xc0\0\x02\x01\x12\x67\0\x50";
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

fn behind_a_proxy(limits: Limits) -> Server {
    let mut spec = at("127.0.0.1:0");
    spec.proxy_protocol = true;
    serve_at(&spec, limits)
}

#[tokio::test]
async fn the_peer_is_the_one_in_the_header() {
    let server = behind_a_proxy(Limits::default());
    for header in [V1, V2] {
        let mut stream = connect(server.address()).await;
        stream.write_all(header).await.unwrap();
        for _ in 0..2 {
            let who = get(&mut stream, "/who").await;
            assert!(who.starts_with("192.0.2.7:4711 "), "{who}");
        }
    }
}

#[tokio::test]
async fn the_proxys_own_connections_keep_their_address() {
    let server = behind_a_proxy(Limits::default());
    for header in [LOCAL, b"PROXY UNKNOWN\r\n"] {
        let mut stream = connect(server.address()).await;
        stream.write_all(header).await.unwrap();
        let who = get(&mut stream, "/who").await;
        assert!(who.starts_with(&stream.local_addr().unwrap().to_string()), "{who}");
    }
}

#[tokio::test]
async fn a_header_may_come_in_pieces_or_together_with_a_request() {
    let server = behind_a_proxy(Limits::default());
    for header in [V1, V2] {
        let bytes = [header, b"GET /who HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
        let mut whole = connect(server.address()).await;
        whole.write_all(&bytes).await.unwrap();
        assert!(read_response(&mut whole).await.starts_with("192.0.2.7:4711 "));
        let mut pieces = connect(server.address()).await;
        pieces.set_nodelay(true).unwrap();
        for byte in bytes {
            pieces.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        assert!(read_response(&mut pieces).await.starts_with("192.0.2.7:4711 "));
    }
}

#[tokio::test]
async fn connections_without_a_valid_header_are_closed_without_an_answer() {
    let server = behind_a_proxy(Limits::default());
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice();
    let cases: [&[u8]; 6] = [
        b"",
        b"PROXY TCP4 192.0.2.7\r\n",
        b"PROXY TCP4 a b c d\r\n",
        b"PROXY TCP4 ",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff",
        b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c",
    ];
    for case in cases {
        assert_eq!(talk(server.address(), &[case, request, &[b'x'; 200]].concat()).await, "", "{case:?}");
    }
    assert_eq!(server.counters.proxy_failures.load(Ordering::SeqCst), 6);
    assert_eq!(server.calls(), 0);
    let mut neighbour = connect(server.address()).await;
    neighbour.write_all(V1).await.unwrap();
    assert_eq!(get(&mut neighbour, "/").await, "hello");
}

#[tokio::test]
async fn a_header_that_does_not_come_is_not_waited_for() {
    let server = behind_a_proxy(Limits { handshake: Duration::from_millis(200), ..Limits::default() });
    for beginning in [&b""[..], b"PROXY TCP4", &V2[..20]] {
        let mut stream = connect(server.address()).await;
        stream.write_all(beginning).await.unwrap();
        assert_eq!(rest(&mut stream).await, "");
    }
    assert_eq!(server.counters.proxy_failures.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn addresses_in_headers_count_for_the_limit_per_peer() {
    let server = behind_a_proxy(Limits { connections_per_peer: Some(1), ..Limits::default() });
    let mut first = connect(server.address()).await;
    first.write_all(V1).await.unwrap();
    assert_eq!(get(&mut first, "/").await, "hello");
    let mut second = connect(server.address()).await;
    second.write_all(V2).await.unwrap();
    assert_eq!(rest(&mut second).await, "");
    let mut third = connect(server.address()).await;
    third.write_all(b"PROXY TCP4 192.0.2.8 192.0.2.1 4711 80\r\n").await.unwrap();
    assert_eq!(get(&mut third, "/").await, "hello");
}

#[tokio::test]
async fn a_listener_that_is_not_behind_a_proxy_believes_no_header() {
    let server = serve(Limits::default());
    let answer = talk(server.address(), &[V1, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"].concat()).await;
    assert_eq!(status(&answer), 400);
    assert_eq!(server.calls(), 0);
}
