//! A client of HTTP/1.1 that costs little.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// One connection.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_nodelay(true).expect("a TCP option");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a TCP option");
        Self { stream, buffer: vec![0; 64 << 10] }
    }

    pub fn send(&mut self, host: &str, path: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n");
        self.stream.write_all(request.as_bytes()).expect("it reads");
    }

    /// The status of the next response, whose body is short.
    pub fn receive(&mut self) -> u16 {
        let mut length = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[length..]).expect("it writes");
            assert!(read > 0, "it closed: {}", String::from_utf8_lossy(&self.buffer[..length]));
            length += read;
            if let Some(status) = whole(&self.buffer[..length]) {
                return status;
            }
        }
    }

    /// Sends a request and waits for its response: the status, and how long it took.
    pub fn get(&mut self, host: &str, path: &str) -> (u16, Duration) {
        let start = Instant::now();
        self.send(host, path);
        let status = self.receive();
        (status, start.elapsed())
    }
}

/// The status of a response, if all of it is there.
fn whole(response: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(response).to_ascii_lowercase();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    match length {
        Some(length) => (body.len() >= length).then_some(status)?,
        None => body.ends_with("0\r\n\r\n").then_some(status)?,
    }
}
