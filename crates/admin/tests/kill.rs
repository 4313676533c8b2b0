//! kill -9 at any moment leaves the old version or the new one.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use holm_admin::store::{Draft, Options, Record, Store};
use holm_admin::{AppName, Digest};

const DIR: &str = "HOLM_TEST_KILLED_STATE";
const ROUNDS: u64 = 40;

fn shop() -> AppName {
    "shop".parse().unwrap()
}

fn options() -> Options {
    // With nothing left alone, collecting has work to do.
    Options { keep_versions: 3, blob_grace: Duration::ZERO }
}

/// The two guests of version `version`. They take several writes.
fn guests(version: u64) -> [Vec<u8>; 2] {
    [1, 2].map(|part| format!("guest {part} of version {version}\n").repeat(10_000).into_bytes())
}

/// Deploys, collects, and now and then rolls back or removes another app, until killed.
///
/// Says each version on standard output once it is applied.
#[test]
#[ignore = "the process that is killed; the other test starts it"]
fn deploys_until_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let store = Store::open_with(Path::new(&dir), options()).unwrap();
    loop {
        let next = store.versions(&shop()).ok().and_then(|versions| versions.last().copied()).unwrap_or(0) + 1;
        let put = |bytes: Vec<u8>| {
            let digest = Digest::of(&bytes);
            store.put_blob(digest, 1 << 30, &bytes[..]).unwrap();
            digest
        };
        let [one, two] = guests(next).map(put);
        let guests = BTreeMap::from([("one".to_owned(), one), ("two".to_owned(), two)]);
        let draft = Draft { manifest: next.to_string(), guests, ..Draft::default() };
        let other: AppName = "other".parse().unwrap();
        store.apply(&other, draft.clone(), None).unwrap();
        store.remove(&other).unwrap();
        assert_eq!(store.apply(&shop(), draft, None).unwrap().version, next);
        say(next);
        if next.is_multiple_of(4) {
            say(store.rollback(&shop(), None, None).unwrap().version);
            say(store.rollback(&shop(), Some(next), None).unwrap().version);
        }
        store.collect().unwrap();
    }
}

fn say(version: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "at {version}").unwrap();
    out.flush().unwrap();
}

/// Starts the process above, kills it after a while, and answers the last version it spoke of.
/// With `busy`, the while begins when it has spoken, however slow the machine is.
fn deploy_and_kill(dir: &Path, busy: bool, after: Duration) -> Option<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "deploys_until_killed", "--ignored", "--nocapture", "--quiet"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let version = |line: String| line.strip_prefix("at ").and_then(|version| version.parse().ok());
    let mut said = out.lines().map_while(Result::ok).filter_map(version);
    let first = if busy { said.next() } else { None };
    std::thread::sleep(after);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "it failed before it was killed");
    said.last().or(first)
}

fn assert_whole(store: &Store, record: &Record) {
    assert_eq!(record.manifest, record.version.to_string());
    for (name, expected) in ["one", "two"].into_iter().zip(guests(record.version)) {
        assert!(store.read_blob(&record.guests[name].digest).unwrap() == expected, "{name} of {}", record.version);
    }
}

#[test]
fn a_server_killed_at_any_step_has_the_old_version_or_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut deployed = 0;
    for round in 0..ROUNDS {
        // Spread over the start and several deploys.
        let after = Duration::from_millis(5 + (round * 37) % 150);
        let said = deploy_and_kill(dir.path(), round % 2 == 1, after);
        let store = Store::open_with(dir.path(), options()).unwrap();
        assert_eq!(store.problems(), []);
        let Ok(current) = store.current(&shop()) else {
            assert!(said.is_none() && deployed == 0, "version {said:?} of round {round} is gone");
            continue;
        };
        assert_whole(&store, &current);
        for version in store.versions(&shop()).unwrap() {
            assert_whole(&store, &store.version(&shop(), version).unwrap());
        }
        // What was said to be done is done; at most one more step is.
        let said = said.unwrap_or(deployed);
        assert!(current.version.abs_diff(said) <= 1, "{said} was current, {} is", current.version);
        deployed = current.version;
    }
    assert!(deployed > 0, "no deploy was ever finished, so nothing was tested");
}
