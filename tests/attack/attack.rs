//! Clients that do their worst to one app, and another that keeps answering, while the server's memory stays bounded.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::server::{Server, manifest, serve_all};
use crate::support::PATIENCE;

/// How long a request to the neighbour may take. Far from what it does take: this is no measurement.
const BOUND: Duration = Duration::from_secs(5);
const REQUESTS: usize = 50;

pub(crate) const P2: &str = "serve-kit.p2.wasm";
pub(crate) const P3: &str = "serve-kit.p3.wasm";

/// One attack at a time: each takes the whole machine.
static ALONE: Mutex<()> = Mutex::new(());

/// The whole machine, for as long as this is kept.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Many clients that do to one app what `bad` does, over and over, for as long as `besides` looks at the other.
pub(crate) struct Attack {
    pub(crate) file: &'static str,
    pub(crate) limits: &'static str,
    pub(crate) clients: usize,
    /// One connection: sends what it has to, and takes what comes until there is an end or it was long enough.
    pub(crate) bad: fn(TcpStream),
    /// MiB that the server may grow.
    pub(crate) memory: u64,
}

impl Attack {
    #[track_caller]
    pub(crate) fn besides(&self) {
        let _alone = alone();
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
pub(crate) fn answers(server: &Server) -> Duration {
    let start = Instant::now();
    let response = server.get_at("good.example", "/counter");
    assert_eq!(response.said(), (200, "1\n"));
    start.elapsed()
}

pub(crate) fn get(mut stream: &TcpStream, path: &str) {
    let _ = write!(stream, "GET {path} HTTP/1.1\r\nhost: bad.example\r\nconnection: close\r\n\r\n");
}

/// Takes the response to its end.
pub(crate) fn drain(mut stream: &TcpStream) {
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
}

/// Takes the beginning of a response and then nothing, until the server has had enough of it or is gone.
pub(crate) fn hold(mut stream: &TcpStream) {
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
