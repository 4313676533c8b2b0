//! A small app's latency beside a neighbour in endless loops.

use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::client::Client;
use crate::measure::{ms, percentile};
use crate::peers::{guest, holm};
use crate::serve::{Server, start};

const REQUESTS: usize = 3_000;
/// Requests of the neighbour at the same time, none of which is ever answered.
const LOOPS: [usize; 2] = [8, 64];

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
    report("alone", &ask(&server));
    let mut loops = Vec::new();
    for number in LOOPS {
        loops.resize_with(number, || {
            let mut client = Client::connect(&server.address);
            client.send("neighbour.example", "/loop");
            client
        });
        thread::sleep(Duration::from_secs(1));
        report(&format!("beside {number} endless loops"), &ask(&server));
    }
}

fn report(name: &str, took: &[Duration]) {
    let [p50, p99, slowest] = [50, 99, 100].map(|percent| ms(percentile(took, percent)));
    println!("{name:<24} p50 {p50:>8} p99 {p99:>8} slowest {slowest:>8}");
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
