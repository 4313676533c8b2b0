//! Bundles that answer HTTP requests.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::tempdir;

use crate::{bundle, prints, run, start};

/// A server that is ended when a test fails.
struct Server(Child, String);

impl Server {
    fn start(app: &Path, words: &[&str]) -> Self {
        let mut child = start(app).args(words).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut url).unwrap();
        let address = url.trim().strip_prefix("http://").unwrap_or_else(|| panic!("no URL: {url}")).to_owned();
        Self(child, address)
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.1).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn stop(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.0), Signal::TERM).unwrap();
        self.0.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

#[test]
fn a_bundle_of_a_handler_serves() {
    let dir = tempdir().unwrap();
    for name in ["serve-hello.p2.wasm", "serve-hello.p3.wasm"] {
        let app = bundle(dir.path(), name, &["--addr", "127.0.0.1:0"]);
        let server = Server::start(&app, &[]);
        for _ in 0..3 {
            let answer = server.get("/");
            assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("Hello from Holm!"), "{name}: {answer}");
        }
        assert_eq!(server.stop(), Some(0), "{name}");
    }
}

#[test]
fn whoever_starts_a_server_says_where_and_nothing_else() {
    let dir = tempdir().unwrap();
    let app = bundle(dir.path(), "serve-hello.p2.wasm", &[]);
    let server = Server::start(&app, &["--addr", "127.0.0.1:0"]);
    assert!(server.get("/").contains("Hello from Holm!"));
    drop(server);
    assert!(prints(run(&app, &["--help"])).contains("--addr <ADDRESS>"));
    for words in [&["--dir", "/"][..], &["--manifest", "x"], &["app.wasm"], &["--state", "x"]] {
        assert_eq!(run(&app, words).status.code(), Some(125), "{words:?}");
    }
}

#[test]
fn a_program_serves_as_cgi_where_that_was_asked_for() {
    let dir = tempdir().unwrap();
    let app = bundle(dir.path(), "cgi.p1.wasm", &["--serve", "--addr", "127.0.0.1:0"]);
    let server = Server::start(&app, &[]);
    assert!(server.get("/a?b=c").starts_with("HTTP/1.1 200"));
}
