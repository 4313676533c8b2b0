//! Compiling for a server: in other processes, under limits, first fast and then well.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value as Json;
use tempfile::{TempDir, tempdir};

use crate::support::{Holm, bomb, carrying, guest, holm};

/// Only a guard: nothing is measured.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder, and a cache in it that is not there yet.
fn room() -> (TempDir, PathBuf) {
    let dir = tempdir().unwrap();
    let cache = dir.path().join("cache");
    (dir, cache)
}

/// Enough code to start on the fast compiler.
fn large(dir: &Path) -> PathBuf {
    let body = "(drop (i64.mul (i64.const 0x123456789abcdef) (i64.const 0x123456789abcdef)))".repeat(200);
    carrying(dir, &format!("(module {})", format!("(func {body})").repeat(100)))
}

/// A server that runs, until it is dropped.
struct Server {
    child: Child,
    stderr: BufReader<ChildStderr>,
    address: String,
}

impl Server {
    fn start(cache: &Path, flags: &[&str], guest: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holm"));
        command
            .env_clear()
            .env("HOLM_CACHE_DIR", cache)
            .env("HOME", "/nonexistent")
            .args(["serve", "--addr", "127.0.0.1:0"])
            .args(flags);
        let mut child = command.arg(guest).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        while !first.contains("http://") {
            first.clear();
            assert_ne!(stderr.read_line(&mut first).unwrap(), 0, "it ended");
        }
        let address = first.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self { child, stderr, address }
    }

    fn answers(&self) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    }

    /// Whether it has mapped this file.
    fn maps(&self, file: &Path) -> bool {
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.child.id())).unwrap();
        maps.contains(file.to_str().unwrap())
    }

    /// The processes it started.
    fn children(&self) -> Vec<Pid> {
        let parent = format!("PPid:\t{}\n", self.child.id());
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let pids = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
        pids.filter(|pid| fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|s| s.contains(&parent)))
            .filter_map(Pid::from_raw)
            .collect()
    }

    /// The next line it says that is not about a request.
    fn says(&mut self) -> String {
        let mut line = String::new();
        while line.is_empty() || is_access(&line) {
            line.clear();
            assert_ne!(self.stderr.read_line(&mut line).unwrap(), 0, "it ended");
        }
        line
    }

    /// Its exit code after SIGTERM, and what it said besides its address and requests.
    fn stop(mut self) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        let rest = said.lines().filter(|line| !is_access(line)).collect();
        (self.child.wait().unwrap().code(), rest)
    }
}

/// Whether a line of the log is about a request that was answered.
fn is_access(line: &str) -> bool {
    line.contains(" info ") && line.contains(" HTTP/1.1 ")
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "{what}: still not so");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The entries of a cache by tier.
fn entry(cache: &Path, tier: &str) -> Option<PathBuf> {
    let shown: Json = serde_json::from_str(&holm(["cache", "--json"]).cache(cache).prints()).unwrap();
    let found = shown["entries"].as_array().unwrap().iter().find(|entry| entry["settings"]["tier"] == tier)?;
    let digest = found["digest"].as_str().unwrap().to_owned();
    code_files(cache).into_iter().find(|path| {
        let same = path.file_name().unwrap().to_str().unwrap().starts_with(&digest);
        same && fs::metadata(path).unwrap().len() == found["bytes"].as_u64().unwrap()
    })
}

fn code_files(cache: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "cwasm")).collect()
}

fn serve(cache: &Path, flags: &[&str], guest: &Path) -> Holm {
    holm(["serve", "--addr", "127.0.0.1:0"]).args(flags).arg(guest).cache(cache)
}

#[test]
fn code_comes_back_through_the_cache() {
    let (_dir, cache) = room();
    let server = Server::start(&cache, &[], &guest("serve-hello.p2.wasm"));
    server.answers();
    assert!(server.maps(&entry(&cache, "optimized").unwrap()));
    let names: Vec<_> = fs::read_dir(&cache).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "the key and the code: {names:?}");
    assert_eq!(server.stop(), (Some(0), String::new()));
}

#[test]
fn without_a_cache_code_comes_back_as_well() {
    let (_dir, cache) = room();
    let server = Server::start(&cache, &["--no-cache"], &guest("serve-hello.p2.wasm"));
    server.answers();
    assert!(!cache.exists());
    assert_eq!(server.stop(), (Some(0), String::new()));
}

#[test]
fn code_that_cannot_be_kept_is_served_all_the_same() {
    let (_dir, cache) = room();
    Server::start(&cache, &[], &guest("serve-hello.p2.wasm")).answers();
    let entry = code_files(&cache).remove(0);
    fs::remove_file(&entry).unwrap();
    // Nothing can be renamed over a folder.
    fs::create_dir(&entry).unwrap();
    let server = Server::start(&cache, &[], &guest("serve-hello.p2.wasm"));
    server.answers();
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn a_large_guest_is_served_at_once_and_improved_meanwhile() {
    let (dir, cache) = room();
    let server = Server::start(&cache, &[], &large(dir.path()));
    let fast = entry(&cache, "fast").expect("fast code first");
    server.answers();
    until("optimised code", || entry(&cache, "optimized").is_some());
    let optimized = entry(&cache, "optimized").unwrap();
    until("the new code in place of the old", || server.maps(&optimized) && !server.maps(&fast));
    server.answers();
    assert_eq!(server.stop(), (Some(0), String::new()));
    // The next server begins with what is best.
    let server = Server::start(&cache, &[], &large(dir.path()));
    server.answers();
    assert!(server.maps(&optimized) && !server.maps(&fast));
}

#[test]
fn an_invalid_guest_is_refused_with_the_compilers_reason() {
    let (dir, cache) = room();
    let path = carrying(dir.path(), "(module (func (result i32) i64.const 1))");
    let error = serve(&cache, &[], &path).naming(dir.path(), "[dir]").fails(126);
    assert!(error.starts_with("error: [dir]/guest.wasm: not valid WebAssembly: "), "{error}");
    assert!(error.contains("type mismatch: expected i32, found i64"), "{error}");
}

/// A bomb that the optimising compiler gets at once.
fn small_bomb(dir: &Path) -> PathBuf {
    carrying(dir, &bomb(7000))
}

/// A bomb that only goes off in the background.
fn large_bomb(dir: &Path) -> PathBuf {
    carrying(dir, &bomb(12000))
}

#[test]
fn a_guest_that_compiles_for_too_long_is_refused() {
    let (dir, cache) = room();
    let path = small_bomb(dir.path());
    insta::assert_snapshot!(serve(&cache, &["--compile-cpu", "1s"], &path).naming(dir.path(), "[dir]").fails(126), @r"
    error: compiling [dir]/guest.wasm took more than 1s of CPU time
    hint: --compile-cpu allows more
    ");
    assert_eq!(code_files(&cache), Vec::<PathBuf>::new());
}

#[test]
fn a_guest_that_compiles_with_too_much_memory_is_refused() {
    let (dir, cache) = room();
    let path = small_bomb(dir.path());
    insta::assert_snapshot!(serve(&cache, &["--compile-memory", "200MiB"], &path).naming(dir.path(), "[dir]").fails(126), @r"
    error: compiling [dir]/guest.wasm took more than 200MiB of memory
    hint: --compile-memory allows more
    ");
    assert_eq!(code_files(&cache), Vec::<PathBuf>::new());
}

#[test]
fn a_guest_that_cannot_be_improved_is_served_as_it_is() {
    let (dir, cache) = room();
    let mut server = Server::start(&cache, &["--compile-cpu", "1s"], &large_bomb(dir.path()));
    server.answers();
    let warning = server.says();
    let expected = "warning: guest: no optimised code could be made, so it stays as it is: compiling ";
    assert!(warning.starts_with(expected), "{warning}");
    server.answers();
    assert!(server.maps(&entry(&cache, "fast").unwrap()));
    assert_eq!(server.stop(), (Some(0), String::new()));
}

#[test]
fn a_server_that_stops_waits_for_no_compiler_and_leaves_none() {
    let (dir, cache) = room();
    let server = Server::start(&cache, &[], &large_bomb(dir.path()));
    until("a compiler in the background", || !server.children().is_empty());
    let compilers = server.children();
    server.answers();
    assert_eq!(server.stop(), (Some(0), String::new()));
    let alive = |pid: &Pid| Path::new("/proc").join(pid.as_raw_pid().to_string()).exists();
    until("the end of the compiler", || !compilers.iter().any(alive));
    assert!(entry(&cache, "optimized").is_none(), "it did not end before it was done");
}

#[test]
fn a_compiler_has_nothing_of_the_servers_environment() {
    let (dir, cache) = room();
    let server = Server::start(&cache, &[], &large_bomb(dir.path()));
    until("a compiler in the background", || !server.children().is_empty());
    let environment = |pid: &Pid| fs::read(format!("/proc/{}/environ", pid.as_raw_pid())).unwrap_or_default();
    let expected = format!("HOLM_CACHE_DIR={}\0", cache.display()).into_bytes();
    // It has the server's own until it becomes another program.
    until("an environment of its own", || server.children().iter().all(|pid| environment(pid) == expected));
}
