//! The server behind the proxies: it answers by the path, and keeps what it was asked.

use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::echo;
use crate::wire::{self, Message};

/// Answers until the test ends.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    /// Where it speaks gRPC.
    pub(crate) grpc: SocketAddr,
    asked: Arc<Mutex<Vec<Message>>>,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let upstream = Self { address: listener.local_addr().unwrap(), grpc: echo::start(), asked: Arc::default() };
        let asked = Arc::clone(&upstream.asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let asked = Arc::clone(&asked);
                thread::spawn(move || serve(&stream?, &asked));
            }
            io::Result::Ok(())
        });
        upstream
    }

    /// What was asked since this was called before.
    pub(crate) fn asked(&self) -> Vec<Message> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn serve(stream: &TcpStream, asked: &Mutex<Vec<Message>>) -> io::Result<()> {
    let mut from = BufReader::new(stream);
    while let Some(request) = wire::read(&mut from, false) {
        let mut words = request.first.split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        asked.lock().unwrap().push(request);
        answer(stream, &path, method == "HEAD")?;
    }
    Ok(())
}

fn answer(mut to: &TcpStream, path: &str, bodiless: bool) -> io::Result<()> {
    let plain = |status: &str, headers: &str, body: &str| {
        let body = if bodiless { "" } else { body };
        format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
    };
    let text = match path.split('?').next().unwrap_or_default() {
        "/headers" => {
            plain("200 OK", "x-many: a\r\nX-Replaced: old\r\nx-many: b\r\nx-removed: gone\r\nx-kept: yes\r\n", "hello")
        }
        "/empty" => "HTTP/1.1 204 No Content\r\nx-kept: yes\r\n\r\n".to_owned(),
        "/missing" => plain("404 Not Found", "", "no\n"),
        "/chunked" => return chunked(to),
        "/slow" => {
            thread::sleep(Duration::from_secs(2));
            plain("200 OK", "", "late")
        }
        _ => plain("200 OK", "", "hello"),
    };
    to.write_all(text.as_bytes())
}

/// Two pieces, the second when the first has had time to be seen alone, and trailers.
fn chunked(mut to: &TcpStream) -> io::Result<()> {
    to.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n")?;
    to.write_all(b"trailer: x-added, x-count, x-end, x-removed, x-replaced\r\n\r\n5\r\nfirst\r\n")?;
    thread::sleep(Duration::from_millis(200));
    to.write_all(b"6\r\nsecond\r\n0\r\nx-end: yes\r\nx-replaced: old\r\nx-removed: gone\r\n\r\n")
}
