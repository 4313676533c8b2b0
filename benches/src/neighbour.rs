//! A small app's latency beside a neighbour in endless loops.

use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::client::Client;
use crate::measure::{ms, percentile};
use crate::peers::{guest, holm};
use crate::serve::{Server, start};

const REQUESTS: usize = 3_000;
/// Requests of the neighbour, none of which is ever answered.
const LOOPS: usize = 8;

pub fn run() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let app = |name: &str, file: &str, rest: &str| {
        let path = dir.path().join(format!("{name}.toml"));
        let guest = guest(file);
        let text = format!(
            "holm = 1\nname = \"{name}\"\nguest = \"{}\"\nroutes = \"{name}.example\"\n{rest}\n",
            guest.display()
        );
        std::fs::write(&path, text).expect("the folder is writable");
        path
    };
    let mut command = Command::new(holm());
    command.args(["serve", "--addr", "127.0.0.1:0"]);
    command.arg(app("small", "serve-hello.p2.wasm", ""));
    let forever = "[limits]\ncpu = \"1h\"\nwall = \"1h\"\nfirst-byte = \"1h\"";
    command.arg(app("neighbour", "serve-kit.p2.wasm", forever));
    command.env("HOLM_CACHE_DIR", dir.path().join("cache"));
    let server = start(command);
    let alone = ask(&server);
    let _loops: Vec<Client> = (0..LOOPS)
        .map(|_| {
            let mut client = Client::connect(&server.address);
            client.send("neighbour.example", "/loop");
            client
        })
        .collect();
    thread::sleep(Duration::from_secs(1));
    let beside = ask(&server);
    for (name, took) in [("alone".to_owned(), &alone), (format!("beside {LOOPS} endless loops"), &beside)] {
        println!(
            "{name:<24} p50 {:>8} p99 {:>8} slowest {:>8}",
            ms(percentile(took, 50)),
            ms(percentile(took, 99)),
            ms(percentile(took, 100))
        );
    }
}

fn ask(server: &Server) -> Vec<Duration> {
    let mut client = Client::connect(&server.address);
    let mut took: Vec<Duration> = (0..REQUESTS)
        .map(|_| {
            let (status, took) = client.get("small.example", "/");
            assert_eq!(status, 200);
            took
        })
        .collect();
    took.sort_unstable();
    took
}
