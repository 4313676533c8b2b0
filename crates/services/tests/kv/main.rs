//! What a guest sees of a key-value store, in every backend.
#![cfg(feature = "remote")]
#![allow(missing_docs, clippy::unwrap_used)]

mod elsewhere;
mod lies;
#[path = "../servers/mod.rs"]
mod servers;
mod sqlite;

use std::sync::Arc;

use holm_manifest::Backend;
use holm_services::Manners;
use holm_services::kv::{
    KvError, MAX_BATCH_KEYS, MAX_KEY, MAX_NAME, MemoryStores, NatsStores, PAGE_KEYS, RedisStores, SqliteStores, Store,
    StoreLimits, Stores, Swap,
};

const SMALL: StoreLimits = StoreLimits { max_value: 10, max_total: 20, max_all: u64::MAX };

/// A backend of each kind of those that Holm keeps; the directory goes when it is dropped.
fn backends(limits: StoreLimits) -> (tempfile::TempDir, Vec<Box<dyn Stores>>) {
    let directory = tempfile::tempdir().unwrap();
    let sqlite = SqliteStores::open(directory.path().join("kv.db"), limits).unwrap();
    (directory, vec![Box::new(MemoryStores::new(limits)), Box::new(sqlite)])
}

/// The stores on a server, as `[services]` names it.
fn elsewhere(backend: &Backend, manners: Manners, limits: StoreLimits) -> Box<dyn Stores> {
    match backend {
        Backend::Redis { server, database } => Box::new(RedisStores::new(server, *database, manners, limits)),
        Backend::Nats { server, bucket } => Box::new(NatsStores::new(server, bucket.clone(), manners, limits)),
        other => panic!("{other} is not elsewhere"),
    }
}

/// Runs `test` on an empty store of each backend that Holm keeps.
async fn each_of_ours<F: Future<Output = ()>>(limits: StoreLimits, test: impl Fn(Arc<dyn Store>) -> F) {
    let (_directory, backends) = backends(limits);
    for stores in backends {
        test(stores.open("default").await.unwrap()).await;
    }
}

/// Runs `test` on an empty store of each backend.
async fn each<F: Future<Output = ()>>(limits: StoreLimits, test: impl Fn(Arc<dyn Store>) -> F) {
    each_of_ours(limits, &test).await;
    for server in [servers::redis(), servers::nats()].into_iter().flatten() {
        let stores = elsewhere(&server.backend(""), Manners::default(), limits);
        test(stores.open("default").await.unwrap()).await;
    }
}

async fn all_keys(store: &dyn Store) -> Vec<String> {
    let (mut keys, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.list_keys(cursor.as_deref()).await.unwrap();
        keys.extend(page.keys);
        cursor = page.cursor;
        if cursor.is_none() {
            return keys;
        }
    }
}

#[tokio::test]
async fn a_value_is_there_from_set_to_delete() {
    each(StoreLimits::default(), async |store| {
        assert_eq!(store.get("k").await.unwrap(), None);
        store.set("k", b"one".to_vec()).await.unwrap();
        store.set("k", b"\0two\xff".to_vec()).await.unwrap();
        assert_eq!(store.get("k").await.unwrap().unwrap(), b"\0two\xff");
        assert!(store.exists("k").await.unwrap());
        store.delete("k").await.unwrap();
        store.delete("k").await.unwrap();
        assert!(!store.exists("k").await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn empty_values_and_odd_keys_are_kept() {
    each(StoreLimits::default(), async |store| {
        for key in ["", "a\0b", "a\0c", "ключ", "'; DROP TABLE entries; --"] {
            store.set(key, vec![]).await.unwrap();
            assert_eq!(store.get(key).await.unwrap(), Some(vec![]), "{key:?}");
        }
        let keys = all_keys(&*store).await;
        assert_eq!(keys, ["", "'; DROP TABLE entries; --", "a\0b", "a\0c", "ключ"]);
    })
    .await;
}

#[tokio::test]
async fn stores_of_one_backend_do_not_see_each_other() {
    let (_directory, backends) = backends(StoreLimits::default());
    for stores in backends {
        let (one, two) = (stores.open("one").await.unwrap(), stores.open("two").await.unwrap());
        one.set("k", b"1".to_vec()).await.unwrap();
        assert_eq!(two.get("k").await.unwrap(), None);
        assert!(all_keys(&*two).await.is_empty());
        two.delete("k").await.unwrap();
        assert_eq!(stores.open("one").await.unwrap().get("k").await.unwrap().unwrap(), b"1");
    }
}

#[tokio::test]
async fn a_store_needs_a_name_of_sensible_length() {
    let (_directory, backends) = backends(StoreLimits::default());
    for stores in backends {
        assert!(matches!(stores.open("").await, Err(KvError::Name { length: 0 })));
        assert!(stores.open(&"x".repeat(MAX_NAME)).await.is_ok());
        let long = stores.open(&"x".repeat(MAX_NAME + 1)).await;
        assert!(matches!(long, Err(KvError::Name { .. })));
    }
}

#[tokio::test]
async fn keys_are_listed_in_pages_and_once_each() {
    each(StoreLimits::default(), async |store| {
        let names: Vec<String> = (0..PAGE_KEYS + 1).map(|n| format!("{n:06}")).collect();
        let pairs = |names: &[String]| names.iter().map(|k| (k.clone(), vec![])).collect();
        store.set_many(pairs(&names[..PAGE_KEYS])).await.unwrap();
        let exactly_one_page = store.list_keys(None).await.unwrap();
        assert_eq!((exactly_one_page.keys.len(), exactly_one_page.cursor), (PAGE_KEYS, None));

        store.set_many(pairs(&names[PAGE_KEYS..])).await.unwrap();
        let first = store.list_keys(None).await.unwrap();
        assert_eq!(first.keys, names[..PAGE_KEYS]);
        // A key written behind the cursor, and the cursor's own key going, change nothing.
        store.set("000000a", vec![]).await.unwrap();
        store.delete(&names[PAGE_KEYS - 1]).await.unwrap();
        let second = store.list_keys(first.cursor.as_deref()).await.unwrap();
        assert_eq!(second.keys, names[PAGE_KEYS..]);
        assert_eq!(second.cursor, None);
    })
    .await;
}

#[tokio::test]
async fn increments_count_in_decimal() {
    each(StoreLimits::default(), async |store| {
        assert_eq!(store.increment("n", 5).await.unwrap(), 5);
        assert_eq!(store.increment("n", -7).await.unwrap(), -2);
        assert_eq!(store.get("n").await.unwrap().unwrap(), b"-2");
        store.set("n", i64::MAX.to_string().into_bytes()).await.unwrap();
        let overflow = store.increment("n", 1).await.unwrap_err();
        assert_eq!(overflow, KvError::Overflow { key: "n".to_owned() });
        for text in [&b"twelve"[..], b"", b"\xff", b"1.5"] {
            store.set("t", text.to_vec()).await.unwrap();
            let refused = store.increment("t", 1).await.unwrap_err();
            assert_eq!(refused, KvError::NotANumber { key: "t".to_owned() });
            assert_eq!(store.get("t").await.unwrap().unwrap(), text);
        }
    })
    .await;
}

#[tokio::test]
async fn a_swap_happens_only_over_the_expected_value() {
    each(StoreLimits::default(), async |store| {
        let (a, b) = (b"a".to_vec(), b"b".to_vec());
        let swap =
            |expected: Option<&Vec<u8>>, new: &Vec<u8>| store.compare_and_swap("k", expected.cloned(), new.clone());
        assert_eq!(swap(Some(&a), &b).await.unwrap(), Swap::Conflict(None));
        assert_eq!(swap(None, &a).await.unwrap(), Swap::Done);
        assert_eq!(swap(None, &b).await.unwrap(), Swap::Conflict(Some(a.clone())));
        assert_eq!(swap(Some(&a), &b).await.unwrap(), Swap::Done);
        assert_eq!(store.get("k").await.unwrap(), Some(b));
    })
    .await;
}

#[tokio::test]
async fn batches_answer_in_the_order_asked() {
    each(StoreLimits::default(), async |store| {
        let pair = |key: &str, value: &str| (key.to_owned(), value.as_bytes().to_vec());
        store.set_many(vec![pair("a", "1"), pair("b", "2"), pair("a", "3")]).await.unwrap();
        let keys = ["b", "none", "a", "b"].map(str::to_owned).to_vec();
        let values = store.get_many(keys).await.unwrap();
        let two = Some(b"2".to_vec());
        assert_eq!(values, [two.clone(), None, Some(b"3".to_vec()), two]);
        store.delete_many(["a", "none", "b"].map(str::to_owned).to_vec()).await.unwrap();
        assert!(all_keys(&*store).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn oversized_keys_values_and_batches_are_refused() {
    each(SMALL, async |store| {
        let long = "k".repeat(MAX_KEY + 1);
        let refused = KvError::KeyTooLong { length: MAX_KEY + 1 };
        assert_eq!(store.get(&long).await.unwrap_err(), refused);
        assert_eq!(store.increment(&long, 1).await.unwrap_err(), refused);
        assert_eq!(store.get_many(vec![long]).await.unwrap_err(), refused);
        let refused = KvError::ValueTooLarge { length: 11, limit: 10 };
        assert_eq!(store.set("k", vec![0; 11]).await.unwrap_err(), refused);
        let swapped = store.compare_and_swap("k", None, vec![0; 11]).await;
        assert_eq!(swapped.unwrap_err(), refused);
        let many = vec![String::new(); MAX_BATCH_KEYS + 1];
        assert_eq!(store.get_many(many.clone()).await.unwrap_err(), KvError::BatchTooLarge);
        assert_eq!(store.delete_many(many).await.unwrap_err(), KvError::BatchTooLarge);
    })
    .await;
}

#[tokio::test]
async fn a_full_store_takes_no_more_until_something_goes() {
    each_of_ours(SMALL, async |store| {
        let full = KvError::StoreFull { store: "default".to_owned(), limit: 20 };
        store.set("a", vec![1; 9]).await.unwrap();
        store.set("b", vec![2; 9]).await.unwrap();
        assert_eq!(store.set("c", vec![]).await.unwrap_err(), full);
        assert_eq!(store.set("a", vec![1; 10]).await.unwrap_err(), full);
        assert_eq!(store.increment("n", 1).await.unwrap_err(), full);
        assert_eq!(store.get("a").await.unwrap(), Some(vec![1; 9]), "the old value stays");
        store.set("a", vec![3; 8]).await.unwrap();
        store.set("c", vec![]).await.unwrap();
        store.delete("b").await.unwrap();
        store.set("d", vec![4; 9]).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_batch_that_does_not_fit_changes_nothing() {
    each_of_ours(SMALL, async |store| {
        store.set("a", vec![1; 9]).await.unwrap();
        let too_much = vec![("a".to_owned(), vec![2; 10]), ("b".to_owned(), vec![2; 10])];
        assert!(matches!(store.set_many(too_much).await, Err(KvError::StoreFull { .. })));
        assert_eq!(store.get("a").await.unwrap(), Some(vec![1; 9]));
        assert!(!store.exists("b").await.unwrap());
        // Only what is there in the end counts.
        let shrinking = vec![("b".to_owned(), vec![2; 10]), ("a".to_owned(), vec![2; 1]), ("b".to_owned(), vec![2; 9])];
        store.set_many(shrinking).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_batch_answer_is_bounded() {
    each(StoreLimits::default(), async |store| {
        store.set("big", vec![0; 900 << 10]).await.unwrap();
        assert_eq!(store.get_many(vec!["big".to_owned(); 72]).await.unwrap().len(), 72);
        let refused = store.get_many(vec!["big".to_owned(); 73]).await.unwrap_err();
        assert_eq!(refused, KvError::BatchTooLarge);
    })
    .await;
}

#[tokio::test]
async fn a_key_may_be_as_long_and_odd_as_a_key_may_be() {
    each(StoreLimits::default(), async |store| {
        let key = "\u{7}".repeat(MAX_KEY);
        store.set(&key, b"v".to_vec()).await.unwrap();
        assert_eq!(store.get(&key).await.unwrap().unwrap(), b"v");
        assert_eq!(all_keys(&*store).await, [key]);
    })
    .await;
}

#[tokio::test]
async fn increments_at_the_same_time_are_all_counted() {
    each(StoreLimits::default(), async |store| {
        let mut counting = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let store = Arc::clone(&store);
            counting.spawn(async move { store.increment("n", 1).await.unwrap() });
        }
        let mut sums = counting.join_all().await;
        sums.sort_unstable();
        assert_eq!(sums, (1..=20).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn all_stores_of_one_place_share_one_limit() {
    let limits = StoreLimits { max_value: 1000, max_total: 2000, max_all: 2500 };
    let (_directory, backends) = backends(limits);
    for stores in backends {
        let (one, two) = (stores.open("one").await.unwrap(), stores.open("two").await.unwrap());
        one.set("a", vec![0; 1000]).await.unwrap();
        two.set("a", vec![0; 1000]).await.unwrap();
        assert_eq!(two.set("b", vec![0; 600]).await.unwrap_err(), KvError::Full { limit: 2500 });
        two.set("a", vec![0; 300]).await.unwrap();
        two.set("b", vec![0; 600]).await.unwrap();
        assert_eq!(one.set("b", vec![0; 900]).await.unwrap_err(), KvError::Full { limit: 2500 });
        one.delete("a").await.unwrap();
        two.set("a", vec![0; 1000]).await.unwrap();
    }
}
