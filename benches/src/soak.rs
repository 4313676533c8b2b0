//! Full load for ten minutes (or as many seconds as `SOAK` says), with deploys going on: no request fails, and the
//! server's memory does not grow.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::measure::{mib, resident};
use crate::peers::{guest, holm};
use crate::serve::start;

const CONNECTIONS: usize = 16;

pub fn run() {
    let seconds = std::env::var("SOAK").ok().and_then(|text| text.parse().ok()).unwrap_or(600);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(holm());
    command.args(["serve", "--addr", "127.0.0.1:0", "--state"]).arg(dir.path().join("state"));
    command.env("HOLM_CACHE_DIR", dir.path().join("cache"));
    let server = start(command);
    deploy(dir.path(), "serve-hello.p2.wasm");
    let (stop, answered, failed, deploys) = (AtomicBool::new(false), count(), count(), count());
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| load(&server.address, &stop, &answered, &failed));
        }
        scope.spawn(|| {
            let guests = ["serve-hello.p2.wasm", "serve-hello.p3.wasm", "serve-kit.p2.wasm"];
            for guest in guests.iter().cycle().take_while(|_| !stop.load(Relaxed)) {
                deploy(dir.path(), guest);
                deploys.fetch_add(1, Relaxed);
                thread::sleep(Duration::from_millis(500));
            }
        });
        let step = Duration::from_secs(seconds).div_f64(10.0);
        for _ in 0..10 {
            thread::sleep(step);
            println!(
                "{:>4} s: {} answered, {} failed, {} deploys, {} resident",
                begun.elapsed().as_secs(),
                answered.load(Relaxed),
                failed.load(Relaxed),
                deploys.load(Relaxed),
                mib(resident(server.child.id()))
            );
        }
        stop.store(true, Relaxed);
    });
    assert_eq!(failed.load(Relaxed), 0, "requests failed");
}

fn count() -> AtomicU64 {
    AtomicU64::new(0)
}

fn deploy(dir: &Path, name: &str) {
    let manifest = dir.join("app.toml");
    let text = format!("holm = 1\nname = \"app\"\nguest = \"{}\"\n", guest(name).display());
    std::fs::write(&manifest, text).expect("the folder is writable");
    let to = format!("unix:{}", dir.join("state/admin.sock").display());
    let mut command = Command::new(holm());
    let done = command.arg("deploy").arg(&manifest).args(["--to", &to]).output().expect("holm starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Each of the versions answers this path: two greet whoever asks anything, and the kit says that it has none of that.
fn load(address: &str, stop: &AtomicBool, answered: &AtomicU64, failed: &AtomicU64) {
    let mut clients: Vec<Client> = (0..CONNECTIONS).map(|_| Client::connect(address)).collect();
    while !stop.load(Relaxed) {
        clients.iter_mut().for_each(|client| client.send("localhost", "/status/200"));
        for client in &mut clients {
            match client.receive() {
                200 => answered.fetch_add(1, Relaxed),
                _ => failed.fetch_add(1, Relaxed),
            };
        }
    }
}
