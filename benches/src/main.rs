//! Runs every benchmark beside its peers and prints medians.
//!
//!     cargo run --release --manifest-path benches/Cargo.toml [-- start | first | throughput | call | plugin | plugins | compose | request | serve | spin | filter
//!         | polyglot | cold | deployed | neighbour | resident | size | soak]
//!
//! Processes are compared in turn (A B A B …) and in CPU time, because machines are noisy. `wasmtime` and `wasm3` are
//! measured where they are on the PATH. Reads the release binary `holm`: build it first.

mod call;
mod client;
mod compose;
mod deployed;
mod filter;
mod first;
mod measure;
mod neighbour;
mod peers;
mod plugin;
mod polyglot;
mod request;
mod resident;
mod serve;
mod size;
mod soak;
mod spin;
mod start;
mod throughput;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if wanted == [serve::NATIVE] {
        return serve::native();
    }
    if wanted == [compose::ECHO] {
        return compose::echo();
    }
    if wanted == ["soak"] {
        return soak::run();
    }
    let all: [(&str, fn()); 17] = [
        ("start", start::run),
        ("first", first::run),
        ("throughput", throughput::run),
        ("call", call::run),
        ("plugin", plugin::run),
        ("plugins", plugin::many),
        ("compose", compose::run),
        ("request", request::run),
        ("serve", serve::run),
        ("spin", spin::run),
        ("filter", filter::run),
        ("polyglot", polyglot::run),
        ("cold", deployed::cold),
        ("deployed", deployed::many),
        ("neighbour", neighbour::run),
        ("resident", resident::run),
        ("size", size::run),
    ];
    for (name, run) in all {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            println!("\n## {name}");
            run();
        }
    }
}
