//! Many deployed apps: how soon one that was never loaded answers, and what they cost.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use holm_admin::Digest;
use holm_admin::store::{Draft, Store};

use crate::client::Client;
use crate::measure::{mib, ms, percentile, resident};
use crate::peers::{guest, holm};
use crate::serve::{Server, start};

const DIFFERENT: usize = 1_000;
const MANY: usize = 10_000;
const GUEST: &str = "serve-hello.p2.wasm";

/// Deploys so many apps, at `N.example`; their guests differ in a section that means nothing if they are to.
fn deploy(state: &Path, count: usize, different: bool) {
    let store = Store::open(state).expect("the folder is ours");
    let bytes = std::fs::read(guest(GUEST)).expect("it is there");
    for number in 0..count {
        let mut bytes = bytes.clone();
        if different {
            // A custom section: id 0, its size, a name of one byte, and the number.
            bytes.extend([0, 10, 1, b'n']);
            bytes.extend(u64::try_from(number).expect("a small number").to_le_bytes());
        }
        let digest = Digest::of(&bytes);
        store.put_blob(digest, 1 << 30, bytes.as_slice()).expect("it is stored");
        let manifest = format!("holm = 1\nroutes = \"{number}.example\"\n");
        let draft = Draft { manifest, guests: BTreeMap::from([("g.wasm".to_owned(), digest)]), notes: String::new() };
        let name = format!("app-{number}").parse().expect("a name");
        store.apply(&name, draft, None).expect("it is deployed");
    }
}

fn serve(dir: &Path, configuration: &str) -> Server {
    let file = dir.join("server.toml");
    let text = format!("holm-server = 1\nlisten = \"127.0.0.1:0\"\nstate = \"state\"\n{configuration}\n");
    std::fs::write(&file, text).expect("the folder is writable");
    let mut command = Command::new(holm());
    command.args(["serve", "--server-config"]).arg(file);
    command.env("HOLM_CACHE_DIR", dir.join("cache"));
    start(command)
}

/// Asks each of these apps once, and returns how long each took, sorted.
fn ask(server: &Server, apps: std::ops::Range<usize>) -> Vec<Duration> {
    let mut client = Client::connect(&server.address);
    // The connection's own beginning is not what is measured.
    assert_eq!(client.get("nobody.example", "/").0, 404);
    let mut took: Vec<Duration> = apps
        .map(|number| {
            let (status, took) = client.get(&format!("{number}.example"), "/");
            assert_eq!(status, 200, "app {number}");
            took
        })
        .collect();
    took.sort_unstable();
    took
}

/// The first request to each of 1,000 apps with guests of their own that this process has never loaded.
pub fn cold() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    deploy(&dir.path().join("state"), DIFFERENT, true);
    let quiet = "[log]\naccess = false";
    // Compiles them.
    ask(&serve(dir.path(), quiet), 0..DIFFERENT);
    let server = serve(dir.path(), quiet);
    let cold = ask(&server, 0..DIFFERENT);
    let warm = ask(&server, 0..DIFFERENT);
    for (name, took) in [("first request", &cold), ("second", &warm)] {
        println!(
            "{name:<16} p50 {:>8} p90 {:>8} p99 {:>8} slowest {:>8}",
            ms(percentile(took, 50)),
            ms(percentile(took, 90)),
            ms(percentile(took, 99)),
            ms(percentile(took, 100))
        );
    }
}

/// 10,000 apps: how soon the server is ready, and its memory with none, 1,000 and hardly any of them loaded.
pub fn many() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    deploy(&dir.path().join("state"), MANY, false);
    let begun = Instant::now();
    let server = serve(dir.path(), "[log]\naccess = false\n[ceilings]\ncode = \"16MiB\"");
    println!("ready in {}", ms(begun.elapsed()));
    let id = server.child.id();
    let idle = resident(id);
    println!("{MANY} apps, none loaded: {}", mib(idle));
    ask(&server, 0..1);
    let one = resident(id);
    ask(&server, 1..DIFFERENT + 1);
    let loaded = resident(id);
    let each = loaded.saturating_sub(one) / DIFFERENT as u64 / 1024;
    println!("{DIFFERENT} of them have just answered: {}, {each} KiB each", mib(loaded));
    std::thread::sleep(Duration::from_secs(5));
    println!("5 s later, with a budget of 16 MiB for code: {}", mib(resident(id)));
}
