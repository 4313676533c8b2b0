//! Servers that stop, hang, or want a password.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use holm_manifest::Backend;
use holm_services::kv::{KvError, Store, StoreLimits};
use holm_services::{Manners, StorageError};
use tokio::net::TcpListener;

use crate::elsewhere;
use crate::servers::{self, Server};

/// Manners that note what an operator is told.
fn noted() -> (Manners, Arc<Mutex<Vec<String>>>) {
    let told = Arc::<Mutex<Vec<String>>>::default();
    let noting = Arc::clone(&told);
    let report: holm_services::Report = Arc::new(move |line| noting.lock().unwrap().push(line.to_owned()));
    (Manners { report: Some(report), ..Manners::default() }, told)
}

async fn open(backend: &Backend, manners: Manners) -> Arc<dyn Store> {
    elsewhere(backend, manners, StoreLimits::default()).open("default").await.unwrap()
}

fn both() -> impl Iterator<Item = Server> {
    [servers::redis(), servers::nats()].into_iter().flatten()
}

/// Asks until the server answers again, or the test has taken too long.
async fn until_it_works(store: &dyn Store) -> Option<Vec<u8>> {
    for _ in 0..1000 {
        match store.get("k").await {
            Ok(value) => return value,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    panic!("it never worked again");
}

#[tokio::test]
async fn a_store_works_again_after_its_server_was_stopped_and_started() {
    for mut server in both() {
        let (manners, told) = noted();
        let store = open(&server.backend(""), manners).await;
        store.set("k", b"v".to_vec()).await.unwrap();
        for round in 1..=2 {
            server.stop();
            for _ in 0..3 {
                let error = store.get("k").await.unwrap_err();
                assert!(matches!(error, KvError::Storage(StorageError::Server { .. })), "{error:?}");
            }
            server.start_again();
            assert_eq!(until_it_works(&*store).await.unwrap(), b"v");
            store.set("k", b"v".to_vec()).await.unwrap();
            let told = told.lock().unwrap();
            assert_eq!(told.len(), round, "once each time: {told:?}");
        }
        let told = told.lock().unwrap();
        assert!(told[0].starts_with(&server.url("")) && told[0].contains("[services]"), "{told:?}");
    }
}

#[tokio::test]
async fn a_server_that_was_away_while_nobody_asked_is_not_missed() {
    let Some(mut server) = servers::redis() else { return };
    let store = open(&server.backend(""), Manners::default()).await;
    store.set("k", b"v".to_vec()).await.unwrap();
    server.stop();
    server.start_again();
    // The other side is told of the end in the course of things.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(store.get("k").await.unwrap().unwrap(), b"v");
}

#[tokio::test]
async fn nothing_is_connected_to_before_a_store_is_used() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    for scheme in ["redis", "nats"] {
        let manners = Manners { patience: Duration::from_millis(50), report: None };
        let store = open(&format!("{scheme}://{address}").parse().unwrap(), manners).await;
        assert!(tokio::time::timeout(Duration::from_millis(50), listener.accept()).await.is_err());
        let (asked, accepted) = tokio::join!(store.get("k"), listener.accept());
        assert!(asked.is_err() && accepted.is_ok());
    }
}

#[tokio::test]
async fn a_guest_is_not_told_where_its_store_is() {
    let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, servers::free_port()));
    for url in [format!("redis://ann:hunter2@{nobody}/1"), format!("nats://ann:hunter2@{nobody}/bucket")] {
        let (manners, told) = noted();
        let store = open(&url.parse().unwrap(), manners).await;
        let error = store.increment("k", 1).await.unwrap_err();
        let guest = error.guest_message();
        assert_eq!(guest, "the store is unavailable; try again later");
        let told = told.lock().unwrap().concat();
        for operator in [&error.to_string(), &told] {
            assert!(operator.contains("127.0.0.1") && operator.contains("[services]"), "{operator}");
            assert!(!operator.contains("hunter2"), "{operator}");
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_to_the_operator_as_such() {
    let Some(server) = servers::redis() else { return };
    let store = open(&server.backend(""), Manners::default()).await;
    store.set("k", b"v".to_vec()).await.unwrap();
    let url = server.url("").replace("redis://", "redis://ann:hunter2@");
    let (manners, told) = noted();
    let refused = open(&url.parse().unwrap(), manners).await.get("k").await;
    assert!(matches!(refused, Err(KvError::Storage(_))), "{refused:?}");
    let told = told.lock().unwrap().concat();
    assert!(told.contains("user and password") && !told.contains("hunter2"), "{told}");
}

#[tokio::test]
async fn a_server_that_asks_for_a_password_is_given_it() {
    let asking = [
        (servers::redis_with(&["--requirepass", "p@ss:w/rd"]), ":p%40ss%3Aw%2Frd@"),
        (servers::redis_with(&["--user", "ann", "on", ">s3cret", "~*", "+@all"]), "ann:s3cret@"),
        (servers::nats_with(&["-js", "--user", "ann", "--pass", "p@ss"]), "ann:p%40ss@"),
        (servers::nats_with(&["-js", "--auth", "t0ken"]), "t0ken@"),
    ];
    for (server, introduction) in asking {
        let Some(server) = server else { continue };
        let url = server.url("").replace("://", &format!("://{introduction}"));
        let store = open(&url.parse().unwrap(), Manners::default()).await;
        store.set("k", b"v".to_vec()).await.unwrap();
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"v");

        if introduction.starts_with("ann:s3cret") {
            // Redis lets everybody in who says nothing.
            continue;
        }
        let (manners, told) = noted();
        let error = open(&server.backend(""), manners).await.get("k").await.unwrap_err();
        assert!(matches!(error, KvError::Storage(StorageError::Server { .. })), "{error:?}");
        assert!(told.lock().unwrap().concat().contains("[services]"), "{error}");
    }
}

#[tokio::test]
async fn who_names_the_same_server_and_store_shares_it() {
    for server in both() {
        let one = open(&server.backend(""), Manners::default()).await;
        let two = open(&server.backend(""), Manners::default()).await;
        one.set("k", b"v".to_vec()).await.unwrap();
        assert_eq!(two.get("k").await.unwrap().unwrap(), b"v");
        let other = elsewhere(&server.backend(""), Manners::default(), StoreLimits::default());
        let other = other.open("other").await.unwrap();
        assert_eq!(other.get("k").await.unwrap(), None);
    }
}

#[tokio::test]
async fn databases_and_buckets_are_apart() {
    let Some(server) = servers::redis() else { return };
    open(&server.backend("/0"), Manners::default()).await.set("k", b"v".to_vec()).await.unwrap();
    assert_eq!(open(&server.backend("/1"), Manners::default()).await.get("k").await.unwrap(), None);

    let Some(server) = servers::nats() else { return };
    open(&server.backend("/one"), Manners::default()).await.set("k", b"v".to_vec()).await.unwrap();
    assert_eq!(open(&server.backend("/two"), Manners::default()).await.get("k").await.unwrap(), None);
}

#[tokio::test]
async fn a_name_that_nats_cannot_have_is_refused_with_the_way_out() {
    let nats: Backend = "nats://127.0.0.1".parse().unwrap();
    let stores = elsewhere(&nats, Manners::default(), StoreLimits::default());
    let refused = stores.open("my store").await.err().unwrap();
    assert!(matches!(refused, KvError::Unfit { .. }) && refused.to_string().contains("[services]"), "{refused}");
    let nats: Backend = "nats://127.0.0.1/bucket".parse().unwrap();
    let stores = elsewhere(&nats, Manners::default(), StoreLimits::default());
    assert!(stores.open("my store").await.is_ok());
}

#[tokio::test]
async fn a_value_beyond_what_a_nats_server_takes_is_refused() {
    let Some(server) = servers::nats() else { return };
    let store = open(&server.backend(""), Manners::default()).await;
    let refused = store.set("k", vec![0; 1 << 20]).await.unwrap_err();
    assert!(matches!(refused, KvError::ValueTooLarge { .. }), "{refused}");
    assert!(!store.exists("k").await.unwrap());
}

#[tokio::test]
async fn a_nats_server_without_jetstream_is_told_as_such() {
    let Some(server) = servers::nats_with(&[]) else { return };
    let manners = Manners { patience: Duration::from_secs(1), report: None };
    let error = open(&server.backend(""), manners).await.get("k").await.unwrap_err().to_string();
    assert!(error.contains("JetStream"), "{error}");
}
