use std::time::Duration;

use holm_services::http_client::{ClientConfig, HttpClient, HttpError, Options};
use http_body_util::BodyExt;
use tokio::io::AsyncWriteExt;

use crate::server::{accept, read_head, reply, serve};
use crate::{ANYWHERE, Policy, client, fetch, get, settle, text};

const SOMEONE_ELSE: Policy = Policy { allow: |_, _| true, identity: 1 };

fn quickly() -> Options {
    Options { connect_timeout: Duration::from_millis(200), ..Options::default() }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = serve(|_| async { reply("hello") }).await;
    let client = client();
    for _ in 0..5 {
        assert_eq!(text(fetch(&client, server.uri()).await.unwrap()).await.unwrap(), "hello");
        settle().await;
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn tenants_do_not_share_connections() {
    let server = serve(|_| async { reply("hello") }).await;
    let client = client();
    for policy in [ANYWHERE, SOMEONE_ELSE] {
        let response = client.send(get(server.uri()), &policy, &Options::default()).await;
        text(response.unwrap()).await.unwrap();
        settle().await;
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_with_an_unread_body_is_not_used_again() {
    let server = serve(|_| async { reply(vec![0; 5_000_000]) }).await;
    let client = client();
    let unread = fetch(&client, server.uri()).await.unwrap();
    let second = fetch(&client, server.uri()).await.unwrap();
    drop((unread, second));
    settle().await;
    fetch(&client, server.uri()).await.unwrap();
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn an_idle_connection_the_server_closed_is_replaced() {
    // Keeps the connection open by its headers and closes it all the same.
    let server = accept(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    })
    .await;
    let client = client();
    for _ in 0..3 {
        assert_eq!(text(fetch(&client, server.uri()).await.unwrap()).await.unwrap(), "hi");
        settle().await;
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_time() {
    let (closed, mut told) = tokio::sync::mpsc::channel(1);
    let server = accept(move |mut stream| {
        let closed = closed.clone();
        async move {
            read_head(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
            read_head(&mut stream).await;
            let _ = closed.send(()).await;
        }
    })
    .await;
    let config = ClientConfig { idle_timeout: Duration::from_millis(100), ..ClientConfig::default() };
    let client = HttpClient::new(config).unwrap();
    text(fetch(&client, server.uri()).await.unwrap()).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), told.recv()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_tenant_has_so_many_connections_and_no_more() {
    let server = serve(|_| async { reply(vec![0; 5_000_000]) }).await;
    let config = ClientConfig { max_connections_each: 2, ..ClientConfig::default() };
    let client = HttpClient::new(config).unwrap();
    let open = || client.send(get(server.uri()), &ANYWHERE, &QUICKLY);
    let (first, _second) = (open().await.unwrap(), open().await.unwrap());
    assert!(matches!(open().await, Err(HttpError::ConnectionLimitReached)));
    let other = client.send(get(server.uri()), &SOMEONE_ELSE, &quickly()).await;
    assert!(other.is_ok(), "another tenant has a share of its own");
    drop(first);
    assert!(open().await.is_ok(), "a body that is dropped frees its connection");
}

static QUICKLY: std::sync::LazyLock<Options> = std::sync::LazyLock::new(quickly);

#[tokio::test]
async fn idle_connections_give_way_to_new_ones() {
    let servers = [
        serve(|_| async { reply("one") }).await,
        serve(|_| async { reply("two") }).await,
        serve(|_| async { reply("three") }).await,
    ];
    let config = ClientConfig { max_connections: 1, ..ClientConfig::default() };
    let client = HttpClient::new(config).unwrap();
    for (server, policy) in servers.iter().zip([ANYWHERE, SOMEONE_ELSE, ANYWHERE]) {
        let response = client.send(get(server.uri()), &policy, &quickly()).await.unwrap();
        text(response).await.unwrap();
        settle().await;
    }
}

#[tokio::test]
async fn a_waiting_request_gets_the_connection_that_becomes_free() {
    let server = serve(|_| async { reply(vec![b'x'; 5_000_000]) }).await;
    let config = ClientConfig { max_connections: 1, ..ClientConfig::default() };
    let client = HttpClient::new(config).unwrap();
    let first = fetch(&client, server.uri()).await.unwrap();
    let waiting = tokio::spawn({
        let (client, uri) = (client.clone(), server.uri());
        async move { text(fetch(&client, uri).await?).await }
    });
    settle().await;
    assert!(!waiting.is_finished());
    first.into_body().collect().await.unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(2), waiting).await;
    let answer = answer.expect("free at once, not at a timeout").unwrap();
    assert_eq!(answer.unwrap().len(), 5_000_000);
    assert_eq!(server.connections(), 1);
}
