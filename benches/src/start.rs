//! A whole process, from exec to exit, for a guest that is in the cache.

use std::process::Command;

use crate::measure::{in_turn, mib, ms};
use crate::peers::{guest, holm, installed, native_hello};

const ROUNDS: usize = 60;

pub fn run() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut names = vec!["native hello".to_owned()];
    let mut commands = vec![Command::new(native_hello(dir.path()))];
    for guest_name in ["hello.p1.wasm", "hello.p2.wasm", "hello.p3.wasm"] {
        let mut command = Command::new(holm());
        command.arg("run").arg(guest(guest_name)).env("HOLM_CACHE_DIR", dir.path().join("cache"));
        names.push(format!("holm run {guest_name}"));
        commands.push(command);
    }
    if let Some(wasm3) = installed("wasm3") {
        let mut command = Command::new(wasm3);
        command.arg(guest("hello.p1.wasm"));
        names.push("wasm3 hello.p1.wasm".into());
        commands.push(command);
    }
    if let Some(wasmtime) = installed("wasmtime") {
        for guest_name in ["hello.p1.wasm", "hello.p2.wasm"] {
            let mut command = Command::new(&wasmtime);
            command.args(["run", "-C", "cache=y"]).arg(guest(guest_name));
            names.push(format!("wasmtime run {guest_name}"));
            commands.push(command);
        }
    }
    let runs = in_turn(&mut commands, ROUNDS);
    let native = runs[0];
    for (name, run) in names.iter().zip(&runs) {
        let ratio = run.wall.as_secs_f64() / native.wall.as_secs_f64();
        println!(
            "{name:<28} {:>9} wall ({ratio:.2}x native) {:>9} CPU {:>9} peak",
            ms(run.wall),
            ms(run.cpu),
            mib(run.peak)
        );
    }
}
