//! Requests over the network: CPU time of the server's process for each, and how many a second.
//!
//! 32 connections are kept open and each sends its next request when it has its answer. Servers take turns.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};

use crate::measure::{median, process_cpu};
use crate::peers::{guest, holm, installed};

const CONNECTIONS: usize = 32;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(3);
/// Tells this program to be the native server.
pub const NATIVE: &str = "native-server";

pub fn run() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut servers = vec![("native hyper".to_owned(), start_native())];
    let p2 = "serve-hello.p2.wasm";
    for (name, keys) in [(p2, ""), (p2, "reuse = { requests = 1000000 }"), ("serve-hello.p3.wasm", "")] {
        let manifest = dir.path().join(format!("{}.toml", servers.len()));
        let text = format!("holm = 1\nname = \"hello\"\nguest = \"{}\"\n{keys}\n", guest(name).display());
        std::fs::write(&manifest, text).expect("the folder is writable");
        let mut command = Command::new(holm());
        command.args(["serve", "--addr", "127.0.0.1:0"]).arg(manifest);
        command.env("HOLM_CACHE_DIR", dir.path().join("cache"));
        let how = if keys.is_empty() { "fresh" } else { "reused" };
        servers.push((format!("holm serve {name}, {how}"), start(command)));
    }
    if let Some(wasmtime) = installed("wasmtime") {
        let mut command = Command::new(wasmtime);
        command.args(["serve", "-S", "cli", "--addr", "127.0.0.1:0"]).arg(guest("serve-hello.p2.wasm"));
        servers.push(("wasmtime serve".into(), start(command)));
    }
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); servers.len()];
    for round in 0..=ROUNDS {
        for ((_, server), costs) in servers.iter().zip(&mut costs) {
            let cost = load(server);
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    let native = median(&costs[0], |cost| cost.cpu);
    for ((name, _), costs) in servers.iter().zip(&costs) {
        let cpu = median(costs, |cost| cost.cpu);
        let ratio = cpu.as_secs_f64() / native.as_secs_f64();
        let rate = median(costs, |cost| cost.rate);
        println!("{name:<40} {:>7.1} us of CPU ({ratio:.2}x native) {rate:>7} requests/s", cpu.as_secs_f64() * 1e6);
    }
}

#[derive(Clone, Copy)]
pub struct Cost {
    /// Of the server, for each request.
    pub cpu: Duration,
    /// Requests a second.
    pub rate: u64,
}

/// A server that runs, until this is dropped.
pub struct Server {
    pub child: Child,
    pub address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server that says where it answers on the first line of standard error that has an address in it.
pub fn start(mut command: Command) -> Server {
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let (_, address) = line.split_once("http://")?;
        Some(address.trim_end_matches('/').to_owned())
    });
    let address = address.unwrap_or_else(|| panic!("{command:?} says where it answers"));
    // What it says later must not block it.
    thread::spawn(move || lines.for_each(drop));
    Server { child, address }
}

pub fn start_native() -> Server {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.arg(NATIVE);
    start(command)
}

/// A server as small as hyper makes one.
pub fn native() {
    native_with(|_| async {
        let body = Full::new(Bytes::from_static(b"Hello from Holm!\n"));
        http::Response::builder().header("content-type", "text/plain").body(body)
    });
}

/// Likewise, answering as `answer` does.
pub fn native_with<F, E>(answer: impl Fn(http::Request<Incoming>) -> F + Copy + Send + 'static)
where
    F: Future<Output = Result<http::Response<Full<Bytes>>, E>> + Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("tokio starts");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        eprintln!("http://{}", listener.local_addr().expect("it is bound"));
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let service = hyper::service::service_fn(answer);
                let io = hyper_util::rt::TokioIo::new(stream);
                let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
            });
        }
    });
}

/// One round of requests at one server.
pub fn load(server: &Server) -> Cost {
    load_with(server, REQUEST, END)
}

/// Likewise, of these requests. `end` is what the body of a response ends with.
pub fn load_with(server: &Server, request: &[u8], end: &[u8]) -> Cost {
    let (stop, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    let start = Instant::now();
    let before = process_cpu(server.child.id());
    thread::scope(|scope| {
        // Two threads with half the connections each: one for each would cost more than the servers.
        for _ in 0..2 {
            scope.spawn(|| requests(&server.address, (request, end), &stop, &answered));
        }
        thread::sleep(ROUND);
        stop.store(true, Relaxed);
    });
    let (took, cpu) = (start.elapsed(), process_cpu(server.child.id()) - before);
    let answered = answered.load(Relaxed);
    assert!(answered > 0, "{} answers", server.address);
    Cost { cpu: cpu / u32::try_from(answered).unwrap_or(u32::MAX), rate: answered * 1000 / took.as_millis() as u64 }
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const END: &[u8] = b"Hello from Holm!\n";

/// Sends on all connections, then reads from all, and so on.
fn requests(address: &str, (request, end): (&[u8], &[u8]), stop: &AtomicBool, answered: &AtomicU64) {
    let mut streams: Vec<TcpStream> = (0..CONNECTIONS / 2)
        .map(|_| {
            let stream = TcpStream::connect(address).expect("it listens");
            stream.set_nodelay(true).expect("a TCP option");
            stream
        })
        .collect();
    let mut buffer = [0; 4096];
    while !stop.load(Relaxed) {
        for stream in &mut streams {
            stream.write_all(request).expect("it reads");
        }
        for stream in &mut streams {
            let mut length = 0;
            while !ended(&buffer[..length], end) {
                let read = stream.read(&mut buffer[length..]).expect("it writes");
                assert!(read > 0, "it closed: {}", String::from_utf8_lossy(&buffer[..length]));
                length += read;
            }
            answered.fetch_add(1, Relaxed);
        }
    }
}

/// Whether a response is all there: its text, and in chunks the last of them.
fn ended(response: &[u8], end: &[u8]) -> bool {
    response.ends_with(end) && !response.windows(9).any(|part| part.eq_ignore_ascii_case(b"g: chunked"))
        || response.ends_with(b"\r\n0\r\n\r\n")
}
