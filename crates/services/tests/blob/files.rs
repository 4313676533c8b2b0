//! What blobs in files promise beyond a process's life.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use holm_services::blob::{BlobLimits, FileContainers, PIECE};
use holm_services::kv::{SqliteStores, StoreLimits, Stores as _};

use crate::{container, get, put};

const CHILD_FILE: &str = "HOLM_TEST_BLOB_FILE";

fn at(path: &Path) -> FileContainers {
    FileContainers::at(path, BlobLimits::default())
}

fn kept(path: &Path) -> Vec<PathBuf> {
    let mut folder = path.as_os_str().to_owned();
    folder.push("-blobs");
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Runs one of the `child_` tests below in a process of its own.
fn child(test: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("files::{test}"), "--ignored", "--nocapture"])
        .env(CHILD_FILE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn child_file() -> PathBuf {
    std::env::var_os(CHILD_FILE).expect("only run by the other tests").into()
}

#[tokio::test]
#[ignore = "a helper process"]
async fn child_writes_until_killed() {
    let images = container(&at(&child_file()), "images").await;
    println!();
    for n in 0_u64.. {
        put(&*images, "a", &n.to_be_bytes().repeat(20_000)).await.unwrap();
        println!("wrote {n}");
    }
}

#[tokio::test]
#[ignore = "a helper process"]
async fn child_writes_a_little() {
    let images = container(&at(&child_file()), "images").await;
    for n in 0..50 {
        put(&*images, &format!("{}-{n}", std::process::id()), b"x").await.unwrap();
        put(&*images, "same", &[n; 1000]).await.unwrap();
        assert_eq!(get(&*images, "same").await.unwrap().len(), 1000);
    }
}

#[tokio::test]
async fn objects_outlive_the_process_and_are_seen_by_others() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state/stores.db");
    put(&*container(&at(&path), "images").await, "a", b"content").await.unwrap();
    let (one, two) = (container(&at(&path), "images").await, container(&at(&path), "images").await);
    assert_eq!(get(&*one, "a").await.unwrap(), b"content");
    put(&*one, "a", b"new").await.unwrap();
    assert_eq!(get(&*two, "a").await.unwrap(), b"new");
    assert_eq!(kept(&path).len(), 1);
}

#[tokio::test]
async fn several_processes_write_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stores.db");
    let children: Vec<Child> = (0..4).map(|_| child("child_writes_a_little", &path)).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let images = container(&at(&path), "images").await;
    assert_eq!(images.list(None).await.unwrap().names.len(), 4 * 50 + 1);
    assert_eq!(kept(&path).len(), 4 * 50 + 1);
}

#[tokio::test]
async fn a_killed_process_leaves_objects_whole_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stores.db");
    for round in 1..=5 {
        let mut child = child("child_writes_until_killed", &path);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut last_told = None;
        let mut note = |line: &str| {
            if let Some(n) = line.strip_prefix("wrote ") {
                last_told = Some(n.parse::<u64>().unwrap());
            }
            last_told.is_some_and(|n| n >= round * 3)
        };
        while !note(&lines.next().unwrap().unwrap()) {}
        child.kill().unwrap();
        lines.map_while(Result::ok).for_each(|line| {
            note(&line);
        });
        child.wait().unwrap();

        let images = container(&at(&path), "images").await;
        let content = get(&*images, "a").await.unwrap();
        let number = u64::from_be_bytes(content[..8].try_into().unwrap());
        assert!(content == number.to_be_bytes().repeat(20_000), "whole");
        assert!(number >= last_told.unwrap());
        // One that was just created may be left, without a byte in it.
        let full = kept(&path).into_iter().filter(|file| fs::metadata(file).unwrap().len() > 0);
        assert_eq!(full.count(), 1, "what was being written is gone");
    }
}

#[tokio::test]
async fn what_somebody_else_is_writing_is_not_swept_away() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stores.db");
    let images = container(&at(&path), "images").await;
    let mut writer = images.write("a").await.unwrap();
    writer.write(Bytes::from_static(b"first ")).await.unwrap();
    // Another process that opens the file, and one that clears everything.
    let others = container(&at(&path), "images").await;
    others.clear().await.unwrap();
    writer.write(Bytes::from_static(b"second")).await.unwrap();
    writer.finish().await.unwrap();
    assert_eq!(get(&*others, "a").await.unwrap(), b"first second");
    drop(images.write("b").await.unwrap());
    assert_eq!(kept(&path).len(), 1);
}

#[tokio::test]
async fn a_file_of_key_value_stores_takes_blobs_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stores.db");
    let stores = SqliteStores::open(&path, StoreLimits::default()).unwrap();
    stores.open("default").await.unwrap().set("k", b"v".to_vec()).await.unwrap();
    put(&*container(&at(&path), "images").await, "a", b"content").await.unwrap();
    assert_eq!(stores.open("default").await.unwrap().get("k").await.unwrap().unwrap(), b"v");
}

#[tokio::test]
async fn a_file_of_the_first_version_is_taken_up() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stores.db");
    let stores = SqliteStores::open(&path, StoreLimits::default()).unwrap();
    stores.open("default").await.unwrap().set("k", b"v".to_vec()).await.unwrap();
    drop(stores);
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch("DROP TABLE containers; DROP TABLE objects; DROP TABLE loose; PRAGMA user_version = 1").unwrap();
    drop(old);
    put(&*container(&at(&path), "images").await, "a", b"content").await.unwrap();
    let stores = SqliteStores::open(&path, StoreLimits::default()).unwrap();
    assert_eq!(stores.open("default").await.unwrap().get("k").await.unwrap().unwrap(), b"v");
}

#[tokio::test]
async fn files_are_private_to_their_owner() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stores.db");
    put(&*container(&at(&path), "images").await, "a", b"content").await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = &kept(&path)[0];
    assert_eq!((mode(file), mode(file.parent().unwrap())), (0o600, 0o700));
}

#[tokio::test]
async fn a_file_that_is_gone_is_told_to_the_operator_and_not_to_the_guest() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stores.db");
    let images = container(&at(&path), "images").await;
    put(&*images, "a", b"content").await.unwrap();
    fs::remove_file(&kept(&path)[0]).unwrap();
    let error = get(&*images, "a").await.unwrap_err();
    assert!(error.to_string().contains("stores.db-blobs") && error.to_string().contains("backup"), "{error}");
    assert_eq!(error.guest_message(), "the store is unavailable");
    put(&*images, "a", b"again").await.unwrap();
    assert_eq!(get(&*images, "a").await.unwrap(), b"again");
}

#[tokio::test]
async fn a_file_that_was_cut_short_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stores.db");
    let images = container(&at(&path), "images").await;
    put(&*images, "a", &vec![0; 2 * PIECE]).await.unwrap();
    fs::OpenOptions::new().write(true).open(&kept(&path)[0]).unwrap().set_len(PIECE as u64 + 1).unwrap();
    assert!(get(&*images, "a").await.is_err());
}

#[tokio::test]
async fn only_so_many_files_are_open_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let images = container(&at(&directory.path().join("stores.db")), "images").await;
    put(&*images, "a", b"content").await.unwrap();
    let mut readers = Vec::new();
    let refused = loop {
        match images.read("a", 0, 0).await {
            Ok(reader) => readers.push(reader),
            Err(error) => break error,
        }
        assert!(readers.len() < 1000);
    };
    assert_eq!(refused.guest_message(), "too many objects are read and written at once; finish some");
    drop(readers);
    assert_eq!(get(&*images, "a").await.unwrap(), b"content");
}
