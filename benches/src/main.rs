//! Runs every benchmark beside its peers and prints medians.
//!
//!     cargo run --release --manifest-path benches/Cargo.toml [-- start | first | throughput | call | request | serve | size]
//!
//! Processes are compared in turn (A B A B …) and in CPU time, because machines are noisy. `wasmtime` and `wasm3` are
//! measured where they are on the PATH. Reads the release binary `holm`: build it first.

mod call;
mod first;
mod measure;
mod peers;
mod request;
mod serve;
mod size;
mod start;
mod throughput;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if wanted == [serve::NATIVE] {
        return serve::native();
    }
    let all: [(&str, fn()); 7] = [
        ("start", start::run),
        ("first", first::run),
        ("throughput", throughput::run),
        ("call", call::run),
        ("request", request::run),
        ("serve", serve::run),
        ("size", size::run),
    ];
    for (name, run) in all {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            println!("\n## {name}");
            run();
        }
    }
}
