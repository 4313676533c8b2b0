//! Hello of Spin's SDKs beside one that was made for `wasi:http` alone: CPU time of the server's process for each request.

use std::path::Path;
use std::process::Command;

use crate::measure::median;
use crate::peers::{guest, holm};
use crate::serve::{Cost, Server, load, load_with, start, start_native};

const ROUNDS: usize = 5;
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const END: &[u8] = b"Hello from the edge!";

pub fn run() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let plain = format!("holm = 1\nname = \"plain\"\nguest = \"{}\"\n", guest("serve-hello.p2.wasm").display());
    let mut servers = vec![
        ("native hyper".to_owned(), start_native(), true),
        ("wasi:http 0.2".to_owned(), served(dir.path(), "plain", "holm.toml", &plain), true),
    ];
    for sdk in [2, 3, 7] {
        let (name, file) = (format!("sdk{sdk}"), guest(&format!("spin-sdk{sdk}-hello.wasm")));
        let manifest = format!(
            "spin_manifest_version = 2\n[application]\nname = \"{name}\"\n[[trigger.http]]\nroute = \"/...\"\n\
             component = \"hello\"\n[component.hello]\nsource = \"{}\"\n",
            file.display()
        );
        servers.push((format!("spin-sdk {sdk}"), served(dir.path(), &name, "spin.toml", &manifest), false));
    }
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); servers.len()];
    for round in 0..=ROUNDS {
        for ((_, server, ours), costs) in servers.iter().zip(&mut costs) {
            let cost = if *ours { load(server) } else { load_with(server, REQUEST, END) };
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    let plain = median(&costs[1], |cost| cost.cpu);
    for ((name, ..), costs) in servers.iter().zip(&costs) {
        let cpu = median(costs, |cost| cost.cpu);
        let ratio = cpu.as_secs_f64() / plain.as_secs_f64();
        println!("{name:<16} {:>7.1} us of CPU ({ratio:.2} times wasi:http 0.2)", cpu.as_secs_f64() * 1e6);
    }
}

/// `holm serve` of an app with this manifest.
fn served(dir: &Path, name: &str, file: &str, manifest: &str) -> Server {
    let folder = dir.join(name);
    std::fs::create_dir(&folder).expect("the folder is writable");
    std::fs::write(folder.join(file), manifest).expect("the folder is writable");
    let mut command = Command::new(holm());
    command.args(["serve", "--addr", "127.0.0.1:0"]).arg(&folder);
    command.env("HOLM_CACHE_DIR", dir.join("cache")).env("HOLM_STATE_DIR", dir.join("state"));
    start(command)
}
