//! What the SQLite backend promises beyond a process's life.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use holm_services::StorageError;
use holm_services::kv::{KvError, SqliteStores, Store, StoreLimits, Stores, Swap};

const CHILD_FILE: &str = "HOLM_TEST_KV_FILE";

fn open(path: &Path) -> Result<SqliteStores, KvError> {
    SqliteStores::open(path, StoreLimits::default())
}

async fn default_store(path: &Path) -> Arc<dyn Store> {
    open(path).unwrap().open("default").await.unwrap()
}

/// Runs one of the `child_` tests below in a process of its own.
fn child(test: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("sqlite::{test}"), "--ignored", "--nocapture"])
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
async fn child_increments() {
    let store = default_store(&child_file()).await;
    for _ in 0..200 {
        store.increment("n", 1).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "a helper process"]
async fn child_writes_until_killed() {
    let store = default_store(&child_file()).await;
    println!();
    for n in 0.. {
        let pair = |key: &str| (key.to_owned(), format!("{n:>60000}").into_bytes());
        store.set_many(vec![pair("left"), pair("right")]).await.unwrap();
        println!("wrote {n}");
    }
}

#[tokio::test]
#[ignore = "a helper process"]
async fn child_sets_until_killed() {
    let store = default_store(&child_file()).await;
    println!();
    for n in 0_u32.. {
        store.set("n", n.to_string().into_bytes()).await.unwrap();
        println!("wrote {n}");
    }
}

#[tokio::test]
async fn values_outlive_the_handle() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kv.db");
    default_store(&path).await.set("k", b"v".to_vec()).await.unwrap();
    assert_eq!(default_store(&path).await.get("k").await.unwrap().unwrap(), b"v");
}

#[tokio::test]
async fn two_handles_see_each_others_writes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kv.db");
    let (one, two) = (default_store(&path).await, default_store(&path).await);
    one.set("k", b"1".to_vec()).await.unwrap();
    assert_eq!(two.get("k").await.unwrap().unwrap(), b"1");
    two.delete("k").await.unwrap();
    assert!(!one.exists("k").await.unwrap());
}

#[tokio::test]
async fn increments_of_several_processes_are_all_counted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kv.db");
    // The children race to create the file as well.
    let children: Vec<Child> = (0..4).map(|_| child("child_increments", &path)).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    assert_eq!(default_store(&path).await.get("n").await.unwrap().unwrap(), b"800");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_swaps_wins() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kv.db");
    default_store(&path).await.set("k", b"old".to_vec()).await.unwrap();
    let mut swaps = tokio::task::JoinSet::new();
    for n in 0..8_u8 {
        let store = default_store(&path).await;
        swaps.spawn(async move { store.compare_and_swap("k", Some(b"old".to_vec()), vec![n]).await.unwrap() });
    }
    let done = swaps.join_all().await.into_iter().filter(|swap| *swap == Swap::Done).count();
    assert_eq!(done, 1);
}

#[tokio::test]
async fn a_killed_process_loses_nothing_it_was_told_is_stored() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kv.db");
    for round in 1..=5 {
        let mut child = child("child_writes_until_killed", &path);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut last_told = None;
        let mut note = |line: &str| {
            if let Some(n) = line.strip_prefix("wrote ") {
                last_told = Some(n.parse::<u64>().unwrap());
            }
            last_told.is_some_and(|n| n >= round * 5)
        };
        while !note(&lines.next().unwrap().unwrap()) {}
        child.kill().unwrap();
        lines.map_while(Result::ok).for_each(|line| {
            note(&line);
        });
        child.wait().unwrap();

        let store = default_store(&path).await;
        let keys = ["left", "right"].map(str::to_owned).to_vec();
        let values = store.get_many(keys).await.unwrap();
        assert_eq!(values[0], values[1], "a batch is there whole or not at all");
        let value = String::from_utf8(values[0].clone().unwrap()).unwrap();
        assert!(value.trim().parse::<u64>().unwrap() >= last_told.unwrap());
    }
}

#[tokio::test]
async fn what_was_written_at_once_is_there_after_the_process_was_killed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kv.db");
    let mut child = child("child_sets_until_killed", &path);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let last = |line: String| line.strip_prefix("wrote ").and_then(|n| n.parse::<u32>().ok());
    let mut told = 0;
    while told < 3000 {
        told = lines.by_ref().find_map(last).unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    told = lines.filter_map(last).last().unwrap_or(told);
    let value = default_store(&path).await.get("n").await.unwrap().unwrap();
    assert!(String::from_utf8(value).unwrap().parse::<u32>().unwrap() >= told);
}

#[tokio::test]
async fn values_are_the_same_whether_they_are_had_at_once_or_not() {
    let directory = tempfile::tempdir().unwrap();
    let store = default_store(&directory.path().join("kv.db")).await;
    store.set("first", Vec::new()).await.unwrap();
    for length in [0, 1, 65_535, 65_536, 65_537, 1 << 20] {
        let value: Vec<u8> = (0..length).map(|at| at as u8).collect();
        store.set("k", value.clone()).await.unwrap();
        assert!(store.get("k").await.unwrap().as_ref() == Some(&value), "{length}");
        store.delete("k").await.unwrap();
        assert_eq!(store.get("k").await.unwrap(), None);
    }
}

#[tokio::test]
async fn what_is_written_ahead_does_not_grow_without_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kv.db");
    let store = default_store(&path).await;
    for n in 0..4000_u32 {
        store.set(&(n % 100).to_string(), vec![n as u8; 4000]).await.unwrap();
    }
    let ahead = fs::metadata(directory.path().join("kv.db-wal")).unwrap().len();
    assert!(ahead < 8 << 20, "{ahead} bytes");
    assert!(fs::metadata(&path).unwrap().len() > 100 * 4000);
}

#[tokio::test]
async fn a_short_write_waits_until_another_process_has_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kv.db");
    let store = default_store(&path).await;
    store.set("k", b"old".to_vec()).await.unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let holder = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        other.execute_batch("UPDATE entries SET value = x'00'; COMMIT").unwrap();
    });
    assert_eq!(store.get("k").await.unwrap().unwrap(), b"old");
    store.set("k", b"new".to_vec()).await.unwrap();
    holder.join().unwrap();
    assert_eq!(store.get("k").await.unwrap().unwrap(), b"new");
}

#[tokio::test]
async fn a_file_that_is_not_a_database_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    let text = "not a database\n".repeat(100);
    fs::write(&path, &text).unwrap();
    let message = open(&path).unwrap_err().to_string();
    assert!(message.contains("notes.txt: this is not an SQLite database"), "{message}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_database_of_another_program_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let before = fs::read(&path).unwrap();
    let message = open(&path).unwrap_err().to_string();
    assert!(message.contains("belongs to another program"), "{message}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kv.db");
    drop(open(&path).unwrap());
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 3).unwrap();
    let message = open(&path).unwrap_err().to_string();
    assert!(message.contains("version 3"), "{message}");
}

#[tokio::test]
async fn a_damaged_file_is_reported_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kv.db");
    let store = default_store(&path).await;
    for n in 0..100 {
        store.set(&format!("{n}"), vec![7; 3000]).await.unwrap();
    }
    drop(store);
    // It is closed by a thread of its own, which then puts all of it into the one file.
    while directory.path().join("kv.db-wal").exists() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..].fill(0xee);
    fs::write(&path, &bytes).unwrap();

    let error = match open(&path) {
        Ok(stores) => match stores.open("default").await {
            Ok(store) => store.get("50").await.unwrap_err(),
            Err(error) => error,
        },
        Err(error) => error,
    };
    let message = error.to_string();
    assert!(message.contains("kv.db: the database is damaged"), "{message}");
    assert!(message.contains("restore a backup"), "{message}");
    assert!(!error.guest_message().contains("kv.db"));
    assert_eq!(fs::read(&path).unwrap().len(), bytes.len());
}

#[tokio::test]
async fn a_locked_file_is_busy_for_writers_and_open_to_readers() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kv.db");
    let store = default_store(&path).await;
    store.set("k", b"v".to_vec()).await.unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let writing = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.set("k", b"w".to_vec()).await }
    });
    tokio::task::yield_now().await;
    assert_eq!(store.get("k").await.unwrap().unwrap(), b"v");
    assert!(!writing.is_finished());
    assert!(matches!(writing.await.unwrap(), Err(KvError::Storage(StorageError::Busy { .. }))));
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_private_to_their_owner() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("new/state");
    let store = default_store(&state.join("kv.db")).await;
    store.set("k", b"v".to_vec()).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    for file in fs::read_dir(&state).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_directory_that_cannot_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(directory.path().join("probe"), "").is_ok() {
        eprintln!("skipped: this user (root?) may write anywhere");
        return;
    }
    let message = open(&directory.path().join("kv.db")).unwrap_err().to_string();
    assert!(message.contains("kv.db: it cannot be opened for writing"), "{message}");
}

#[test]
fn a_path_that_cannot_be_a_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let message = open(directory.path()).unwrap_err().to_string();
    assert!(message.contains(&directory.path().display().to_string()), "{message}");
    let under_a_file = directory.path().join("file");
    fs::write(&under_a_file, "").unwrap();
    assert!(open(&under_a_file.join("kv.db")).unwrap_err().is_host_fault());
}
