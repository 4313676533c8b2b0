//! HTTP/2, and what clients can do with it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use holm_serve::front::{Http2Limits, Limits};
use http::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::server::{PATIENCE, Server, serve, until};
use super::wire::{Neighbour, connect, rest};

type Client = SendRequest<Bytes>;

/// A client, whose connection goes on in the background.
pub(crate) async fn client(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Client {
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Sends a request; its response's body is what the future gives.
pub(crate) async fn send(
    client: &mut Client,
    uri: &str,
) -> impl Future<Output = Result<String, h2::Error>> + Send + 'static + use<> {
    let sent = match std::future::poll_fn(|cx| client.poll_ready(cx)).await {
        Ok(()) => client.send_request(Request::get(uri).body(()).unwrap(), true),
        Err(error) => Err(error),
    };
    async move { body(sent?.0.await?).await }
}

pub(crate) async fn get(client: &mut Client, uri: &str) -> Result<String, h2::Error> {
    timeout(PATIENCE, send(client, uri).await).await.expect("an answer")
}

async fn body(response: Response<h2::RecvStream>) -> Result<String, h2::Error> {
    let (mut stream, mut body) = (response.into_body(), Vec::new());
    while let Some(data) = stream.data().await {
        let data = data?;
        stream.flow_control().release_capacity(data.len())?;
        body.extend_from_slice(&data);
    }
    Ok(String::from_utf8(body).unwrap())
}

async fn status(client: &mut Client, request: Request<()>) -> Result<u16, h2::Error> {
    let mut client = client.clone().ready().await?;
    let (response, _) = client.send_request(request, true)?;
    Ok(timeout(PATIENCE, response).await.expect("an answer")?.status().as_u16())
}

async fn plain(server: &Server) -> Client {
    client(connect(server.address()).await).await
}

#[tokio::test]
async fn it_is_spoken_on_a_plain_port_by_those_who_know() {
    let server = serve(Limits::default());
    let mut client = plain(&server).await;
    let who = get(&mut client, "http://a/who").await.unwrap();
    assert!(who.ends_with(" Http2 HTTP/2.0 http -"), "{who}");
    assert_eq!(get(&mut client, "http://a/big").await.unwrap().len(), 64 << 20);
    Neighbour::of(server.address()).await;
}

#[tokio::test]
async fn hosts_that_are_missing_or_contradicted_are_refused() {
    let server = serve(Limits::default());
    let mut client = plain(&server).await;
    let request = |hosts: &[&str]| {
        let mut request = Request::get("http://a/");
        for host in hosts {
            request = request.header("host", *host);
        }
        request.body(()).unwrap()
    };
    assert_eq!(status(&mut client, request(&[])).await.unwrap(), 200);
    assert_eq!(status(&mut client, request(&["a"])).await.unwrap(), 200);
    assert_eq!(status(&mut client, request(&["b"])).await.unwrap(), 400);
    assert_eq!(status(&mut client, request(&["a", "a"])).await.unwrap(), 400);
    assert_eq!(status(&mut client, Request::connect("a:80").body(()).unwrap()).await.unwrap(), 501);
    // A refusal is one request's, not the connection's.
    assert_eq!(status(&mut client, request(&[])).await.unwrap(), 200);
}

#[tokio::test]
async fn requests_that_are_too_large_are_answered_so() {
    let server = serve(Limits::default());
    let mut client = plain(&server).await;
    let mut many = Request::get("http://a/");
    for number in 0..200 {
        many = many.header(format!("x-{number}"), "b");
    }
    assert_eq!(status(&mut client, many.body(()).unwrap()).await.unwrap(), 431);
    let long = format!("http://a/{}", "x".repeat(17 << 10));
    assert_eq!(status(&mut client, Request::get(long).body(()).unwrap()).await.unwrap(), 414);
    let large = Request::get("http://a/").header("x-a", "b".repeat(70 << 10)).body(()).unwrap();
    // The client knows the server's limit and may refuse by itself; either way nothing is called.
    assert!(matches!(status(&mut client, large).await, Ok(431) | Err(_)));
    assert_eq!(server.calls(), 0);
    assert_eq!(get(&mut client, "http://a/").await.unwrap(), "hello");
}

#[tokio::test]
async fn more_streams_than_allowed_wait_for_their_turn() {
    let server = serve(Limits { http2: Http2Limits { streams: 3, ..Http2Limits::default() }, ..Limits::default() });
    let mut client = plain(&server).await;
    assert_eq!(get(&mut client, "http://a/").await.unwrap(), "hello");
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.push(tokio::spawn(send(&mut client, "http://a/wait").await));
    }
    until("three have come", || server.seen.waiting.load(Ordering::SeqCst) == 3).await;
    let last = tokio::spawn({
        let mut client = client.clone();
        async move { get(&mut client, "http://a/").await }
    });
    server.seen.released.add_permits(3);
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap().unwrap(), "released");
    }
    assert_eq!(last.await.unwrap().unwrap(), "hello");
}

#[tokio::test]
async fn requests_that_are_reset_again_and_again_end_the_connection() {
    let server = serve(Limits::default());
    let mut neighbour = Neighbour::of(server.address()).await;
    let mut attacker = plain(&server).await;
    let attack = async {
        loop {
            let Ok(mut ready) = attacker.clone().ready().await else { break };
            let request = Request::get("http://a/wait").body(()).unwrap();
            let Ok((response, mut stream)) = ready.send_request(request, false) else { break };
            // Some resets go out with the request, some when the service has it.
            tokio::task::yield_now().await;
            stream.send_reset(h2::Reason::CANCEL);
            drop(response);
            attacker = ready;
        }
    };
    timeout(PATIENCE, attack).await.expect("the connection ends");
    neighbour.is_answered().await;
    until("no call is left", || {
        server.seen.dropped.load(Ordering::SeqCst) == server.seen.waiting.load(Ordering::SeqCst)
    })
    .await;
}

#[tokio::test]
async fn requests_given_up_after_they_came_are_counted_and_answered_ones_make_up_for_them() {
    let limits = Limits { http2: Http2Limits { cancelled: 10, ..Http2Limits::default() }, ..Limits::default() };
    let server = serve(limits);
    let mut client = plain(&server).await;
    let give_up = async |client: &mut Client| {
        let before = server.seen.waiting.load(Ordering::SeqCst);
        let (response, _stream) = client.send_request(Request::get("http://a/wait").body(()).unwrap(), true).unwrap();
        until("it has come", || server.seen.waiting.load(Ordering::SeqCst) == before + 1).await;
        drop((response, _stream));
        until("it is dropped", || server.seen.dropped.load(Ordering::SeqCst) == before + 1).await;
    };
    for _ in 0..20 {
        give_up(&mut client).await;
        assert_eq!(get(&mut client, "http://a/").await.unwrap(), "hello");
    }
    assert_eq!(server.counters.floods.load(Ordering::SeqCst), 0);
    for _ in 0..11 {
        give_up(&mut client).await;
    }
    until("the connection ends", || server.counters.open.load(Ordering::SeqCst) == 0).await;
    assert_eq!(server.counters.floods.load(Ordering::SeqCst), 1);
    assert!(get(&mut client, "http://a/").await.is_err());
}

/// A frame's bytes (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
const END_STREAM: u8 = 1;
/// `:method: GET`, `:scheme: http`, `:path: /` from the static table, `:authority: a` written out.
const HEAD: &[u8] = b"\x82\x86\x84\x41\x01a";

async fn preface(server: &Server) -> TcpStream {
    let mut stream = connect(server.address()).await;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
    stream
}

#[tokio::test]
async fn continuations_without_end_end_the_connection() {
    let server = serve(Limits::default());
    let mut neighbour = Neighbour::of(server.address()).await;
    // Headers in them, nothing in them, and one header that never ends.
    for piece in [b"\0\x01a\x01b".repeat(1000), Vec::new(), vec![b'x'; 16 << 10]] {
        let mut attacker = preface(&server).await;
        let first = if piece.first() == Some(&b'x') { b"\0\x7f\xff\xff\xff\x7f" } else { HEAD };
        attacker.write_all(&frame(HEADERS, END_STREAM, 1, first)).await.unwrap();
        let flood = frame(CONTINUATION, 0, 1, &piece);
        let attack = async { while attacker.write_all(&flood).await.is_ok() {} };
        timeout(PATIENCE, attack).await.expect("the connection ends");
        neighbour.is_answered().await;
    }
    assert_eq!(server.counters.open.load(Ordering::SeqCst), 1);
    assert_eq!(server.calls(), 4);
}

#[tokio::test]
async fn a_small_block_that_unpacks_to_a_large_one_is_not_unpacked() {
    let server = serve(Limits::default());
    let mut neighbour = Neighbour::of(server.address()).await;
    let mut attacker = preface(&server).await;
    // Puts `a: 4000 bytes` into the table, then asks for it (entry 62, after the static 61) four thousand times.
    let entry = [b"\x40\x01a\x7f\xa1\x1e".as_slice(), &[b'b'; 4000]].concat();
    let bomb = [HEAD, &entry, &[0xbe; 4000]].concat();
    attacker.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &bomb)).await.unwrap();
    let answer = rest(&mut attacker).await;
    assert!(answer.contains("header_list_way_too_large"), "{answer}");
    neighbour.is_answered().await;
    assert_eq!(server.calls(), 2, "only the neighbour's");
}

#[tokio::test]
async fn a_header_block_that_does_not_end_is_not_waited_for() {
    let server = serve(Limits { idle: Duration::from_millis(500), ..Limits::default() });
    let mut stream = preface(&server).await;
    stream.write_all(&frame(HEADERS, END_STREAM, 1, HEAD)).await.unwrap();
    rest(&mut stream).await;
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn a_stream_whose_window_stays_closed_is_reset_and_the_others_go_on() {
    let server = serve(Limits { write_stall: Duration::from_millis(500), ..Limits::default() });
    // Room for more than one stream's window.
    let mut builder = h2::client::Builder::new();
    let (mut client, connection) =
        builder.initial_connection_window_size(1 << 20).handshake(connect(server.address()).await).await.unwrap();
    tokio::spawn(connection);
    for path in ["/big", "/endless"] {
        let before = server.counters.timeouts.load(Ordering::SeqCst);
        let request = Request::get(format!("http://a{path}")).body(()).unwrap();
        let (response, _) = client.send_request(request, true).unwrap();
        let mut body = timeout(PATIENCE, response).await.unwrap().unwrap().into_body();
        until("it is given up", || server.counters.timeouts.load(Ordering::SeqCst) == before + 1).await;
        assert_eq!(get(&mut client, "http://a/").await.unwrap(), "hello");
        // What was on its way, and then the reset.
        let end = async {
            loop {
                match body.data().await {
                    Some(Ok(_)) => {}
                    other => break other,
                }
            }
        };
        let end = timeout(PATIENCE, end).await.unwrap();
        assert!(matches!(&end, Some(Err(error)) if error.is_reset()), "{end:?}");
    }
}

#[tokio::test]
async fn a_body_that_stalls_ends_its_request_alone() {
    let server = serve(Limits { body_stall: Duration::from_millis(200), ..Limits::default() });
    let mut client = plain(&server).await;
    let request = Request::post("http://a/read").body(()).unwrap();
    let (response, mut stream) = client.send_request(request, false).unwrap();
    stream.send_data(Bytes::from_static(b"hello"), false).unwrap();
    assert_eq!(timeout(PATIENCE, response).await.unwrap().unwrap().status(), 408);
    assert_eq!(get(&mut client, "http://a/").await.unwrap(), "hello");
}

#[tokio::test]
async fn an_idle_connection_says_goodbye_and_ends() {
    let server = serve(Limits { idle: Duration::from_millis(500), ..Limits::default() });
    let mut client = plain(&server).await;
    assert_eq!(get(&mut client, "http://a/").await.unwrap(), "hello");
    until("it ends", || server.counters.open.load(Ordering::SeqCst) == 0).await;
    assert!(get(&mut client, "http://a/").await.is_err());
    assert_eq!(server.counters.timeouts.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_idle_client_that_does_not_listen_is_left() {
    let limits = Limits { idle: Duration::from_millis(100), linger: Duration::from_millis(100), ..Limits::default() };
    let server = serve(limits);
    let mut stream = preface(&server).await;
    rest(&mut stream).await;
    until("it ends", || server.counters.open.load(Ordering::SeqCst) == 0).await;
}
