//! One app under each of these, and another that keeps answering, while the server's memory stays bounded.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::server::{Server, manifest, serve_all};
use crate::support::PATIENCE;

/// How long a request to the neighbour may take. Far from what it does take: this is no measurement.
const BOUND: Duration = Duration::from_secs(5);
const REQUESTS: usize = 50;

const P2: &str = "serve-kit.p2.wasm";
const P3: &str = "serve-kit.p3.wasm";

/// One attack at a time: each takes the whole machine.
static ALONE: Mutex<()> = Mutex::new(());

/// Many clients that do to one app what `bad` does, over and over, for as long as `besides` looks at the other.
struct Attack {
    file: &'static str,
    limits: &'static str,
    clients: usize,
    /// One connection: sends what it has to, and takes what comes until there is an end or it was long enough.
    bad: fn(TcpStream),
    /// MiB that the server may grow.
    memory: u64,
}

impl Attack {
    #[track_caller]
    fn besides(&self) {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let bad = format!("routes = \"bad.example\"\n[limits]\n{}", self.limits);
        let server = serve_all(&[
            manifest("bad", self.file, &bad),
            manifest("good", "serve-kit.p2.wasm", "routes = \"good.example\""),
        ]);
        answers(&server);
        let (before, done, begun) = (server.peak(), AtomicBool::new(false), AtomicUsize::new(0));
        let address = server.address();
        thread::scope(|scope| {
            for _ in 0..self.clients {
                scope.spawn(|| self.keep_on(address, &begun, &done));
            }
            let _end = End { done: &done, server: &server };
            let deadline = Instant::now() + PATIENCE;
            while begun.load(Relaxed) < self.clients {
                assert!(Instant::now() < deadline, "the attack does not begin");
                thread::sleep(Duration::from_millis(10));
            }
            let mut took: Vec<Duration> = (0..REQUESTS).map(|_| answers(&server)).collect();
            took.sort();
            let grown = server.peak() - before;
            println!("median {:?}, slowest {:?}, {grown} MiB more", took[REQUESTS / 2], took[REQUESTS - 1]);
            assert!(took[REQUESTS - 1] < BOUND, "{took:?}");
            assert!(grown < self.memory, "it grew by {grown} MiB");
        });
    }

    fn keep_on(&self, address: SocketAddr, begun: &AtomicUsize, done: &AtomicBool) {
        let mut first = true;
        while !done.load(Relaxed) {
            if let Ok(stream) = TcpStream::connect(address) {
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                stream.set_write_timeout(Some(PATIENCE)).unwrap();
                if std::mem::take(&mut first) {
                    begun.fetch_add(1, Relaxed);
                }
                (self.bad)(stream);
            }
            // An app that is left alone for a while answers at once.
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Ends the attackers, and with them the scope they are in, whatever is wrong.
struct End<'a> {
    done: &'a AtomicBool,
    server: &'a Server,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.done.store(true, Relaxed);
        // They may wait for it.
        self.server.signal(Signal::KILL);
    }
}

/// How long the good app took to answer.
#[track_caller]
fn answers(server: &Server) -> Duration {
    let start = Instant::now();
    let response = server.get_at("good.example", "/counter");
    assert_eq!(response.said(), (200, "1\n"));
    start.elapsed()
}

fn get(mut stream: &TcpStream, path: &str) {
    let _ = write!(stream, "GET {path} HTTP/1.1\r\nhost: bad.example\r\nconnection: close\r\n\r\n");
}

/// Takes the response to its end.
fn drain(mut stream: &TcpStream) {
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
}

/// Takes the beginning of a response and then nothing, until the server has had enough of it or is gone.
fn hold(mut stream: &TcpStream) {
    let mut some = [0; 100];
    if stream.read(&mut some).is_ok() && some.starts_with(b"HTTP/1.1 200") {
        stream.set_nonblocking(true).unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until && stream.write(b"").is_ok() && !is_over(stream) {
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// The server closed it.
fn is_over(stream: &TcpStream) -> bool {
    matches!(stream.take_error(), Ok(Some(_)) | Err(_))
}

#[test]
fn an_app_in_endless_loops() {
    let bad = |stream: TcpStream| {
        get(&stream, "/loop");
        drain(&stream);
    };
    // All the requests it may have at once, and all that may wait.
    Attack { file: P2, limits: "", clients: 200, bad, memory: 256 }.besides();
}

#[test]
fn an_app_in_endless_loops_after_its_response_began() {
    let bad = |stream: TcpStream| {
        get(&stream, "/loop-after-head");
        drain(&stream);
    };
    Attack { file: P2, limits: "cpu = \"1h\"", clients: 200, bad, memory: 256 }.besides();
}

#[test]
fn an_app_that_takes_memory_without_end() {
    let bad = |stream: TcpStream| {
        get(&stream, "/grow");
        drain(&stream);
    };
    Attack { file: P2, limits: "memory = \"32MiB\"\nconcurrency = 8", clients: 16, bad, memory: 8 * 32 + 128 }
        .besides();
}

#[test]
fn an_app_that_has_the_host_keep_ever_more_for_it() {
    let headers = |stream: TcpStream| {
        get(&stream, "/hoard/headers");
        drain(&stream);
    };
    let names = |stream: TcpStream| {
        get(&stream, "/hoard/names");
        drain(&stream);
    };
    let fields = |stream: TcpStream| {
        get(&stream, "/hoard/fields");
        drain(&stream);
    };
    let responses = |stream: TcpStream| {
        get(&stream, "/hoard/responses");
        drain(&stream);
    };
    let attack = |file, bad: fn(TcpStream)| {
        let limits = "memory = \"32MiB\"\nconcurrency = 8";
        Attack { file, limits, clients: 16, bad, memory: 8 * 32 + 192 }.besides();
    };
    attack(P2, headers);
    attack(P2, names);
    attack(P2, fields);
    attack(P3, responses);
}

#[test]
fn an_app_that_recurses_and_traps() {
    let bad = |stream: TcpStream| {
        get(&stream, "/recurse");
        drain(&stream);
    };
    Attack { file: P2, limits: "", clients: 32, bad, memory: 256 }.besides();
}

#[test]
fn an_app_that_floods_its_log() {
    let bad = |stream: TcpStream| {
        get(&stream, "/log/1000000");
        drain(&stream);
    };
    Attack { file: P2, limits: "", clients: 16, bad, memory: 128 }.besides();
}

#[test]
fn an_app_that_floods_a_log_that_nobody_reads() {
    let server = serve_all(&[
        manifest("bad", "serve-kit.p2.wasm", "routes = \"bad.example\""),
        manifest("good", "serve-kit.p2.wasm", "routes = \"good.example\""),
    ]);
    server.is_not_listened_to();
    let floods: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    floods.iter().for_each(|flood| get(flood, "/log/100000"));
    thread::sleep(Duration::from_secs(1));
    let mut client = server.client();
    client.send("GET /counter HTTP/1.1\r\nhost: good.example\r\n\r\n");
    assert_eq!(client.response().said(), (200, "1\n"));
}

#[test]
fn an_app_that_reads_no_bodies() {
    let bad = |mut stream: TcpStream| {
        let head = "POST /sleep/5000 HTTP/1.1\r\nhost: bad.example\r\ncontent-length: 67108864\r\n\r\n";
        let _ = stream.write_all(head.as_bytes());
        stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
        let piece = [b'x'; 64 << 10];
        for _ in 0..1024 {
            if stream.write_all(&piece).is_err() {
                break;
            }
        }
        drain(&stream);
    };
    Attack { file: P2, limits: "", clients: 64, bad, memory: 256 }.besides();
}

#[test]
fn an_app_whose_clients_read_nothing() {
    let bad = |stream: TcpStream| {
        get(&stream, "/stream-forever");
        hold(&stream);
    };
    Attack { file: P2, limits: "", clients: 100, bad, memory: 256 }.besides();
}

#[test]
fn an_app_whose_clients_read_slowly() {
    let bad = |mut stream: TcpStream| {
        get(&stream, "/large/65536");
        let mut some = [0; 512];
        for _ in 0..100 {
            if !matches!(stream.read(&mut some), Ok(1..)) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
    };
    // Not 100: until the sockets' buffers are full, each holds a thread for longer than an endless loop does.
    Attack { file: P2, limits: "", clients: 32, bad, memory: 256 }.besides();
}

#[test]
fn an_app_whose_clients_come_and_go() {
    let bad = |mut stream: TcpStream| {
        get(&stream, "/stream-forever");
        let _ = stream.read(&mut [0; 512]);
    };
    Attack { file: P2, limits: "", clients: 32, bad, memory: 256 }.besides();
}
