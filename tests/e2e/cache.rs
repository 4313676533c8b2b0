//! The code cache: what was compiled once is not compiled again, and nothing doubtful is ever run.
//!
//! What is compiled is kept under a temporary name and renamed, so an entry that is the same file as before (inode and
//! time) was used, and one that is another file was made again.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use tempfile::{TempDir, tempdir};

use crate::support::{Holm, holm};

/// A cache that is not there yet.
fn cache() -> (TempDir, PathBuf) {
    let dir = tempdir().unwrap();
    let cache = dir.path().join("cache");
    (dir, cache)
}

fn hello(cache: &Path) -> Holm {
    holm(["run"]).guest("hello.p1.wasm").cache(cache).naming(cache, "[cache]")
}

const HELLO: &str = "Hello from Holm!\n";

/// The files of compiled code, and what tells one from another that took its place.
fn entries(cache: &Path) -> BTreeMap<PathBuf, (u64, i64, i64)> {
    let files = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path());
    let code = files.filter(|path| path.extension().is_some_and(|extension| extension == "cwasm"));
    code.map(|path| {
        let metadata = fs::metadata(&path).unwrap();
        (path, (metadata.ino(), metadata.ctime(), metadata.ctime_nsec()))
    })
    .collect()
}

/// The one entry there is.
fn entry(cache: &Path) -> PathBuf {
    let entries = entries(cache);
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.into_keys().next().unwrap()
}

/// What `holm cache` says of it.
fn shown(cache: &Path) -> Json {
    serde_json::from_str(&holm(["cache", "--json"]).cache(cache).prints()).unwrap()
}

#[test]
fn a_second_run_does_not_compile() {
    for name in ["hello.p1.wasm", "hello.p2.wasm", "preview0.wat"] {
        let (_dir, cache) = cache();
        let run = || holm(["run"]).guest(name).cache(&cache).ends();
        let first = run();
        let before = entries(&cache);
        assert_eq!(before.len(), 1, "{before:?}");
        let second = run();
        assert_eq!((first.code, first.stdout), (second.code, second.stdout));
        assert_eq!(entries(&cache), before, "{name}");
    }
}

#[test]
fn other_settings_are_another_entry() {
    let (_dir, cache) = cache();
    hello(&cache).prints();
    let fuel = || holm(["run", "--fuel", "100000000"]).guest("hello.p1.wasm").cache(&cache).prints();
    assert_eq!(fuel(), HELLO);
    assert_eq!(entries(&cache).len(), 2);
    assert_eq!((fuel(), hello(&cache).prints()), (HELLO.into(), HELLO.into()));
    assert_eq!(entries(&cache).len(), 2);
}

#[test]
fn the_cache_is_shown_as_text_and_as_json() {
    let (_dir, cache) = cache();
    let text = || holm(["cache"]).cache(&cache).naming(&cache, "[cache]").prints();
    assert!(text().starts_with("0 entries, "), "{}", text());
    hello(&cache).prints();
    let shown = shown(&cache);
    assert_eq!(shown["directory"], cache.to_str().unwrap());
    let entries = shown["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    assert!(entries[0]["name"].as_str().unwrap().ends_with("hello.p1.wasm"), "{shown}");
    assert_eq!(entries[0]["settings"]["tier"], "optimized");
    assert_eq!(entries[0]["bytes"].as_u64().unwrap(), fs::metadata(entry(&cache)).unwrap().len());
    assert!(text().contains("hello.p1.wasm\n1 entry, "), "{}", text());
}

#[test]
fn the_cache_is_cleared_and_pruned() {
    let (_dir, cache) = cache();
    let cache_command = |words: &[&str]| holm(["cache"]).args(words).cache(&cache).prints();
    hello(&cache).prints();
    holm(["run"]).guest("hello.p2.wasm").cache(&cache).prints();
    cache_command(&["prune", "1GiB"]);
    assert_eq!(entries(&cache).len(), 2);
    cache_command(&["prune", "1"]);
    assert_eq!(entries(&cache).len(), 0);
    assert_eq!(hello(&cache).prints(), HELLO);
    let cleared: Json = serde_json::from_str(&cache_command(&["clear", "--json"])).unwrap();
    assert_eq!(cleared["files"], 1, "{cleared}");
    assert_eq!(entries(&cache).len(), 0);
    assert_eq!(hello(&cache).prints(), HELLO);
}

#[test]
fn without_the_cache_nothing_is_written() {
    let (_dir, cache) = cache();
    let run = holm(["run", "--no-cache"]).guest("hello.p1.wasm").cache(&cache);
    assert_eq!(run.prints(), HELLO);
    assert!(!cache.exists());
}

#[test]
fn a_damaged_entry_is_made_again() {
    let (_dir, cache) = cache();
    hello(&cache).prints();
    let path = entry(&cache);
    let whole = fs::read(&path).unwrap();
    let places = [0, 100, whole.len() / 4, whole.len() / 2, whole.len() - 40, whole.len() - 12, whole.len() - 1];
    for at in places {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xff;
        fs::write(&path, &damaged).unwrap();
        assert_eq!(hello(&cache).prints(), HELLO, "byte {at}");
        assert_ne!(fs::read(&path).unwrap(), damaged, "byte {at}");
        let before = entries(&cache);
        assert_eq!(hello(&cache).prints(), HELLO, "byte {at}");
        assert_eq!(entries(&cache), before, "byte {at}");
    }
}

#[test]
fn a_cut_entry_is_made_again() {
    let (_dir, cache) = cache();
    hello(&cache).prints();
    let path = entry(&cache);
    let whole = fs::read(&path).unwrap();
    for length in [0, 1, 16, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(hello(&cache).prints(), HELLO, "{length} bytes");
        assert!(fs::metadata(&path).unwrap().len() > length as u64);
    }
}

#[test]
fn an_entry_of_somebody_else_is_made_again() {
    let ((_dir, ours), (_other_dir, theirs)) = (cache(), cache());
    hello(&ours).prints();
    hello(&theirs).prints();
    let path = entry(&ours);
    fs::copy(entry(&theirs), &path).unwrap();
    let foreign = fs::read(&path).unwrap();
    assert_eq!(hello(&ours).prints(), HELLO);
    assert_ne!(fs::read(&path).unwrap(), foreign);
}

#[test]
fn an_entry_under_the_name_of_another_guest_is_not_run() {
    let (_dir, cache) = cache();
    hello(&cache).prints();
    let hellos = entry(&cache);
    let preview0 = || holm(["run"]).guest("preview0.wasm").cache(&cache).ends();
    preview0();
    let other = entries(&cache).into_keys().find(|path| *path != hellos).unwrap();
    fs::copy(&hellos, &other).unwrap();
    assert_eq!(preview0().stdout, "Hello from WASI preview0\n");
}

#[test]
fn a_lost_or_damaged_key_makes_all_entries_again() {
    let (_dir, cache) = cache();
    hello(&cache).prints();
    let key = cache.join("key");
    let damages: [fn(&Path) -> io::Result<()>; 3] =
        [|key| fs::remove_file(key), |key| fs::write(key, "short"), |key| fs::write(key, [7; 32])];
    for damage in damages {
        let before = entries(&cache);
        damage(&key).unwrap();
        assert_eq!(hello(&cache).prints(), HELLO);
        assert_ne!(entries(&cache), before);
    }
}

#[test]
fn a_directory_that_others_can_write_is_not_used() {
    let (_dir, cache) = cache();
    fs::create_dir(&cache).unwrap();
    fs::set_permissions(&cache, Permissions::from_mode(0o777)).unwrap();
    let ended = hello(&cache).ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), HELLO));
    insta::assert_snapshot!(ended.stderr, @"warning: the cache directory [cache] can be written by others: guests are compiled every time (--no-cache says nothing)");
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 0);
    insta::assert_snapshot!(holm(["cache"]).cache(&cache).naming(&cache, "[cache]").fails(126), @r"
    error: the cache directory [cache] can be written by others
    hint: compiled code is kept only where nobody else can change it
    hint: `chmod 700 [cache]`, or set HOLM_CACHE_DIR to a private directory
    ");
}

#[test]
fn a_file_in_place_of_the_directory_is_said_once() {
    let (_dir, cache) = cache();
    fs::write(&cache, "").unwrap();
    let ended = hello(&cache).ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), HELLO));
    insta::assert_snapshot!(ended.stderr, @"warning: cannot use the cache directory [cache]: File exists: guests are compiled every time (--no-cache says nothing)");
}

#[test]
fn a_directory_that_cannot_be_made_is_said_once() {
    for dir in ["/proc/holm-cache", "/dev/null/cache"] {
        let ended = hello(Path::new(dir)).ends();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), HELLO), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        assert!(ended.stderr.starts_with("warning: cannot use the cache directory [cache]: "), "{ended:?}");
    }
}

#[test]
fn nowhere_to_keep_code_is_said_once() {
    let homeless =
        |flag: &str| holm(["run", flag]).guest("hello.p1.wasm").without_env("HOLM_CACHE_DIR").without_env("HOME");
    let ended = homeless("--no-manifest").ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), HELLO));
    insta::assert_snapshot!(ended.stderr, @"warning: there is no home directory for a code cache: guests are compiled every time (--no-cache says nothing)");
    assert_eq!(homeless("--no-cache").prints(), HELLO);
    insta::assert_snapshot!(holm(["cache"]).without_env("HOLM_CACHE_DIR").without_env("HOME").fails(125), @r"
    error: there is no home directory for a cache
    hint: HOLM_CACHE_DIR names one
    ");
}

#[test]
fn the_cache_lies_where_caches_lie() {
    let home = tempdir().unwrap();
    let run = || holm(["run"]).guest("hello.p1.wasm").without_env("HOLM_CACHE_DIR").env("HOME", home.path());
    run().prints();
    assert_eq!(entries(&home.path().join(".cache/holm")).len(), 1);
    run().env("XDG_CACHE_HOME", home.path().join("xdg")).prints();
    assert_eq!(entries(&home.path().join("xdg/holm")).len(), 1);
}

#[test]
fn a_new_cache_is_private() {
    let (_dir, cache) = cache();
    hello(&cache).prints();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&cache), 0o700);
    assert_eq!(mode(&cache.join("key")), 0o600);
}
