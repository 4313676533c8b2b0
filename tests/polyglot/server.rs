//! `holm serve` with the example, and a client of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value as Json;

use crate::example::Example;

/// How long anything may take before the test fails. Only a guard: nothing is measured.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    address: String,
}

/// Serves what was built by this manifest, at a free port, once it answers.
pub(crate) fn serve(example: &Example, manifest: &str) -> Server {
    let mut command = example.holm();
    command
        .args(["serve", "--addr", "127.0.0.1:0", manifest])
        .env("HOLM_STATE_DIR", example.folder().join("target/state"));
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut said = Vec::new();
    let address = lines.find_map(|line| {
        said.push(line.clone());
        line.strip_prefix("http://").map(str::to_owned)
    });
    let Some(address) = address else { panic!("it does not say where it answers: {said:?}") };
    // Whoever stops reading would make it wait.
    std::thread::spawn(move || lines.for_each(|line| eprintln!("{line}")));
    Server { child, address }
}

impl Server {
    /// Status and answer to a request for this path.
    pub(crate) fn get(&self, path: &str) -> (u16, Json) {
        self.ask(&format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address))
    }

    /// Status and answer to a request with this body.
    pub(crate) fn post(&self, text: &str) -> (u16, Json) {
        let head = format!("POST / HTTP/1.0\r\nHost: {}\r\nContent-Length: {}", self.address, text.len());
        self.ask(&format!("{head}\r\n\r\n{text}"))
    }

    fn ask(&self, request: &str) -> (u16, Json) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|_| panic!("{response}")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
