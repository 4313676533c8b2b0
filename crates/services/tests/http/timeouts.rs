use std::time::{Duration, Instant};

use holm_services::http_client::{HttpError, Options};
use http_body_util::BodyExt;
use tokio::io::AsyncWriteExt;

use crate::server::{accept, read_head};
use crate::{ANYWHERE, client, get, text};

const SHORT: Duration = Duration::from_millis(100);

async fn hang() {
    tokio::time::sleep(Duration::from_secs(60)).await;
}

fn soon(began: Instant) -> bool {
    began.elapsed() < Duration::from_secs(5)
}

#[tokio::test]
async fn a_server_that_never_answers_times_out() {
    let server = accept(|stream| async move {
        hang().await;
        drop(stream);
    })
    .await;
    let began = Instant::now();
    let options = Options { first_byte_timeout: SHORT, ..Options::default() };
    let answer = client().send(get(server.uri()), &ANYWHERE, &options).await;
    assert!(matches!(answer, Err(HttpError::ConnectionReadTimeout)));
    assert!(soon(began));
}

#[tokio::test]
async fn a_server_that_stops_within_the_body_times_out() {
    let server = accept(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await;
        hang().await;
    })
    .await;
    let began = Instant::now();
    let options = Options { between_bytes_timeout: SHORT, ..Options::default() };
    let response = client().send(get(server.uri()), &ANYWHERE, &options).await.unwrap();
    assert!(matches!(text(response).await, Err(HttpError::ConnectionReadTimeout)));
    assert!(soon(began));
}

#[tokio::test]
async fn a_slow_server_within_the_timeout_is_heard_out() {
    let server = accept(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n").await;
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(60)).await;
            let _ = stream.write_all(b"x").await;
        }
    })
    .await;
    let options = Options { between_bytes_timeout: Duration::from_millis(250), ..Options::default() };
    let response = client().send(get(server.uri()), &ANYWHERE, &options).await.unwrap();
    assert_eq!(text(response).await.unwrap(), "xxxxx");
}

#[tokio::test]
async fn a_slow_reader_is_not_timed_out() {
    let server = crate::server::serve(|_| async { crate::server::reply(vec![b'x'; 3_000_000]) }).await;
    let options = Options { between_bytes_timeout: SHORT, ..Options::default() };
    let response = client().send(get(server.uri()), &ANYWHERE, &options).await.unwrap();
    let mut body = response.into_body();
    body.frame().await.unwrap().unwrap();
    tokio::time::sleep(SHORT * 3).await;
    body.collect().await.unwrap();
}

#[tokio::test]
async fn a_tls_server_that_says_nothing_times_out_connecting() {
    let server = accept(|stream| async move {
        hang().await;
        drop(stream);
    })
    .await;
    let began = Instant::now();
    let options = Options { connect_timeout: SHORT, ..Options::default() };
    let uri = format!("https://{}/", server.address);
    let answer = client().send(get(uri), &ANYWHERE, &options).await;
    assert!(matches!(answer, Err(HttpError::ConnectionTimeout)));
    assert!(soon(began));
}

#[tokio::test]
async fn timeouts_at_the_ends_of_their_range_are_taken() {
    let server = crate::server::serve(|_| async { crate::server::reply("hello") }).await;
    let longest = Options {
        connect_timeout: Duration::MAX,
        first_byte_timeout: Duration::MAX,
        between_bytes_timeout: Duration::MAX,
        ..Options::default()
    };
    let response = client().send(get(server.uri()), &ANYWHERE, &longest).await.unwrap();
    assert_eq!(text(response).await.unwrap(), "hello");
    let silent = accept(|stream| async move {
        hang().await;
        drop(stream);
    })
    .await;
    let shortest = Options { first_byte_timeout: Duration::ZERO, ..Options::default() };
    let answer = client().send(get(silent.uri()), &ANYWHERE, &shortest).await;
    assert!(matches!(answer, Err(HttpError::ConnectionReadTimeout)));
}
