//! examples/polyglot, once `holm build` made it: what a request costs in a fresh instance and in one that is used again, and
//! how long the first takes.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::measure::{median, mib, ms, process_cpu, resident};
use crate::peers::{holm, root};
use crate::serve::{Server, start};

const ROUNDS: usize = 5;
const STARTS: usize = 5;
const REQUESTS: u32 = 400;
const PATH: &str = "/?text=What+a+wonderful+day";

pub fn run() {
    let example = root().join("examples/polyglot");
    for manifest in ["holm.toml", "javascript.toml"] {
        let dir = tempfile::tempdir().expect("a temporary folder");
        if !copy(&example, manifest, dir.path()) {
            println!("{manifest} is not built: `holm build examples/polyglot/{manifest}` makes it");
            continue;
        }
        for reused in [false, true] {
            warm(dir.path(), reused);
        }
        cold(dir.path());
    }
}

/// Copies what the manifest names. Without all of it there is nothing to measure.
fn copy(example: &Path, manifest: &str, to: &Path) -> bool {
    let text = std::fs::read_to_string(example.join(manifest)).expect("the example is there");
    let files = text.split('"').filter(|name| name.ends_with(".wasm"));
    std::fs::write(to.join("holm.toml"), &text).expect("the folder is writable");
    std::fs::write(to.join("fresh.toml"), text.replace("\nreuse = {}\n", "\n")).expect("the folder is writable");
    files.into_iter().all(|file| std::fs::copy(example.join(file), to.join(file)).is_ok())
}

fn serve(dir: &Path, reused: bool, cache: &str) -> Server {
    let mut command = Command::new(holm());
    command.args(["serve", "--addr", "127.0.0.1:0"]).env("HOLM_CACHE_DIR", dir.join(cache));
    command.arg(dir.join(if reused { "holm.toml" } else { "fresh.toml" }));
    start(command)
}

/// Requests one after the other.
fn warm(dir: &Path, reused: bool) {
    let server = serve(dir, reused, "cache");
    let mut client = Client::connect(&server.address);
    let mut get = || assert_eq!(client.get("localhost", PATH).0, 200);
    // Better code is there after a while.
    let settled = Instant::now() + Duration::from_secs(20);
    while Instant::now() < settled {
        get();
    }
    let costs: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let before = process_cpu(server.child.id());
            (0..REQUESTS).for_each(|_| get());
            (process_cpu(server.child.id()) - before) / REQUESTS
        })
        .collect();
    let how = if reused { "used again" } else { "fresh" };
    let (cost, memory) = (ms(median(&costs, |cost| *cost)), mib(resident(server.child.id())));
    println!("an instance that is {how}: {cost} of CPU for each request, {memory} resident");
}

/// From a server that has just started to its first answer: with the code in the cache, and with no cache.
fn cold(dir: &Path) {
    let first = |cache: &str| {
        let start = Instant::now();
        let server = serve(dir, false, cache);
        let listens = start.elapsed();
        let (status, answered) = Client::connect(&server.address).get("localhost", PATH);
        assert_eq!(status, 200);
        (listens, answered)
    };
    let times: Vec<(Duration, Duration)> = (0..STARTS).map(|_| first("cache")).collect();
    let [listens, answered] = [median(&times, |times| times.0), median(&times, |times| times.1)];
    println!("code in the cache: listens after {}, first answer {} later", ms(listens), ms(answered));
    let (listens, answered) = first("none");
    println!("never seen before: listens after {}, first answer {} later", ms(listens), ms(answered));
}
