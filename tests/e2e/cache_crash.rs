//! The code cache among many processes, when they are killed, and on a full disk.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::tempdir;

use crate::support::{Holm, holm};

fn hello(cache: &Path) -> Holm {
    holm(["run"]).guest("hello.p1.wasm").cache(cache).naming(cache, "[cache]")
}

const HELLO: &str = "Hello from Holm!\n";

fn files(cache: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(cache) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).collect()
}

fn finished(cache: &Path) -> Option<PathBuf> {
    files(cache).into_iter().find(|path| path.extension().is_some_and(|extension| extension == "cwasm"))
}

fn unfinished(cache: &Path) -> usize {
    let names = files(cache).into_iter().filter_map(|path| path.file_name()?.to_str().map(str::to_owned));
    names.filter(|name| name.starts_with(".holm-")).count()
}

#[test]
fn processes_that_fill_one_cache_at_once_do_not_disturb_each_other() {
    let dir = tempdir().unwrap();
    for round in 0..5 {
        let cache = dir.path().join(round.to_string());
        thread::scope(|scope| {
            let runs: Vec<_> = (0..6).map(|_| scope.spawn(|| hello(&cache).prints())).collect();
            for run in runs {
                assert_eq!(run.join().unwrap(), HELLO);
            }
        });
        assert_eq!(unfinished(&cache), 0);
        let kept = fs::metadata(finished(&cache).unwrap()).unwrap().ino();
        assert_eq!(hello(&cache).prints(), HELLO);
        assert_eq!(fs::metadata(finished(&cache).unwrap()).unwrap().ino(), kept);
    }
}

/// Runs again after a kill: it works, quietly, and an entry that was finished before is whole and used.
fn recovers(cache: &Path) {
    let before = finished(cache).map(|path| fs::metadata(path).unwrap().ino());
    assert_eq!(hello(cache).prints(), HELLO);
    let after = fs::metadata(finished(cache).unwrap()).unwrap().ino();
    assert!(before.is_none_or(|before| before == after), "there was a broken entry");
}

#[test]
fn a_process_killed_at_any_moment_leaves_nothing_broken() {
    let dir = tempdir().unwrap();
    let begun = Instant::now();
    hello(&dir.path().join("whole")).prints();
    let whole = begun.elapsed();
    for round in 0..20_u32 {
        let cache = dir.path().join(round.to_string());
        let running = hello(&cache).starts();
        // Anywhere between the first instruction and the last; whether it has ended by then does not matter.
        thread::sleep(whole * round / 20);
        running.signal(Signal::KILL);
        running.ends();
        recovers(&cache);
    }
}

#[test]
fn a_process_killed_while_it_writes_leaves_nothing_broken() {
    let dir = tempdir().unwrap();
    let mut halves = 0;
    for round in 0..20_u32 {
        let cache = dir.path().join(round.to_string());
        fs::create_dir(&cache).unwrap();
        fs::set_permissions(&cache, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        // The key is written in the same way, so it is made beforehand in most rounds.
        if round % 4 != 0 {
            holm(["cache"]).cache(&cache).prints();
        }
        let running = hello(&cache).starts();
        let patience = Instant::now() + Duration::from_secs(60);
        while unfinished(&cache) == 0 && finished(&cache).is_none() && Instant::now() < patience {
            thread::yield_now();
        }
        running.signal(Signal::KILL);
        running.ends();
        halves += unfinished(&cache);
        recovers(&cache);
    }
    // Otherwise the test looked away at the wrong moment every time.
    assert!(halves > 0, "no process was caught while it wrote");
}

#[test]
fn what_a_killed_process_left_is_cleared() {
    let dir = tempdir().unwrap();
    hello(dir.path()).prints();
    let left = dir.path().join(".holm-1-0123456789abcdef");
    fs::write(&left, "half").unwrap();
    fs::File::open(&left).unwrap().set_modified(std::time::SystemTime::now() - Duration::from_secs(7200)).unwrap();
    holm(["cache", "prune"]).cache(dir.path()).prints();
    assert!(!left.exists() && finished(dir.path()).is_some());
}

/// A file system of this many bytes, where we may mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, size: &str) -> Option<Self> {
        let options = format!("size={size},mode=700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "holm-test"]).arg(at).output();
        mounted.is_ok_and(|mounted| mounted.status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_said_once_and_the_guest_runs() {
    let dir = tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(dir.path(), "64k") else {
        eprintln!("skipped: this user may not mount a small file system");
        return;
    };
    for _ in 0..2 {
        let ended = hello(&disk.0).ends();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), HELLO), "{ended:?}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(ended.stderr, @"warning: the compiled code could not be kept in [cache]: No space left on device");
        }
        assert_eq!((unfinished(&disk.0), finished(&disk.0)), (0, None));
    }
}

#[test]
fn a_disk_too_full_for_a_key_is_said_once_and_the_guest_runs() {
    let dir = tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(dir.path(), "4k") else {
        eprintln!("skipped: this user may not mount a small file system");
        return;
    };
    fs::write(disk.0.join("full"), [0; 4096]).unwrap();
    let ended = hello(&disk.0).ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), HELLO), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert_eq!(unfinished(&disk.0), 0);
}

#[test]
fn a_disk_that_became_read_only_serves_what_it_has() {
    let dir = tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(dir.path(), "16m") else {
        eprintln!("skipped: this user may not mount a small file system");
        return;
    };
    assert_eq!(hello(&disk.0).prints(), HELLO);
    let read_only = Command::new("mount").args(["-o", "remount,ro"]).arg(&disk.0).status().unwrap();
    assert!(read_only.success());
    assert_eq!(hello(&disk.0).prints(), HELLO);
    let other = holm(["run"]).guest("wc.p1.wasm").cache(&disk.0).ends();
    assert_eq!((other.code, other.stdout.as_str()), (Some(0), "0 0 0\n"), "{other:?}");
    assert_eq!(other.stderr.lines().count(), 1, "{other:?}");
}
