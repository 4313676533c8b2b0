use std::sync::Arc;

use holm_abi::{Guest, Host};
use holm_engine::Kind;
use holm_grants::Limits;
use holm_services::kv::{KvError, MemoryStores, SqliteStores, Store, StoreLimits, Stores};
use holm_spin::Spin;
use holm_wasi::Wasi;

use crate::common::{ask, granting, guest, lent, lent_with, refused, spin};

fn granted() -> Host {
    granting(|grants| grants.kv.push("default".into()))
}

async fn says(spin: &Spin, guest: &Guest, host: &Host, words: &str) -> String {
    let words: Vec<&str> = words.split(' ').collect();
    ask(spin, guest, host, &words).await.unwrap()
}

#[tokio::test]
async fn every_function_without_a_version_works() {
    let (spin, guest, host) = (spin(lent()), guest("spin-old.wasm"), granted());
    for (words, answer) in [
        ("kv1 default get a", "Err(Error::NoSuchKey)"),
        ("kv1 default set a 1", "Ok(())"),
        ("kv1 default get a", r#"Ok("1")"#),
        ("kv1 default exists a", "Ok(true)"),
        ("kv1 default set b 2", "Ok(())"),
        ("kv1 default keys", r#"Ok(["a", "b"])"#),
        ("kv1 default delete a", "Ok(())"),
        ("kv1 default delete a", "Ok(())"),
        ("kv1 default exists a", "Ok(false)"),
        ("kv1 default close b", "Err(Error::InvalidStore)"),
        ("kv1-handle 7 set a 1", "Err(Error::InvalidStore)"),
        ("kv1-handle 4294967295 keys", "Err(Error::InvalidStore)"),
        ("kv1-handle 7 close a", "Err(Error::InvalidStore)"),
        ("kv1 other get a", "Err(Error::AccessDenied)"),
    ] {
        assert_eq!(says(&spin, &guest, &host, words).await, answer, "{words}");
    }
    assert_eq!(refused(&host), ["--kv=other"]);
}

#[tokio::test]
async fn every_function_of_2_0_0_works() {
    let (spin, guest, host) = (spin(lent()), guest("spin-old.wasm"), granted());
    for (words, answer) in [
        ("kv2 default get a", "Ok(None)"),
        ("kv2 default set a 1", "Ok(())"),
        ("kv2 default get a", r#"Ok(Some("1"))"#),
        ("kv2 default exists a", "Ok(true)"),
        ("kv2 default set b 2", "Ok(())"),
        ("kv2 default keys", r#"Ok(["a", "b"])"#),
        ("kv2 default delete a", "Ok(())"),
        ("kv2 default exists a", "Ok(false)"),
        ("kv2 other get a", "Err(Error::AccessDenied)"),
    ] {
        assert_eq!(says(&spin, &guest, &host, words).await, answer, "{words}");
    }
    assert_eq!(refused(&host), ["--kv=other"]);
}

#[tokio::test]
async fn every_function_of_3_0_0_works() {
    let (spin, guest, host) = (spin(lent()), guest("spin-new.wasm"), granted());
    for (words, answer) in [
        ("kv default get a", "Ok(None)"),
        ("kv default keys", "[] Ok(())"),
        ("kv default set a 1", "Ok(())"),
        ("kv default get a", r#"Ok(Some("1"))"#),
        ("kv default exists a", "Ok(true)"),
        ("kv default set b 2", "Ok(())"),
        ("kv default keys", r#"["a", "b"] Ok(())"#),
        ("kv default delete a", "Ok(())"),
        ("kv default exists a", "Ok(false)"),
        ("kv other get a", "Err(Error::AccessDenied)"),
    ] {
        assert_eq!(says(&spin, &guest, &host, words).await, answer, "{words}");
    }
    assert_eq!(refused(&host), ["--kv=other"]);
}

#[tokio::test]
async fn keys_come_however_many_there_are() {
    let stores = MemoryStores::default();
    let store = stores.open("default").await.unwrap();
    for page in 0..3 {
        let pairs = (0..834).map(|n| (format!("key-{page}-{n:04}"), vec![]));
        store.set_many(pairs.collect()).await.unwrap();
    }
    let (spin, host) = (spin(lent_with(Arc::new(stores))), granted());
    assert_eq!(says(&spin, &guest("spin-new.wasm"), &host, "kv default count").await, "2502 Ok(())");
    assert_eq!(says(&spin, &guest("spin-old.wasm"), &host, "kv2 default count").await, "Ok(2502)");
    let first = says(&spin, &guest("spin-new.wasm"), &host, "kv default first").await;
    assert_eq!(first, r#"Some("key-0-0000") Ok(())"#, "whoever stops reading hears of no error");
}

#[tokio::test]
async fn get_many_of_wasi_has_the_form_that_spin_gives_it() {
    let stores = MemoryStores::default();
    stores.open("default").await.unwrap().set("a", b"1".to_vec()).await.unwrap();
    let (spin, guest, host) = (spin(lent_with(Arc::new(stores))), guest("spin-new.wasm"), granted());
    assert_eq!(says(&spin, &guest, &host, "wasi-kv default a b").await, r#"Ok([("a", Some([49])), ("b", None)])"#);
    assert_eq!(says(&spin, &guest, &host, "wasi-kv other a").await, "Err(Error::AccessDenied)");
}

#[tokio::test]
async fn a_store_that_nobody_keeps_is_not_there() {
    struct Nowhere;

    #[async_trait::async_trait]
    impl Stores for Nowhere {
        async fn open(&self, name: &str) -> Result<Arc<dyn Store>, KvError> {
            Err(KvError::Name { length: name.len() })
        }
    }

    let (spin, host) = (spin(lent_with(Arc::new(Nowhere))), granted());
    for (name, words) in [("old", "kv1 default get a"), ("old", "kv2 default get a"), ("new", "kv default get a")] {
        let answer = says(&spin, &guest(&format!("spin-{name}.wasm")), &host, words).await;
        assert_eq!(answer, "Err(Error::NoSuchStore)", "{words}");
    }
}

#[tokio::test]
async fn a_host_that_lends_nothing_refuses() {
    let (spin, host) = (Spin { wasi: Wasi::default() }, granted());
    for (name, words) in [("old", "kv1 default get a"), ("old", "kv2 default get a"), ("new", "kv default get a")] {
        let answer = says(&spin, &guest(&format!("spin-{name}.wasm")), &host, words).await;
        assert_eq!(answer, "Err(Error::AccessDenied)", "{words}");
    }
}

#[tokio::test]
async fn a_value_too_large_is_an_error_and_nothing_is_lost() {
    let limits = StoreLimits { max_value: 10, ..StoreLimits::default() };
    let (spin, host) = (spin(lent_with(Arc::new(MemoryStores::new(limits)))), granted());
    let guest = guest("spin-old.wasm");
    assert_eq!(says(&spin, &guest, &host, "kv2 default set a 1").await, "Ok(())");
    let answer = says(&spin, &guest, &host, "kv2 default set-long a 11").await;
    assert_eq!(answer, r#"Err(Error::Other("the value has 11 bytes; the limit is 10"))"#);
    let answer = says(&spin, &guest, &host, "kv1 default set a 12345678901").await;
    assert_eq!(answer, r#"Err(Error::Io("the value has 11 bytes; the limit is 10"))"#);
    assert_eq!(says(&spin, &guest, &host, "kv2 default get a").await, r#"Ok(Some("1"))"#);
}

#[tokio::test]
async fn stores_are_open_until_the_guest_has_as_many_handles_as_it_may() {
    let (spin, guest) = (spin(lent()), guest("spin-old.wasm"));
    let host = Host { limits: Limits { handles: Some(200), ..Limits::default() }, ..granted() };
    let answer = ask(&spin, &guest, &host, &["kv2-hoard", "default"]).await.unwrap();
    assert_eq!(answer, "Error::StoreTableFull, with more than 100: true");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_an_error_that_does_not_name_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kv.sqlite");
    std::fs::write(&file, "this is a letter, and no database at all").unwrap();
    let stores = SqliteStores::at(&file, StoreLimits::default());
    let (spin, host) = (spin(lent_with(Arc::new(stores))), granted());
    let answer = says(&spin, &guest("spin-old.wasm"), &host, "kv2 default get a").await;
    assert_eq!(answer, r#"Err(Error::Other("the store is unavailable"))"#);
}

#[tokio::test]
async fn values_are_the_same_in_every_version_and_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kv.sqlite");
    let open = || spin(lent_with(Arc::new(SqliteStores::at(&file, StoreLimits::default()))));
    let (spin, host) = (open(), granted());
    let (old, new) = (guest("spin-old.wasm"), guest("spin-new.wasm"));
    assert_eq!(says(&spin, &old, &host, "kv1 default set a kept").await, "Ok(())");
    assert_eq!(says(&spin, &new, &host, "kv default get a").await, r#"Ok(Some("kept"))"#);
    drop(spin);
    assert_eq!(says(&open(), &old, &host, "kv2 default get a").await, r#"Ok(Some("kept"))"#);
}

#[tokio::test]
async fn a_trap_is_the_guests_own() {
    let error = ask(&spin(lent()), &guest("spin-old.wasm"), &granted(), &["kv1-handle", "x"]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Trap);
}
