//! The client against the server.

use holm_admin::Digest;
use holm_admin::client::{Client, ClientError, LogOptions, Package, Progress, Target};
use holm_admin::wire::{AppState, Rollback};

use crate::server::{Server, line, name, write};

fn package(manifest: &str) -> Package {
    Package::new(manifest.to_owned())
}

#[tokio::test]
async fn every_call_works_over_both_kinds_of_socket() {
    let server = Server::start().await;
    let guest = write(server.dir.path(), "guest.wasm", b"the guest");
    for client in [server.client(), server.tcp_client()] {
        let shop = name("shop");
        client.ready().await.unwrap();
        let mut one = package("one");
        one.guests.insert("guest.wasm".to_owned(), guest.clone());
        one.if_version = Some(0);
        one.notes = "first".to_owned();
        assert_eq!(client.deploy(&shop, &one, &mut |_| {}).await.unwrap().version, 1);
        assert_eq!(client.deploy(&shop, &package("two"), &mut |_| {}).await.unwrap().version, 2);
        assert_eq!(client.rollback(&shop, Rollback::default()).await.unwrap().version, 1);
        let apps = client.apps().await.unwrap();
        assert_eq!((apps.len(), &apps[0].name, apps[0].status.state), (1, &shop, AppState::Running));
        let detail = client.app(&shop).await.unwrap();
        assert_eq!((detail.manifest.as_str(), detail.versions.len()), ("one", 2));
        assert_eq!(detail.guests["guest.wasm"].digest, Digest::of(b"the guest"));
        assert_eq!(client.top().await.unwrap().connections, 3);
        assert_eq!(client.metrics().await.unwrap(), "holm_up 1\n");
        client.reload().await.unwrap();
        client.remove(&shop).await.unwrap();
        assert!(client.apps().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn only_what_the_server_lacks_is_uploaded_and_progress_is_told() {
    let server = Server::start().await;
    let bytes = vec![5; 90_000];
    let mut two = package("x");
    two.guests.insert("a".to_owned(), write(server.dir.path(), "a", &bytes));
    two.guests.insert("b".to_owned(), write(server.dir.path(), "b", &bytes));
    let mut told: Vec<Progress> = Vec::new();
    server.client().deploy(&name("shop"), &two, &mut |progress| told.push(progress)).await.unwrap();
    let last = told.pop().unwrap();
    assert!(last.known && last.path.ends_with("b") && last.total == 90_000, "{last:?}");
    assert!(!told.is_empty() && told.iter().all(|one| !one.known && one.path.ends_with("a")), "{told:?}");
    assert_eq!(told.last().unwrap().sent, 90_000);
}

#[tokio::test]
async fn refusals_carry_the_servers_words() {
    let server = Server::start().await;
    let client = server.client();
    let error = client.deploy(&name("shop"), &package("bad"), &mut |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("no such import: a\n  no such import: b"), "{error}");
    let error = client.app(&name("shop")).await.unwrap_err();
    assert!(error.to_string().contains("no app is called shop"), "{error}");

    let mut late = package("x");
    late.if_version = Some(3);
    let error = client.deploy(&name("shop"), &late, &mut |_| {}).await.unwrap_err();
    assert!(matches!(error, ClientError::Conflict { .. }), "{error}");

    let mut huge = package("x");
    huge.guests.insert("a".to_owned(), write(server.dir.path(), "huge", &vec![1; 5_000_000]));
    let error = client.deploy(&name("shop"), &huge, &mut |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("larger than 100000 bytes"), "{error}");

    let mut gone = package("x");
    gone.guests.insert("a".to_owned(), server.dir.path().join("gone.wasm"));
    let error = client.deploy(&name("shop"), &gone, &mut |_| {}).await.unwrap_err();
    assert!(matches!(error, ClientError::File { .. }) && error.to_string().contains("gone.wasm"), "{error}");
}

#[tokio::test]
async fn a_wrong_token_is_said_to_be_wrong_and_never_shown() {
    let server = Server::start().await;
    let target = Target::parse(&server.url, Some("not-the-right-token".to_owned())).unwrap();
    let client = Client::new(target);
    let error = client.apps().await.unwrap_err();
    assert!(matches!(error, ClientError::Refused { status: 401, .. }), "{error}");
    assert!(!format!("{error} {error:?} {client:?}").contains("not-the-right-token"));
}

#[tokio::test]
async fn where_nobody_answers_the_next_step_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let client = Client::new(Target::Unix(dir.path().join("admin.sock")));
    let error = client.apps().await.unwrap_err().to_string();
    assert!(error.starts_with("no server answers at unix:/") && error.contains("is `holm serve` running?"), "{error}");
}

#[tokio::test]
async fn something_else_that_answers_is_recognised() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1000];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>").await;
        }
    });
    let client = Client::new(Target::parse(&url, Some("0123456789abcdef".to_owned())).unwrap());
    let error = client.apps().await.unwrap_err();
    assert!(matches!(error, ClientError::NotHolm { .. }), "{error}");
}

#[tokio::test]
async fn a_log_is_read_to_its_end_or_followed_as_it_is_written() {
    let server = Server::start().await;
    let client = server.client();
    client.deploy(&name("shop"), &package("one"), &mut |_| {}).await.unwrap();
    let mut whole = client.logs(&name("shop"), &LogOptions::default()).await.unwrap();
    assert_eq!(whole.next().await.unwrap(), Some(line("first")));
    assert_eq!(whole.next().await.unwrap(), Some(line("old")));
    assert_eq!(whole.next().await.unwrap(), None);

    let options = LogOptions { follow: true, since: Some("2026-01-31T08:00:00Z".to_owned()) };
    let mut followed = client.logs(&name("shop"), &options).await.unwrap();
    assert_eq!(followed.next().await.unwrap(), Some(line("first")));
    let reader = server.backend.readers.lock().unwrap().pop().unwrap();
    for text in ["a\nb", "\u{2028}", ""] {
        reader.send(line(text)).await.unwrap();
        assert_eq!(followed.next().await.unwrap(), Some(line(text)));
    }
    drop(followed);
    // Nothing more is written, and yet the server learns that nobody reads.
    reader.closed().await;
}

#[tokio::test]
async fn a_server_that_ends_cuts_off_who_follows_a_log() {
    let mut server = Server::start().await;
    let client = server.client();
    client.deploy(&name("shop"), &package("one"), &mut |_| {}).await.unwrap();
    let options = LogOptions { follow: true, since: Some("10m".to_owned()) };
    let mut followed = client.logs(&name("shop"), &options).await.unwrap();
    assert_eq!(followed.next().await.unwrap(), Some(line("first")));
    server.stop().await;
    assert!(matches!(followed.next().await, Err(ClientError::Broken { .. })));
}
