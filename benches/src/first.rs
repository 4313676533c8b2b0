//! The first run of a large guest that was never seen before. `tests/real/fetch` gets the guests.

use std::path::PathBuf;
use std::process::Command;

use crate::measure::{ms, process};
use crate::peers::{holm, installed};

pub fn run() {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let real = std::env::var_os("HOLM_REAL_GUESTS").map_or_else(|| home.join(".cache/holm-real"), PathBuf::from);
    for name in ["greeter-js.wasm", "greeter-py.wasm"] {
        let guest = real.join(name);
        if !guest.is_file() {
            println!("{name}: not here, run tests/real/fetch");
            continue;
        }
        let cache = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(holm());
        command.args(["call"]).arg(&guest).args(["greet", "Ada"]).env("HOLM_CACHE_DIR", cache.path());
        let first = process(&mut command);
        let again = process(&mut command);
        println!("holm call {name:<18} first {:>12}, from the cache {:>9}", ms(first.wall), ms(again.wall));
        if let Some(wasmtime) = installed("wasmtime") {
            let mut command = Command::new(wasmtime);
            command.args(["run", "-C", "cache=n", "--invoke", "greet(\"Ada\")"]).arg(&guest);
            println!("wasmtime run {name:<15} first {:>12}", ms(process(&mut command).wall));
        }
    }
}
