use std::sync::Arc;

use holm_abi::{Guest, Host};
use holm_services::kv::{MemoryStores, SqliteStores, StoreLimits, Stores};
use holm_wasi::Wasi;

use crate::common::{guest, lending, refused, run};

fn granted(name: &str) -> Host {
    let mut host = Host::default();
    Arc::make_mut(&mut host.grants).kv.push(name.into());
    host
}

fn with(stores: impl Stores + 'static) -> Wasi {
    lending(Arc::new(stores))
}

async fn says(wasi: &Wasi, guest: &Guest, host: &Host, args: &str) -> String {
    let args: Vec<&str> = args.split(' ').collect();
    run(wasi, guest, host, &args).await.unwrap().1
}

#[tokio::test]
async fn every_operation_works_on_a_granted_store() {
    let (wasi, guest, host) = (with(MemoryStores::default()), guest("kv.p2.wasm"), granted("default"));
    for (args, answer) in [
        ("get default a", "ok (none)\n"),
        ("set default a 1", "ok\n"),
        ("get default a", "ok 1\n"),
        ("exists default a", "ok true\n"),
        ("increment default a 41", "ok 42\n"),
        ("increment default b 7", "ok 7\n"),
        ("set-many default c 3 d 4", "ok\n"),
        ("get-many default a nothing d", "ok a=42 - d=4\n"),
        ("keys default", "ok a b c d\n"),
        ("delete default a", "ok\n"),
        ("delete-many default b c", "ok\n"),
        ("exists default a", "ok false\n"),
        ("keys default", "ok d\n"),
    ] {
        assert_eq!(says(&wasi, &guest, &host, args).await, answer, "{args}");
    }
    assert!(host.audit.is_empty());
}

#[tokio::test]
async fn a_store_that_was_not_granted_is_refused_and_audited() {
    let (wasi, guest, host) = (with(MemoryStores::default()), guest("kv.p2.wasm"), granted("default"));
    let refusal = run(&wasi, &guest, &host, &["get", "other", "a"]).await.unwrap();
    assert_eq!(refusal, (1, "error: access denied\n".into()));
    assert_eq!(refused(&host), ["--kv=other"]);
}

#[tokio::test]
async fn a_host_without_stores_has_none_to_grant() {
    let guest = guest("kv.p2.wasm");
    assert_eq!(says(&Wasi::new(), &guest, &granted("default"), "get default a").await, "error: no such store\n");
    assert_eq!(says(&Wasi::new(), &guest, &Host::default(), "get default a").await, "error: access denied\n");
}

#[tokio::test]
async fn values_outlive_the_instance_and_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kv.sqlite");
    let (guest, host) = (guest("kv.p2.wasm"), granted("default"));
    let open = || with(SqliteStores::at(&file, StoreLimits::default()));

    let wasi = open();
    assert_eq!(says(&wasi, &guest, &host, "set default a kept").await, "ok\n");
    assert_eq!(says(&wasi, &guest, &host, "get default a").await, "ok kept\n");
    drop(wasi);
    assert_eq!(says(&open(), &guest, &host, "get default a").await, "ok kept\n");
}

#[tokio::test]
async fn the_file_is_not_touched_before_a_store_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kv.sqlite");
    let wasi = with(SqliteStores::at(&file, StoreLimits::default()));
    let guest = guest("kv.p2.wasm");
    says(&wasi, &guest, &Host::default(), "get default a").await;
    assert!(!file.exists());
    says(&wasi, &guest, &granted("default"), "get default a").await;
    assert!(file.exists());
}

#[tokio::test]
async fn a_file_that_cannot_be_used_ends_the_guest_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kv.sqlite");
    std::fs::write(&file, "this is a letter, and no database at all").unwrap();
    let wasi = with(SqliteStores::at(&file, StoreLimits::default()));
    let error = run(&wasi, &guest("kv.p2.wasm"), &granted("default"), &["get", "default", "a"]).await.unwrap_err();
    assert_eq!(error.kind(), holm_engine::Kind::Io);
    assert!(error.to_string().contains("kv.sqlite"), "{error}");
}

#[tokio::test]
async fn keys_come_page_by_page_until_all_are_there() {
    let stores = MemoryStores::default();
    let store = stores.open("default").await.unwrap();
    for page in 0..3 {
        let pairs = (0..834).map(|n| (format!("key-{page}-{n:04}"), vec![]));
        store.set_many(pairs.collect()).await.unwrap();
    }
    let keys = says(&with(stores), &guest("kv.p2.wasm"), &granted("default"), "keys default").await;
    let keys: Vec<&str> = keys.trim().split(' ').skip(1).collect();
    assert_eq!(keys.len(), 3 * 834);
    assert!(keys.is_sorted() && keys.windows(2).all(|pair| pair[0] != pair[1]));
}

#[tokio::test]
async fn a_count_that_does_not_fit_is_an_error() {
    let (wasi, guest, host) = (with(MemoryStores::default()), guest("kv.p2.wasm"), granted("default"));
    let answer = says(&wasi, &guest, &host, "increment default a 9223372036854775808").await;
    assert!(answer.starts_with("error: incrementing"), "{answer}");
    assert_eq!(says(&wasi, &guest, &host, "exists default a").await, "ok false\n");
}
