//! A full disk leaves the old state.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use holm_admin::store::{Draft, Store, StoreError};
use holm_admin::{AppName, Digest};

const DIR: &str = "HOLM_TEST_FULL_STATE";

fn shop() -> AppName {
    "shop".parse().unwrap()
}

fn deploy(store: &Store, text: &str) -> Result<u64, StoreError> {
    let bytes = text.repeat(3000).into_bytes();
    let digest = Digest::of(&bytes);
    store.put_blob(digest, 1 << 20, &bytes[..])?;
    let guests = BTreeMap::from([("guest".to_owned(), digest)]);
    Ok(store.apply(&shop(), Draft { manifest: text.to_owned(), guests, ..Draft::default() }, None)?.version)
}

/// Asserts that exactly version 1 is there and whole, now and after a restart.
fn assert_first(dir: &Path, store: Store) -> Store {
    assert_eq!(store.current_version(&shop()), Some(1));
    drop(store);
    let store = Store::open(dir).unwrap();
    assert_eq!(store.problems(), []);
    let record = store.current(&shop()).unwrap();
    assert_eq!((record.version, record.manifest.as_str()), (1, "first"));
    store.read_blob(&record.guests["guest"].digest).unwrap();
    store
}

/// Writes a file as large as there is room for, but for `pages` pages.
fn fill(path: &Path, pages: usize) {
    let mut bytes = vec![1; 64 << 20];
    let _ = fs::write(path, &bytes);
    let written = fs::metadata(path).unwrap().len();
    bytes.truncate(usize::try_from(written).unwrap().saturating_sub(pages * 4096));
    fs::write(path, &bytes).unwrap();
}

#[test]
#[ignore = "runs on a tiny disk of its own; the other test starts it"]
fn on_a_tiny_disk() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let dir = Path::new(&dir);
    let state = dir.join("state");
    let mut store = Store::open(&state).unwrap();
    deploy(&store, "first").unwrap();
    let mut refused = 0;
    // With each page more, the deploy gets one step further before the disk is full.
    for pages in 0..50 {
        fill(&dir.join("ballast"), pages);
        match deploy(&store, "second") {
            Err(StoreError::Full { .. }) => refused += 1,
            Err(other) => panic!("{other}"),
            Ok(version) => {
                assert_eq!(version, 2);
                // At least the guest, the record and the file that makes it current.
                assert!(refused >= 3, "only {refused} deploys were refused");
                return;
            }
        }
        store = assert_first(&state, store);
    }
    panic!("the deploy never went through");
}

#[test]
#[ignore = "runs under a limit on file sizes; the other test starts it"]
fn under_a_limit_on_file_sizes() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let dir = Path::new(&dir);
    let store = Store::open(dir).unwrap();
    deploy(&store, "first").unwrap();
    // The guest is too large, then the record is.
    let error = deploy(&store, &"too large".repeat(100)).unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    let store = assert_first(dir, store);
    let draft = Draft { manifest: "x".repeat(100_000), ..Draft::default() };
    let error = store.apply(&shop(), draft, None).unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    let store = assert_first(dir, store);
    assert_eq!(deploy(&store, "second").unwrap(), 2);
}

/// Runs one of the tests above from a shell, `program`, that has done `setup`. There, `$1` is the
/// directory of the state.
fn run(program: &[&str], setup: &str, test: &str, dir: &Path) -> Output {
    let script = format!("{setup} && exec \"$2\" --exact {test} --ignored --nocapture");
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).args(["-c", &script, "sh"]);
    command.arg(dir).arg(std::env::current_exe().unwrap()).env(DIR, dir).output().unwrap()
}

fn assert_passed(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn a_full_disk_leaves_the_old_version_at_every_step() {
    let dir = tempfile::tempdir().unwrap();
    // In a mount namespace of its own, which goes away with the process.
    let namespace = ["unshare", "--mount", "sh"];
    let may_mount = Command::new("unshare").args(["--mount", "mount", "-t", "tmpfs", "none"]).arg(dir.path()).output();
    if !may_mount.is_ok_and(|output| output.status.success()) {
        eprintln!("may not mount a disk: only the limit on file sizes is tested");
        return;
    }
    let mount = "mount -t tmpfs -o size=256k,mode=700 none \"$1\"";
    assert_passed(&run(&namespace, mount, "on_a_tiny_disk", dir.path()));
}

#[test]
fn a_limit_on_file_sizes_leaves_the_old_version() {
    let dir = tempfile::tempdir().unwrap();
    // In blocks of 512 bytes. The signal would end the process before it sees the error.
    assert_passed(&run(&["sh"], "trap '' XFSZ && ulimit -f 64", "under_a_limit_on_file_sizes", dir.path()));
}
