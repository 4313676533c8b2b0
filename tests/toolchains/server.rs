//! `holm serve` with what was built, and a client of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long anything may take before the test fails. Only a guard: nothing is measured.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    address: String,
}

/// Has `holm` serve the app in its folder, or that of the manifest there, at a free port, once it answers.
pub(crate) fn serve(mut holm: Command, app: &str) -> Server {
    let state = holm.get_current_dir().expect("it has a folder").join("target/state");
    holm.args(["serve", "--addr", "127.0.0.1:0", app]).env("HOLM_STATE_DIR", state);
    let mut child = holm.stderr(Stdio::piped()).spawn().unwrap();
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
    /// Status and body of what is answered to a request for this path.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.ask("GET", path, "")
    }

    /// Likewise, of what is sent this text.
    pub(crate) fn post(&self, path: &str, text: &str) -> (u16, String) {
        self.ask("POST", path, text)
    }

    fn ask(&self, method: &str, path: &str, text: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!("Host: {}\r\nContent-Length: {}", self.address, text.len());
        write!(stream, "{method} {path} HTTP/1.0\r\n{head}\r\n\r\n{text}").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
