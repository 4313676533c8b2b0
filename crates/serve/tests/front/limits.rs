//! How much there may be of anything.

use std::sync::atomic::Ordering;
use std::time::Duration;

use holm_serve::front::Limits;
use tokio::io::AsyncWriteExt;

use super::server::{serve, until};
use super::wire::{Neighbour, connect, get, responses, rest, status, talk};

fn request(target: &str, headers: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n{headers}\r\n").into_bytes()
}

#[tokio::test]
async fn requests_that_are_too_large_are_answered_so_and_not_called() {
    let server = serve(Limits::default());
    let mut neighbour = Neighbour::of(server.address()).await;
    let before = server.calls();
    let large = "x".repeat(64 << 10);
    let cases = [
        ("200 headers", request("/", &"X-A: b\r\n".repeat(200)), 431),
        ("101 headers, Host among them", request("/", &"X-A: b\r\n".repeat(100)), 431),
        ("a header of 64 KiB", request("/", &format!("X-A: {large}\r\n")), 431),
        ("a path of 64 KiB", request(&format!("/{large}"), ""), 431),
        ("a path of 17 KiB", request(&format!("/{}", &large[..17 << 10]), ""), 414),
        ("headers without end", large.repeat(20).into_bytes(), 431),
    ];
    for (what, bytes, expected) in cases {
        let answer = talk(server.address(), &bytes).await;
        assert_eq!((status(&answer), responses(&answer)), (expected, 1), "{what}: {answer}");
        neighbour.is_answered().await;
    }
    assert_eq!(server.calls(), before + 6, "only the neighbour's");
}

#[tokio::test]
async fn requests_just_within_the_limits_are_answered() {
    let server = serve(Limits::default());
    let mut stream = connect(server.address()).await;
    for bytes in [
        request("/", &"X-A: b\r\n".repeat(99)),
        request("/", &format!("X-A: {}\r\n", "x".repeat(60 << 10))),
        request(&format!("/{}", "x".repeat((16 << 10) - 1)), ""),
    ] {
        stream.write_all(&bytes).await.unwrap();
        assert_eq!(super::wire::read_response(&mut stream).await, "hello");
    }
}

#[tokio::test]
async fn other_limits_than_the_defaults_hold() {
    let limits = Limits { headers: 120, target_bytes: 100, header_bytes: 9000, ..Limits::default() };
    let server = serve(limits);
    for (bytes, expected) in [
        (request("/", &"Connection: close\r\n".repeat(119)), 200),
        (request("/", &"X-A: b\r\n".repeat(120)), 431),
        (request(&"/".repeat(101), ""), 414),
        (request("/", &format!("X-A: {}\r\n", "x".repeat(9000))), 431),
    ] {
        let answer = talk(server.address(), &bytes).await;
        assert_eq!(status(&answer), expected, "{answer}");
    }
}

#[tokio::test]
async fn a_connection_too_many_is_closed_and_there_is_room_again_after_one_ends() {
    let server = serve(Limits { connections: 2, ..Limits::default() });
    let mut first = Neighbour::of(server.address()).await;
    let mut second = Neighbour::of(server.address()).await;
    assert_eq!(rest(&mut connect(server.address()).await).await, "");
    assert_eq!(server.counters.refused.load(Ordering::SeqCst), 1);
    first.is_answered().await;
    second.is_answered().await;
    drop(first);
    until("one has ended", || server.counters.open.load(Ordering::SeqCst) == 1).await;
    Neighbour::of(server.address()).await;
    assert_eq!(server.counters.accepted.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn one_peer_cannot_have_more_than_its_connections() {
    let server = serve(Limits { connections_per_peer: Some(2), ..Limits::default() });
    let first = Neighbour::of(server.address()).await;
    let mut second = Neighbour::of(server.address()).await;
    assert_eq!(rest(&mut connect(server.address()).await).await, "");
    // All of 127.0.0.0/8 is this machine.
    let elsewhere = tokio::net::TcpSocket::new_v4().unwrap();
    elsewhere.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut elsewhere = elsewhere.connect(server.address()).await.unwrap();
    assert_eq!(get(&mut elsewhere, "/").await, "hello");
    second.is_answered().await;
    drop(first);
    until("one has ended", || server.counters.open.load(Ordering::SeqCst) == 2).await;
    Neighbour::of(server.address()).await;
    assert_eq!(server.counters.refused.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_thousand_idle_connections_keep_nobody_waiting() {
    // Both ends of each are in this process.
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let more = rustix::process::Rlimit { current: files.maximum, ..files };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, more).unwrap();
    let server = serve(Limits { header_read: Duration::from_secs(3600), ..Limits::default() });
    let mut neighbour = Neighbour::of(server.address()).await;
    let mut idle = Vec::new();
    for _ in 0..1000 {
        idle.push(connect(server.address()).await);
    }
    until("all are open", || server.counters.open.load(Ordering::SeqCst) == 1001).await;
    neighbour.is_answered().await;
    let last = idle.last_mut().unwrap();
    assert_eq!(get(last, "/").await, "hello");
    drop(idle);
    until("all have ended", || server.counters.open.load(Ordering::SeqCst) == 1).await;
    neighbour.is_answered().await;
}
