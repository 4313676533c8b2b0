//! Real servers, on free ports of this machine, for as long as a test needs them.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod databases;

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
    args: Vec<String>,
    url: String,
    port: u16,
    _folder: TempDir,
    child: Option<Child>,
    /// The signal that ends it, where that is not the one that cannot be caught.
    signal: Option<&'static str>,
    /// What answers with success once it does more than listen.
    ready: Option<Vec<String>>,
}

/// A Redis server that keeps everything at once, or `None` where there is none.
pub(crate) fn redis() -> Option<Server> {
    redis_with(&[])
}

/// The same with more arguments.
pub(crate) fn redis_with(more: &[&str]) -> Option<Server> {
    let port = free_port();
    let usual = format!("--port {port} --bind 127.0.0.1 --appendonly yes --appendfsync always --save ");
    Server::start("redis-server", &usual, more, "--dir", format!("redis://127.0.0.1:{port}"), port)
}

/// A Redis server that is only reached over TLS, with this certificate for `localhost`.
pub(crate) fn redis_over_tls(certificate: &Path, key: &Path) -> Option<Server> {
    let port = free_port();
    let (certificate, key) = (certificate.display(), key.display());
    let usual = format!(
        "--port 0 --tls-port {port} --bind 127.0.0.1 --tls-auth-clients no --tls-cert-file {certificate} --tls-key-file {key}"
    );
    Server::start("redis-server", &usual, &[], "--dir", format!("rediss://localhost:{port}"), port)
}

/// A NATS server with JetStream, or `None` where there is none.
pub(crate) fn nats() -> Option<Server> {
    nats_with(&["-js"])
}

/// A NATS server that keeps nothing, unless it is told to.
pub(crate) fn nats_with(more: &[&str]) -> Option<Server> {
    let port = free_port();
    let usual = format!("-a 127.0.0.1 -p {port}");
    Server::start("nats-server", &usual, more, "-sd", format!("nats://127.0.0.1:{port}"), port)
}

/// A NATS server with JetStream that is only reached over TLS, with this certificate for `localhost`.
pub(crate) fn nats_over_tls(certificate: &Path, key: &Path) -> Option<Server> {
    let port = free_port();
    let (certificate, key) = (certificate.display(), key.display());
    let usual = format!("-a 127.0.0.1 -p {port} -js --tls --tlscert {certificate} --tlskey {key}");
    Server::start("nats-server", &usual, &[], "-sd", format!("tls://localhost:{port}"), port)
}

/// An MQTT broker for everybody, or `None` where there is none.
pub(crate) fn mosquitto() -> Option<Server> {
    mosquitto_with(|_| "allow_anonymous true\n".to_owned())
}

/// The same with these lines in its configuration, which may name files of its folder.
pub(crate) fn mosquitto_with(lines: impl FnOnce(&Path) -> String) -> Option<Server> {
    let port = free_port();
    // Where Debian has it, which is not on everybody's PATH.
    let program = if Path::new(MOSQUITTO).exists() { MOSQUITTO } else { "mosquitto" };
    Server::launch(program, format!("mqtt://127.0.0.1:{port}"), port, |folder| {
        let file = folder.join("mosquitto.conf");
        std::fs::write(&file, format!("listener {port} 127.0.0.1\n{}", lines(folder))).unwrap();
        vec!["-c".to_owned(), file.display().to_string()]
    })
}

const MOSQUITTO: &str = "/usr/sbin/mosquitto";

impl Server {
    /// Starts `program` with the words of `usual`, and `more`, and a folder to keep things in after `keep`.
    fn start(program: &'static str, usual: &str, more: &[&str], keep: &str, url: String, port: u16) -> Option<Self> {
        Self::launch(program, url, port, |folder| {
            let kept = folder.display().to_string();
            usual.split(' ').chain(more.iter().copied()).chain([keep, &kept]).map(str::to_owned).collect()
        })
    }

    /// Starts `program` with these arguments, and a folder of its own.
    fn launch(program: &'static str, url: String, port: u16, args: impl FnOnce(&Path) -> Vec<String>) -> Option<Self> {
        if !is_there(program) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let args = args(folder.path());
        Some(Self::of(program, args, url, port, folder).started())
    }

    /// `program`, which keeps things in `folder`.
    fn of(program: &'static str, args: Vec<String>, url: String, port: u16, folder: TempDir) -> Self {
        Self { program, args, url, port, _folder: folder, child: None, signal: None, ready: None }
    }

    fn started(mut self) -> Self {
        self.start_again();
        self
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where it is, as a manifest says it.
    pub(crate) fn backend(&self, path: &str) -> Backend {
        self.url(path).parse().unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Ends it at once, as a crash does.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            match self.signal {
                None => child.kill().unwrap(),
                Some(signal) => {
                    Command::new("kill").arg(signal).arg(child.id().to_string()).status().unwrap();
                }
            }
            child.wait().unwrap();
        }
    }

    /// Starts it where it was, with what it kept.
    pub(crate) fn start_again(&mut self) {
        let mut command = Command::new(self.program);
        command.args(&self.args).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() || !self.is_ready() {
            assert!(Instant::now() < deadline, "{} did not start", self.program);
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn is_ready(&self) -> bool {
        let Some(words) = &self.ready else { return true };
        Command::new(&words[0]).args(&words[1..]).stdout(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn is_there(program: &str) -> bool {
    let there = Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
    if !there {
        missing(program);
    }
    there
}

fn missing(program: &str) {
    assert!(std::env::var_os("CI_SERVERS").is_none(), "{program} is not installed");
    eprintln!("skipped: {program} is not installed");
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
