//! Something between Holm and a registry that counts, and that stops in the midst of things.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Passes connections on for as long as the test lasts.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Bytes that answers may still have.
    left: AtomicUsize,
    /// Bytes that answers had.
    passed: AtomicUsize,
    /// The heads of requests.
    asked: Mutex<String>,
}

/// In front of `to`. All answers together have `most` bytes until [`Proxy::open`] is called; what comes then waits.
pub(crate) fn proxy(to: SocketAddr, most: usize) -> Proxy {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let shared = Arc::new(Shared { left: AtomicUsize::new(most), ..Shared::default() });
    let accepted = Arc::clone(&shared);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(to) else { continue };
            let (back, front) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let (asking, answering) = (Arc::clone(&accepted), Arc::clone(&accepted));
            thread::spawn(move || asking.pass_requests(client, front));
            thread::spawn(move || answering.pass_answers(server, back));
        }
    });
    Proxy { address, shared }
}

impl Proxy {
    /// `127.0.0.1:PORT/NAME`
    pub(crate) fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    /// Nothing waits any more.
    pub(crate) fn open(&self) {
        self.shared.left.store(usize::MAX / 2, SeqCst);
    }

    /// Bytes of answers so far.
    pub(crate) fn passed(&self) -> usize {
        self.shared.passed.load(SeqCst)
    }

    /// How often this was in the head of a request.
    pub(crate) fn asked(&self, part: &str) -> usize {
        self.shared.asked.lock().unwrap().matches(part).count()
    }
}

impl Shared {
    fn pass_requests(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 16 << 10];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            self.asked.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
            if to.write_all(&buffer[..read]).is_err() {
                return;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Write);
    }

    fn pass_answers(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 4 << 10];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            while self.left.load(SeqCst) < read {
                thread::sleep(Duration::from_millis(5));
            }
            self.left.fetch_sub(read, SeqCst);
            self.passed.fetch_add(read, SeqCst);
            if to.write_all(&buffer[..read]).is_err() {
                return;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Write);
    }
}
