//! A call with a text of 1 KB there and back: across two composed components, inside one, and over HTTP to another process.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use holm::{Instances, Limits, Plugin, Runtime};
use holm_compose::{Part, Plan, compose};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};

use crate::measure::{cpu, median, process_cpu, timed};
use crate::serve::{self, Server};

const ROUNDS: usize = 9;
const CALLS: u32 = 200_000;
const REQUESTS: u32 = 10_000;
const TEXT: usize = 1024;
/// Tells this program to be the server that echoes.
pub const ECHO: &str = "echo-server";

/// Gives back the text it is given, which lies where the caller's memory was copied to.
const CALLEE: &str = r#"(component
    (core module $echo
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8192))
        (func (export "echo") (param $at i32) (param $length i32) (result i32)
            (i32.store (i32.const 16) (local.get $at))
            (i32.store (i32.const 20) (local.get $length))
            (i32.const 16)))
    (core instance $i (instantiate $echo))
    (func $echo (param "text" string) (result string)
        (canon lift (core func $i "echo") (memory $i "memory") (realloc (func $i "realloc")) string-encoding=utf8))
    (instance $exported (export "echo" (func $echo)))
    (export "acme:bench/echo@1.0.0" (instance $exported)))"#;

/// Calls `echo` so many times, and adds up the lengths of what comes back.
const MAIN: &str = r#"
    (core module $memory
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8192)))
    (core instance $memory (instantiate $memory))
    (core module $main
        (import "" "memory" (memory 1))
        (import "" "echo" (func $echo (param i32 i32 i32)))
        (data (i32.const 1024) "TEXT")
        (func (export "run") (param $times i32) (result i32) (local $sum i32)
            (loop $again
                (call $echo (i32.const 1024) (i32.const 1024) (i32.const 16))
                (local.set $sum (i32.add (local.get $sum) (i32.load (i32.const 20))))
                (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
            (local.get $sum)))
    (core instance $main (instantiate $main (with "" (instance
        (export "memory" (memory $memory "memory")) (export "echo" (func $echo))))))
    (func (export "run") (param "times" u32) (result u32) (canon lift (core func $main "run")))"#;

const LOWERED: &str = r#"
    (import "acme:bench/echo@1.0.0" (instance $other (export "echo" (func (param "text" string) (result string)))))"#;

const INSIDE: &str = r#"
    (core module $echo
        (import "" "memory" (memory 1))
        (func (export "echo") (param $at i32) (param $length i32) (param $result i32)
            (i32.store (local.get $result) (local.get $at))
            (i32.store offset=4 (local.get $result) (local.get $length))))
    (core instance $echoes (instantiate $echo (with "" (instance (export "memory" (memory $memory "memory"))))))
    (alias core export $echoes "echo" (core func $echo))"#;

const ACROSS: &str = r#"
    (core func $echo (canon lower (func $other "echo")
        (memory $memory "memory") (realloc (func $memory "realloc")) string-encoding=utf8))"#;

/// A component whose `run` finds `echo` this way.
fn caller(imports: &str, echo: &str) -> Vec<u8> {
    let (memory, main) = MAIN.split_once("    (core module $main").expect("it has two modules");
    let text = format!("(component {imports}{memory}{echo}\n(core module $main{main})");
    wat::parse_str(text.replace("TEXT", &"x".repeat(TEXT))).expect("it is WebAssembly")
}

fn composed() -> Vec<u8> {
    let callee = wat::parse_str(CALLEE).expect("it is WebAssembly");
    let root = Part::new("caller", caller(LOWERED, ACROSS));
    let plan = Plan { root, parts: vec![Part::new("callee", callee)], ..Plan::default() };
    compose(&plan).expect("they fit").bytes
}

pub fn run() {
    let runtime = Runtime::new().expect("a runtime starts");
    let load = |name: &str, bytes: Vec<u8>| {
        let limits = Limits::new().memory(16 << 20).wall(Duration::from_secs(60));
        let builder = runtime.plugin_from(name, bytes).instances(Instances::Pooled { most: 1 }).limits(limits);
        builder.load().expect("it loads")
    };
    let inside = load("inside", caller("", INSIDE));
    let across = load("across", composed());
    let server = start();
    let mut client = Client::connect(&server);
    let mut times: [Vec<f64>; 4] = Default::default();
    for round in 0..=ROUNDS {
        let (ours, theirs) = client.round(&server);
        let costs = [calls(&inside), calls(&across), ours, theirs];
        if round > 0 {
            times.iter_mut().zip(costs).for_each(|(times, cost)| times.push(cost));
        }
    }
    let [inside, across, ours, theirs] = times.map(|times| median(&times, |time| *time as u64));
    let http = ours + theirs;
    println!("inside one component {inside} ns, across two {across} ns");
    println!("HTTP between two processes {http} ns: {ours} for the client, {theirs} for native hyper");
    println!("a component instead of a process: {:.0} times less", http as f64 / across as f64);
}

/// Nanoseconds of CPU time for each call.
fn calls(plugin: &Plugin) -> f64 {
    let took = timed(|| {
        let sum: u32 = plugin.call("run", CALLS).expect("it does not trap");
        assert_eq!(sum, CALLS * TEXT as u32);
    });
    took.as_secs_f64() * 1e9 / f64::from(CALLS)
}

fn start() -> Server {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.arg(ECHO);
    serve::start(command)
}

/// A server as small as hyper makes one, that gives back what it is sent.
pub fn echo() {
    serve::native_with(|request: http::Request<Incoming>| async {
        let text: Bytes = request.into_body().collect().await.map_or_else(|_| Bytes::new(), |body| body.to_bytes());
        Ok::<_, Infallible>(http::Response::new(Full::new(text)))
    });
}

/// A client that does as little as one can.
struct Client {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Client {
    fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(&server.address).expect("it listens");
        stream.set_nodelay(true).expect("a TCP option");
        let head = format!("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {TEXT}\r\n\r\n");
        Self { stream, request: [head.into_bytes(), vec![b'x'; TEXT]].concat(), buffer: vec![0; 4096] }
    }

    /// Nanoseconds of CPU time for each request: this thread's, and the server's.
    fn round(&mut self, server: &Server) -> (f64, f64) {
        let (ours, theirs) = (cpu(), process_cpu(server.child.id()));
        (0..REQUESTS).for_each(|_| self.ask());
        let each = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(REQUESTS);
        (each(cpu() - ours), each(process_cpu(server.child.id()) - theirs))
    }

    fn ask(&mut self) {
        self.stream.write_all(&self.request).expect("it reads");
        let mut length = 0;
        while !whole(&self.buffer[..length]) {
            let read = self.stream.read(&mut self.buffer[length..]).expect("it writes");
            assert!(read > 0, "it closed");
            length += read;
        }
    }
}

/// Whether the head and all of the text are there.
fn whole(response: &[u8]) -> bool {
    let head = response.windows(4).position(|end| end == b"\r\n\r\n");
    head.is_some_and(|head| response.len() - head - 4 >= TEXT)
}
