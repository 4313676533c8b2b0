//! Real servers, on free ports of this machine, for as long as a test needs them.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use holm_manifest::Backend;
use tempfile::TempDir;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server, which ends when it is dropped. What it keeps outlives [`Server::stop`].
pub(crate) struct Server {
    program: &'static str,
    args: fn(u16, &Path) -> Vec<String>,
    url: fn(u16) -> String,
    port: u16,
    folder: TempDir,
    child: Option<Child>,
}

/// A Redis server that keeps everything at once, or `None` where there is none.
pub(crate) fn redis() -> Option<Server> {
    let args = |port: u16, folder: &Path| {
        let folder = folder.display();
        format!("--port {port} --bind 127.0.0.1 --dir {folder} --appendonly yes --appendfsync always --save ")
            .split(' ')
            .map(str::to_owned)
            .collect()
    };
    Server::start("redis-server", args, |port| format!("redis://127.0.0.1:{port}"))
}

/// A NATS server with JetStream, or `None` where there is none.
pub(crate) fn nats() -> Option<Server> {
    let args = |port: u16, folder: &Path| {
        let folder = folder.display();
        format!("-a 127.0.0.1 -p {port} -js -sd {folder}").split(' ').map(str::to_owned).collect()
    };
    Server::start("nats-server", args, |port| format!("nats://127.0.0.1:{port}"))
}

/// A NATS server that keeps nothing, or `None` where there is none.
pub(crate) fn nats_without_jetstream() -> Option<Server> {
    let args = |port: u16, _: &Path| format!("-a 127.0.0.1 -p {port}").split(' ').map(str::to_owned).collect();
    Server::start("nats-server", args, |port| format!("nats://127.0.0.1:{port}"))
}

impl Server {
    fn start(program: &'static str, args: fn(u16, &Path) -> Vec<String>, url: fn(u16) -> String) -> Option<Self> {
        let there = Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
        if !there {
            assert!(std::env::var_os("CI_SERVERS").is_none(), "{program} is not installed");
            eprintln!("skipped: {program} is not installed");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self { program, args, url, port: free_port(), folder, child: None };
        server.start_again();
        Some(server)
    }

    /// Where it is, as a manifest says it.
    pub(crate) fn backend(&self, path: &str) -> Backend {
        self.url(path).parse().unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", (self.url)(self.port))
    }

    /// Ends it at once, as a crash does.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it where it was, with what it kept.
    pub(crate) fn start_again(&mut self) {
        let mut command = Command::new(self.program);
        command.args((self.args)(self.port, self.folder.path())).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "{} did not start", self.program);
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
