//! Envoy while it runs, a listener for each chain of filters.

use std::fs::{self, File};
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::chains::{Chain, Filter, dead};
use crate::support::{PATIENCE, guest};
use crate::upstream::Upstream;
use crate::wire;

/// A process of Envoy's, until it is dropped.
pub(crate) struct Envoy {
    child: Child,
    admin: SocketAddr,
    home: TempDir,
}

/// The program, or `None` with a word to the reader.
pub(crate) fn program() -> Option<PathBuf> {
    let home = PathBuf::from(std::env::var_os("HOME").expect("HOME is set"));
    let dir = std::env::var_os("HOLM_REAL_GUESTS").map_or_else(|| home.join(".cache/holm-real"), PathBuf::from);
    let path = dir.join("envoy");
    if path.exists() {
        return Some(path);
    }
    let missing = format!("{} is missing; tests/real/fetch gets it", path.display());
    assert!(std::env::var_os("CI_SERVERS").is_none(), "{missing}");
    eprintln!("skipped: {missing}");
    None
}

impl Envoy {
    pub(crate) fn start(program: &Path, chains: &[Chain], upstream: &Upstream) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (file, address) = (home.path().join("envoy.json"), home.path().join("admin"));
        fs::write(&file, configuration(chains, upstream).to_string()).unwrap();
        let log = File::create(home.path().join("log")).unwrap();
        let mut command = Command::new(program);
        command.args(["--disable-hot-restart", "--concurrency", "1", "--log-level", "info", "--admin-address-path"]);
        command.arg(&address).arg("--config-path").arg(&file).stdout(log.try_clone().unwrap()).stderr(log);
        let mut envoy = Self { child: command.spawn().unwrap(), admin: SocketAddr::from(([127, 0, 0, 1], 0)), home };
        envoy.admin = envoy.wait("its admin address", || fs::read_to_string(&address).ok()?.trim().parse().ok());
        envoy.wait("that it is live", || envoy.admin("/ready").starts_with("LIVE").then_some(()));
        envoy
    }

    /// Where each chain is reached, by its name.
    pub(crate) fn addresses(&self) -> Vec<(String, SocketAddr)> {
        let listeners: Value = serde_json::from_str(&self.admin("/listeners?format=json")).unwrap();
        let listener = |listener: &Value| {
            let port = listener["local_address"]["socket_address"]["port_value"].as_u64().unwrap();
            let name = listener["name"].as_str().unwrap().to_owned();
            (name, SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap())))
        };
        listeners["listener_statuses"].as_array().unwrap().iter().map(listener).collect()
    }

    fn admin(&self, path: &str) -> String {
        let Ok(mut stream) = TcpStream::connect(self.admin) else { return String::new() };
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: admin\r\n\r\n").unwrap();
        wire::read(&mut BufReader::new(stream), false).unwrap_or_default().body
    }

    fn wait<T>(&self, what: &str, mut found: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = found() {
                return found;
            }
            // A zombie still has its folder, but nothing that it runs.
            let gone = fs::read_link(format!("/proc/{}/exe", self.child.id())).is_err();
            assert!(!gone && Instant::now() < deadline, "Envoy never said {what}: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.home.path().join("log")).unwrap_or_default()).into_owned()
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        if thread::panicking() {
            // It begins with all that Envoy can do.
            let (log, words) = (self.log(), ["wasm", "critical", "error"]);
            let said = log.lines().filter(|line| line.len() < 400 && words.iter().any(|word| line.contains(word)));
            said.for_each(|line| println!("envoy: {line}"));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn typed(kind: &str, mut value: Value) -> Value {
    value["@type"] = format!("type.googleapis.com/{kind}").into();
    value
}

fn text(value: &str) -> Value {
    typed("google.protobuf.StringValue", json!({ "value": value }))
}

fn configuration(chains: &[Chain], upstream: &Upstream) -> Value {
    let listeners: Vec<Value> = chains.iter().map(|chain| listener(chain, upstream)).collect();
    let (one, two) =
        (json!({ "http_protocol_options": { "enable_trailers": true } }), json!({ "http2_protocol_options": {} }));
    let clusters = [cluster(upstream.address, &one), cluster(dead(), &one), cluster(upstream.grpc, &two)];
    json!({
        "admin": { "address": address(SocketAddr::from(([127, 0, 0, 1], 0))) },
        "static_resources": { "listeners": listeners, "clusters": clusters },
    })
}

fn address(address: SocketAddr) -> Value {
    json!({ "socket_address": { "address": address.ip().to_string(), "port_value": address.port() } })
}

/// A cluster that is called what it is reached at, by this version of HTTP.
fn cluster(at: SocketAddr, version: &Value) -> Value {
    let name = at.to_string();
    let options =
        typed("envoy.extensions.upstreams.http.v3.HttpProtocolOptions", json!({ "explicit_http_config": version }));
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address(at) } }] }],
        },
        "typed_extension_protocol_options": { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options },
    })
}

fn listener(chain: &Chain, upstream: &Upstream) -> Value {
    let mut filters: Vec<Value> =
        chain.filters.iter().enumerate().map(|(at, filter)| wasm(&chain.vm(at), filter, upstream)).collect();
    let router = typed("envoy.extensions.filters.http.router.v3.Router", json!({}));
    filters.push(json!({ "name": "envoy.filters.http.router", "typed_config": router }));
    let manager = typed(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        json!({
            "stat_prefix": chain.name,
            "http_protocol_options": { "enable_trailers": true },
            "route_config": { "virtual_hosts": [{
                "name": "all",
                "domains": ["*"],
                "routes": [{ "match": { "prefix": "/" }, "route": { "cluster": upstream.address.to_string() } }],
            }] },
            "http_filters": filters,
        }),
    );
    json!({
        "name": chain.name,
        "address": address(SocketAddr::from(([127, 0, 0, 1], 0))),
        "filter_chains": [{ "filters": [{ "name": "http", "typed_config": manager }] }],
    })
}

fn wasm(vm: &str, filter: &Filter, upstream: &Upstream) -> Value {
    let config = json!({
        "name": filter.name,
        "root_id": filter.root,
        "configuration": text(&filter.configuration(upstream)),
        // A filter that failed is started anew for the next request, which is what Holm does; Envoy would do it after
        // a while.
        "failure_policy": if filter.open { "FAIL_OPEN" } else { "FAIL_RELOAD" },
        "vm_config": {
            "vm_id": vm,
            "runtime": "envoy.wasm.runtime.v8",
            "configuration": text("of the machine"),
            "code": { "local": { "filename": guest(filter.file) } },
        },
    });
    let typed_config = typed("envoy.extensions.filters.http.wasm.v3.Wasm", json!({ "config": config }));
    json!({ "name": "envoy.filters.http.wasm", "typed_config": typed_config })
}
