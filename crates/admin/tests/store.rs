//! The store, on real directories.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use holm_admin::store::{Draft, Options, Store, StoreError};
use holm_admin::{AppName, Digest};

fn name(text: &str) -> AppName {
    text.parse().unwrap()
}

fn put(store: &Store, bytes: &[u8]) -> Digest {
    let digest = Digest::of(bytes);
    store.put_blob(digest, 1 << 20, bytes).unwrap();
    digest
}

/// A draft that says `text`, with one guest that holds it.
fn draft(store: &Store, text: &str) -> Draft {
    let guests = BTreeMap::from([("guest.wasm".to_owned(), put(store, text.as_bytes()))]);
    Draft { manifest: text.to_owned(), guests, ..Draft::default() }
}

fn deploy(store: &Store, app: &str, text: &str) -> u64 {
    store.apply(&name(app), draft(store, text), None).unwrap().version
}

fn age(path: &Path, hours: u64) {
    let then = SystemTime::now() - Duration::from_secs(hours * 3600);
    File::open(path).unwrap().set_modified(then).unwrap();
}

fn flip_a_bit(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn what_was_deployed_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(deploy(&store, "shop", "one"), 1);
    assert_eq!(deploy(&store, "shop", "two"), 2);
    assert_eq!(deploy(&store, "blog", "post"), 1);
    let before = store.current(&name("shop")).unwrap();
    drop(store);

    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.list(), [(name("blog"), 1), (name("shop"), 2)]);
    assert_eq!(store.current(&name("shop")).unwrap(), before);
    assert_eq!(before.manifest, "two");
    assert_eq!(store.read_blob(&before.guests["guest.wasm"].digest).unwrap(), b"two");
    assert_eq!(store.versions(&name("shop")).unwrap(), [1, 2]);
    assert_eq!(store.problems(), []);
}

#[test]
fn one_server_has_a_state_directory_and_the_next_learns_which() {
    let dir = tempfile::tempdir().unwrap();
    let first = Store::open(dir.path()).unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }));
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    drop(first);
    Store::open(dir.path()).unwrap();
}

#[test]
fn a_directory_that_others_may_write_to_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    assert!(error.to_string().contains("chmod go-w"), "{error}");
}

#[test]
fn bytes_of_another_digest_or_beyond_the_limit_are_not_stored() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let digest = Digest::of(b"right");
    let error = store.put_blob(digest, 100, &b"wrong"[..]).unwrap_err();
    assert!(matches!(error, StoreError::WrongDigest { expected, .. } if expected == digest));
    let error = store.put_blob(digest, 4, &b"right"[..]).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { limit: 4, .. }));
    assert_eq!(store.has_blob(&digest).unwrap(), None);
    assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);

    assert!(store.put_blob(digest, 5, &b"right"[..]).unwrap().new);
    assert!(!store.put_blob(digest, 5, &b"right"[..]).unwrap().new);
    assert_eq!(store.has_blob(&digest).unwrap(), Some(5));
}

#[test]
fn missing_guests_are_all_named_and_nothing_is_deployed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut draft = draft(&store, "here");
    draft.guests.insert("b".to_owned(), Digest::of(b"b"));
    draft.guests.insert("c".to_owned(), Digest::of(b"c"));
    match store.apply(&name("shop"), draft, None).unwrap_err() {
        StoreError::MissingBlobs(missing) => assert_eq!(missing, [Digest::of(b"b"), Digest::of(b"c")]),
        other => panic!("{other}"),
    }
    assert_eq!(store.list(), []);
    drop(store);
    assert_eq!(Store::open(dir.path()).unwrap().problems(), []);
}

#[test]
fn a_change_meant_for_another_version_is_a_conflict() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let shop = name("shop");
    let conflict = |expected| store.apply(&shop, draft(&store, "x"), Some(expected)).unwrap_err();
    assert!(matches!(conflict(3), StoreError::Conflict { expected: 3, found: 0, .. }));
    assert_eq!(store.apply(&shop, draft(&store, "one"), Some(0)).unwrap().version, 1);
    assert!(matches!(conflict(0), StoreError::Conflict { expected: 0, found: 1, .. }));
    assert_eq!(store.apply(&shop, draft(&store, "two"), Some(1)).unwrap().version, 2);
    assert!(matches!(store.rollback(&shop, None, Some(1)).unwrap_err(), StoreError::Conflict { .. }));
}

#[test]
fn a_rollback_goes_back_and_the_next_deploy_goes_on_counting() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let shop = name("shop");
    assert!(matches!(store.rollback(&shop, None, None).unwrap_err(), StoreError::NoApp(_)));
    deploy(&store, "shop", "one");
    assert!(matches!(store.rollback(&shop, None, None).unwrap_err(), StoreError::NoEarlier(_)));
    deploy(&store, "shop", "two");
    deploy(&store, "shop", "three");
    assert_eq!(store.rollback(&shop, None, None).unwrap().manifest, "two");
    assert_eq!(store.rollback(&shop, None, None).unwrap().manifest, "one");
    assert!(matches!(store.rollback(&shop, Some(9), None).unwrap_err(), StoreError::NoVersion { version: 9, .. }));
    drop(store);

    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.current(&shop).unwrap().manifest, "one");
    assert_eq!(store.rollback(&shop, Some(3), None).unwrap().manifest, "three");
    assert_eq!(store.rollback(&shop, Some(1), None).unwrap().version, 1);
    assert_eq!(deploy(&store, "shop", "four"), 4);
}

#[test]
fn a_removed_app_is_gone_and_may_come_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    deploy(&store, "shop", "one");
    store.remove(&name("shop")).unwrap();
    assert!(matches!(store.remove(&name("shop")).unwrap_err(), StoreError::NoApp(_)));
    assert!(matches!(store.current(&name("shop")).unwrap_err(), StoreError::NoApp(_)));
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.list(), []);
    assert_eq!(deploy(&store, "shop", "again"), 1);
}

#[test]
fn old_versions_go_and_the_current_one_stays() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { keep_versions: 3, ..Options::default() };
    let store = Store::open_with(dir.path(), options).unwrap();
    for version in 1..=5 {
        deploy(&store, "shop", &format!("v{version}"));
    }
    assert_eq!(store.versions(&name("shop")).unwrap(), [3, 4, 5]);
    assert_eq!(deploy(&store, "shop", "v6"), 6);
}

#[test]
fn collecting_removes_old_blobs_that_no_kept_version_needs() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { keep_versions: 2, ..Options::default() };
    let store = Store::open_with(dir.path(), options).unwrap();
    for text in ["one", "two", "three"] {
        deploy(&store, "shop", text);
    }
    let digests = ["one", "two", "three", "stray", "young"].map(|text| put(&store, text.as_bytes()));
    let [one, two, three, stray, young] = digests;
    for digest in [one, two, three, stray] {
        age(&store.blob_path(&digest), 2);
    }
    let collected = store.collect().unwrap();
    assert_eq!((collected.blobs, collected.bytes), (2, 8));
    assert_eq!(store.has_blob(&one).unwrap(), None);
    assert_eq!(store.has_blob(&stray).unwrap(), None);
    for kept in [two, three, young] {
        assert!(store.has_blob(&kept).unwrap().is_some());
    }
}

#[test]
fn a_blob_that_was_asked_for_is_not_collected_before_it_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let digest = put(&store, b"asked for");
    age(&store.blob_path(&digest), 2);
    store.has_blob(&digest).unwrap();
    assert_eq!(store.collect().unwrap().blobs, 0);
}

#[test]
fn a_damaged_record_is_reported_and_the_version_before_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    deploy(&store, "shop", "one");
    deploy(&store, "shop", "two");
    deploy(&store, "alone", "only");
    deploy(&store, "fine", "fine");
    drop(store);
    flip_a_bit(&dir.path().join("apps/shop/2.json"));
    fs::write(dir.path().join("apps/alone/1.json"), "").unwrap();

    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.list(), [(name("fine"), 1), (name("shop"), 1)]);
    assert_eq!(store.current(&name("shop")).unwrap().manifest, "one");
    let mut problems: Vec<_> = store.problems().iter().map(ToString::to_string).collect();
    problems.sort();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("alone: ") && problems[0].contains("deploy it again"), "{problems:?}");
    assert!(problems[1].starts_with("shop: ") && problems[1].contains("version 1 is served"), "{problems:?}");
    assert_eq!(deploy(&store, "shop", "three"), 3);
    assert_eq!(deploy(&store, "alone", "repaired"), 2);
}

#[test]
fn whatever_happens_to_the_current_file_the_app_is_served() {
    for damage in [&b""[..], b"{}", b"\xff\xff", &[b'['; 100_000]] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        deploy(&store, "shop", "one");
        deploy(&store, "shop", "two");
        drop(store);
        fs::write(dir.path().join("apps/shop/current"), damage).unwrap();
        let store = Store::open(dir.path()).unwrap();
        assert_eq!(store.list(), [(name("shop"), 2)]);
        assert_eq!(store.problems().len(), 1);
    }
}

#[test]
fn a_guest_that_is_missing_or_cut_short_is_found_when_the_store_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    deploy(&store, "shop", "one");
    deploy(&store, "shop", "two");
    deploy(&store, "blog", "post");
    fs::write(store.blob_path(&Digest::of(b"two")), "tw").unwrap();
    fs::remove_file(store.blob_path(&Digest::of(b"post"))).unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.list(), [(name("shop"), 1)]);
    assert_eq!(store.problems().len(), 2);
}

#[test]
fn a_damaged_guest_is_found_when_it_is_read_and_can_be_uploaded_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    deploy(&store, "shop", "one");
    deploy(&store, "shop", "two");
    let two = Digest::of(b"two");
    flip_a_bit(&store.blob_path(&two));
    let error = store.read_blob(&two).unwrap_err();
    assert!(matches!(error, StoreError::CorruptBlob(_)));
    assert_eq!(store.fall_back(&name("shop"), 2, &error.to_string()), Some(1));
    assert_eq!(store.current(&name("shop")).unwrap().version, 1);
    assert_eq!(store.problems().len(), 1);

    assert!(matches!(store.read_blob(&two).unwrap_err(), StoreError::NoBlob(_)));
    assert!(store.put_blob(two, 3, &b"two"[..]).unwrap().new);
    assert_eq!(store.read_blob(&two).unwrap(), b"two");
    drop(store);
    assert_eq!(Store::open(dir.path()).unwrap().list(), [(name("shop"), 2)]);
}

#[test]
fn strange_things_in_the_directory_are_reported_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap());
    fs::create_dir(dir.path().join("apps/Not An App")).unwrap();
    fs::write(dir.path().join("apps/file"), "").unwrap();
    fs::write(dir.path().join("blobs/sha256/README"), "").unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.list(), []);
    assert_eq!(store.problems().len(), 2);
    assert_eq!(store.collect().unwrap().blobs, 0);
    assert!(dir.path().join("blobs/sha256/README").exists());
}

#[test]
fn ten_thousand_apps_are_opened() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    deploy(&store, "app-0", "the same for all");
    drop(store);
    let apps = dir.path().join("apps");
    for number in 1..10_000 {
        let app = apps.join(format!("app-{number}"));
        fs::create_dir(&app).unwrap();
        for file in ["1.json", "current"] {
            fs::copy(apps.join("app-0").join(file), app.join(file)).unwrap();
        }
    }
    let start = std::time::Instant::now();
    let store = Store::open(dir.path()).unwrap();
    println!("opened in {:?}", start.elapsed());
    assert_eq!(store.list().len(), 10_000);
    assert_eq!(store.problems(), []);
}
