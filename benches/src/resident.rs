//! Memory for each request in flight, and for connections that do nothing.

use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::client::Client;
use crate::measure::{mib, resident};
use crate::peers::{guest, holm};
use crate::serve::start;

const IN_FLIGHT: u64 = 500;
const IDLE: u64 = 10_000;

pub fn run() {
    // One end of each connection is here, and the server inherits the limit for the other.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("the limit may be raised");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let manifest = dir.path().join("kit.toml");
    let text = format!(
        "holm = 1\nname = \"kit\"\nguest = \"{}\"\n[limits]\nconcurrency = 1000\n",
        guest("serve-kit.p2.wasm").display()
    );
    std::fs::write(&manifest, text).expect("the folder is writable");
    let mut command = Command::new(holm());
    command.args(["serve", "--addr", "127.0.0.1:0"]).arg(manifest);
    command.env("HOLM_CACHE_DIR", dir.path().join("cache"));
    let server = start(command);
    let id = server.child.id();
    assert_eq!(Client::connect(&server.address).get("localhost", "/counter").0, 200);
    let before = resident(id);
    let mut clients: Vec<Client> = (0..IN_FLIGHT).map(|_| Client::connect(&server.address)).collect();
    let connected = resident(id);
    clients.iter_mut().for_each(|client| client.send("localhost", "/sleep/3000"));
    thread::sleep(Duration::from_secs(2));
    let working = resident(id);
    clients.iter_mut().for_each(|client| assert_eq!(client.receive(), 200));
    println!(
        "{IN_FLIGHT} requests in flight: {} KiB each, what the guest touches included (and {} KiB for its connection)",
        working.saturating_sub(connected) / IN_FLIGHT / 1024,
        connected.saturating_sub(before) / IN_FLIGHT / 1024
    );
    drop(clients);
    thread::sleep(Duration::from_secs(1));
    let before = resident(id);
    let idle: Vec<TcpStream> = (0..IDLE).map(|_| TcpStream::connect(&server.address).expect("it accepts")).collect();
    thread::sleep(Duration::from_secs(2));
    println!("{} idle connections: {} more", idle.len(), mib(resident(id).saturating_sub(before)));
}
