//! Clients that take their time.

use std::sync::atomic::Ordering;
use std::time::Duration;

use holm_serve::front::Limits;
use tokio::io::AsyncWriteExt;

use super::server::{serve, until};
use super::wire::{Neighbour, connect, get, rest};

const SHORT: Duration = Duration::from_millis(500);

#[tokio::test]
async fn headers_that_trickle_in_end_the_connection() {
    let server = serve(Limits { header_read: SHORT, ..Limits::default() });
    let address = server.address();
    // Bytes that keep coming do not put the end off.
    let slow = tokio::spawn(async move {
        let mut stream = connect(address).await;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n").await.unwrap();
        while stream.write_all(b"X-A: b\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut neighbour = Neighbour::of(address).await;
    until("the slow client is cut off", || server.counters.timeouts.load(Ordering::SeqCst) == 1).await;
    slow.await.unwrap();
    neighbour.is_answered().await;
}

#[tokio::test]
async fn headers_of_a_later_request_have_no_more_time() {
    let server = serve(Limits { header_read: SHORT, ..Limits::default() });
    let mut stream = connect(server.address()).await;
    assert_eq!(get(&mut stream, "/").await, "hello");
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
    assert_eq!(server.counters.timeouts.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_ended() {
    let server = serve(Limits { header_read: SHORT, ..Limits::default() });
    for beginning in ["", "G", "PRI * HTTP/2.0\r\n"] {
        let mut stream = connect(server.address()).await;
        stream.write_all(beginning.as_bytes()).await.unwrap();
        assert_eq!(rest(&mut stream).await, "", "{beginning}");
    }
    assert_eq!(server.counters.timeouts.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn an_idle_connection_is_closed_without_counting_as_late() {
    let server = serve(Limits { idle: SHORT, ..Limits::default() });
    let mut stream = connect(server.address()).await;
    assert_eq!(get(&mut stream, "/").await, "hello");
    assert_eq!(rest(&mut stream).await, "");
    until("it is closed", || server.counters.open.load(Ordering::SeqCst) == 0).await;
    assert_eq!(server.counters.timeouts.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_service_may_take_longer_than_any_time_limit_of_the_connection() {
    let limits = Limits { idle: SHORT, header_read: SHORT, write_stall: SHORT, body_stall: SHORT, ..Limits::default() };
    let server = serve(limits);
    let mut stream = connect(server.address()).await;
    stream.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(SHORT * 5).await;
    server.seen.released.add_permits(1);
    assert_eq!(super::wire::read_response(&mut stream).await, "released");
}

#[tokio::test]
async fn a_body_that_stalls_is_an_error_to_who_reads_it() {
    let server = serve(Limits { body_stall: SHORT, ..Limits::default() });
    let mut neighbour = Neighbour::of(server.address()).await;
    let mut stream = connect(server.address()).await;
    stream.write_all(b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello").await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("sent nothing of its request's body for 500ms"), "{answer}");
    assert_eq!(server.counters.timeouts.load(Ordering::SeqCst), 1);
    neighbour.is_answered().await;
}

#[tokio::test]
async fn a_body_that_is_slow_but_comes_is_read_whole() {
    let server = serve(Limits { body_stall: Duration::from_secs(2), ..Limits::default() });
    let mut stream = connect(server.address()).await;
    stream.write_all(b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\n").await.unwrap();
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stream.write_all(b"x").await.unwrap();
    }
    assert_eq!(super::wire::read_response(&mut stream).await, "30 bytes");
}

#[tokio::test]
async fn a_client_that_does_not_read_its_response_is_dropped() {
    let server = serve(Limits { write_stall: SHORT, ..Limits::default() });
    let mut neighbour = Neighbour::of(server.address()).await;
    for path in ["/big", "/endless"] {
        let before = server.counters.timeouts.load(Ordering::SeqCst);
        let mut stream = connect(server.address()).await;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
        until("it is dropped", || server.counters.timeouts.load(Ordering::SeqCst) == before + 1).await;
        until("its connection ends", || server.counters.open.load(Ordering::SeqCst) == 1).await;
        neighbour.is_answered().await;
    }
}

#[tokio::test]
async fn a_client_that_reads_slowly_gets_all_of_a_response_that_was_handed_over_long_ago() {
    let limits = Limits { idle: SHORT, linger: SHORT, write_stall: Duration::from_secs(30), ..Limits::default() };
    let server = serve(limits);
    let mut stream = connect(server.address()).await;
    stream.write_all(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    // Longer than the connection could be idle, while most of the response waits in the server.
    tokio::time::sleep(SHORT * 5).await;
    assert_eq!(super::wire::read_response(&mut stream).await.len(), 64 << 20);
}
