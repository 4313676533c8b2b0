//! A header-rewriting filter on a reverse proxy: CPU time of the proxy's process for each request, beside Envoy with the same
//! filter, the same configuration and the same upstream.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::measure::median;
use crate::peers::{guest, holm};
use crate::serve::{Cost, Server, load, start, start_native};

const ROUNDS: usize = 5;
/// What the filter is to do: three edits of the request, three of the response.
const EDITS: &str = "> x-tenant=acme\n>+ x-via=filter\n> -x-secret\n< server=holm\n<+ x-seen=1\n< -x-internal";

pub fn run() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let upstream = start_native();
    let mut proxies = vec![
        ("holm, no filter".to_owned(), start_holm(dir.path(), &upstream, false)),
        ("holm, filter".to_owned(), start_holm(dir.path(), &upstream, true)),
    ];
    match envoy() {
        Some(program) => {
            proxies.push(("envoy, no filter".into(), start_envoy(dir.path(), &program, &upstream, false)));
            proxies.push(("envoy, filter".into(), start_envoy(dir.path(), &program, &upstream, true)));
        }
        None => println!("envoy is not there: tests/real/fetch gets it"),
    }
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); proxies.len()];
    for round in 0..=ROUNDS {
        for ((_, proxy), costs) in proxies.iter().zip(&mut costs) {
            let cost = load(proxy);
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    for ((name, _), costs) in proxies.iter().zip(&costs) {
        let cpu = median(costs, |cost| cost.cpu).as_secs_f64() * 1e6;
        println!("{name:<20} {cpu:>7.1} us of CPU {:>7} requests/s", median(costs, |cost| cost.rate));
    }
}

fn start_holm(dir: &Path, upstream: &Server, filtered: bool) -> Server {
    let manifest = dir.join(format!("proxy-{filtered}.toml"));
    let mut text = format!("holm = 1\nname = \"proxy\"\nupstream = \"http://{}\"\n", upstream.address);
    if filtered {
        let (file, config) = (guest("filter-headers.wasm"), EDITS.replace('\n', "\\n"));
        text += &format!("[[filters]]\nfile = \"{}\"\nconfig = \"{config}\"\n", file.display());
    }
    std::fs::write(&manifest, text).expect("the folder is writable");
    let mut command = Command::new(holm());
    command.args(["serve", "--addr", "127.0.0.1:0"]).arg(manifest).env("HOLM_CACHE_DIR", dir.join("cache"));
    start(command)
}

fn envoy() -> Option<PathBuf> {
    let home = PathBuf::from(std::env::var_os("HOME")?);
    let dir = std::env::var_os("HOLM_REAL_GUESTS").map_or_else(|| home.join(".cache/holm-real"), PathBuf::from);
    Some(dir.join("envoy")).filter(|envoy| envoy.exists())
}

/// Envoy says where it listens only through its administration, so it is given a port that was free a moment ago.
fn start_envoy(dir: &Path, program: &Path, upstream: &Server, filtered: bool) -> Server {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let (port, file) = (free.expect("a port is free").port(), dir.join(format!("envoy-{filtered}.yaml")));
    std::fs::write(&file, configuration(port, upstream, filtered)).expect("the folder is writable");
    let mut command = Command::new(program);
    command.args(["--disable-hot-restart", "--concurrency", "2", "--log-level", "error", "--config-path"]).arg(file);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("envoy starts");
    let server = Server { child, address: format!("127.0.0.1:{port}") };
    let begun = Instant::now();
    while std::net::TcpStream::connect(&server.address).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "envoy does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    server
}

fn configuration(port: u16, upstream: &Server, filtered: bool) -> String {
    let (host, upstream_port) = upstream.address.split_once(':').expect("an address has a port");
    let config = EDITS.replace('\n', "\\n");
    let wasm = format!(
        r#"
          - name: envoy.filters.http.wasm
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
              config:
                configuration: {{ "@type": type.googleapis.com/google.protobuf.StringValue, value: "{config}" }}
                vm_config: {{ runtime: envoy.wasm.runtime.v8, code: {{ local: {{ filename: "{}" }} }} }}"#,
        guest("filter-headers.wasm").display()
    );
    format!(
        r#"
static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: bench
          route_config:
            virtual_hosts:
            - {{ name: all, domains: ["*"], routes: [{{ match: {{ prefix: "/" }}, route: {{ cluster: upstream }} }}] }}
          http_filters:{}
          - name: envoy.filters.http.router
            typed_config: {{ "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }}
  clusters:
  - name: upstream
    load_assignment:
      cluster_name: upstream
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {{ socket_address: {{ address: {host}, port_value: {upstream_port} }} }} }}
"#,
        if filtered { wasm.as_str() } else { "" }
    )
}
