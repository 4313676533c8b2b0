//! How serving ends.

use std::sync::atomic::Ordering;
use std::time::Duration;

use holm_serve::front::{Drained, Limits};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::http2;
use super::server::{PATIENCE, serve, until};
use super::wire::{connect, get, rest, status};

#[tokio::test]
async fn a_server_without_connections_ends_at_once() {
    let server = serve(Limits { drain: PATIENCE * 10, ..Limits::default() });
    assert_eq!(server.drained().await, Drained { finished: 0, cut: 0 });
}

#[tokio::test]
async fn idle_and_fresh_connections_are_closed_at_once() {
    let server = serve(Limits { drain: PATIENCE * 10, header_read: PATIENCE * 10, ..Limits::default() });
    let mut idle = connect(server.address()).await;
    assert_eq!(get(&mut idle, "/").await, "hello");
    let mut fresh = connect(server.address()).await;
    until("both are open", || server.counters.open.load(Ordering::SeqCst) == 2).await;
    assert_eq!(server.drained().await, Drained { finished: 2, cut: 0 });
    assert_eq!(rest(&mut idle).await, "");
    assert_eq!(rest(&mut fresh).await, "");
}

#[tokio::test]
async fn a_request_under_way_is_answered_and_the_connection_closed_after_it() {
    let mut server = serve(Limits { drain: PATIENCE * 10, ..Limits::default() });
    let address = server.address();
    let mut stream = connect(address).await;
    stream.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    until("it has come", || server.seen.waiting.load(Ordering::SeqCst) == 1).await;
    server.stop();
    loop {
        if TcpStream::connect(address).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.seen.released.add_permits(1);
    let answer = rest(&mut stream).await;
    assert_eq!(status(&answer), 200);
    assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    assert!(answer.ends_with("released"), "{answer}");
    assert_eq!(server.drained().await, Drained { finished: 1, cut: 0 });
}

#[tokio::test]
async fn what_is_stuck_is_cut_at_the_deadline_and_counted() {
    let server = serve(Limits { drain: Duration::from_secs(2), ..Limits::default() });
    let mut stuck = connect(server.address()).await;
    stuck.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut head = connect(server.address()).await;
    head.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let mut idle = connect(server.address()).await;
    assert_eq!(get(&mut idle, "/").await, "hello");
    let (seen, counters) = (server.seen.clone(), server.counters.clone());
    until("it has come", || seen.waiting.load(Ordering::SeqCst) == 1).await;
    until("all are open", || counters.open.load(Ordering::SeqCst) == 3).await;
    assert_eq!(server.drained().await, Drained { finished: 1, cut: 2 });
    assert_eq!(rest(&mut stuck).await, "");
    until("the call is dropped", || seen.dropped.load(Ordering::SeqCst) == 1).await;
    until("none is open", || counters.open.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn http_2_finishes_its_streams_and_takes_no_more() {
    let mut server = serve(Limits { drain: PATIENCE * 10, ..Limits::default() });
    let mut client = http2::client(connect(server.address()).await).await;
    let waiting = tokio::spawn(http2::send(&mut client, "http://a/wait").await);
    until("it has come", || server.seen.waiting.load(Ordering::SeqCst) == 1).await;
    server.stop();
    let refused = async {
        while http2::get(&mut client, "http://a/").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, refused).await.expect("the client is told");
    server.seen.released.add_permits(1);
    assert_eq!(waiting.await.unwrap().unwrap(), "released");
    assert_eq!(server.drained().await, Drained { finished: 1, cut: 0 });
}
