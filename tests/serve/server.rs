//! `holm serve` while it runs.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::client::{Client, Response, connect};
use crate::support::{Holm, PATIENCE, guest, holm};

/// What is kept of a log: a guest may write without end.
const KEPT: usize = 4 << 20;

/// A server that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    log: Arc<Log>,
    readers: Vec<JoinHandle<()>>,
    address: Option<SocketAddr>,
    home: Option<TempDir>,
}

/// What a server said on standard error so far.
#[derive(Default)]
struct Log {
    text: Mutex<String>,
    grown: Condvar,
    unread: AtomicBool,
}

/// A manifest for a guest of ours. `rest` begins with keys of the app and goes on with tables.
pub(crate) fn manifest(name: &str, file: &str, rest: &str) -> String {
    format!("holm = 1\nname = \"{name}\"\nguest = \"{}\"\n{rest}\n", guest(file).display())
}

/// Serves one of our guests at a free port, with these flags.
pub(crate) fn serve(file: &str, flags: &[&str]) -> Server {
    let home = tempfile::tempdir().unwrap();
    launch(at_free_port(&home).args(flags).guest(file), Some(home))
}

fn at_free_port(home: &TempDir) -> Holm {
    holm(["serve", "--addr", "127.0.0.1:0"]).env("HOLM_STATE_DIR", home.path().join("state"))
}

/// Serves apps at a free port, by their manifests.
pub(crate) fn serve_all(manifests: &[String]) -> Server {
    let home = tempfile::tempdir().unwrap();
    serve_manifests(at_free_port(&home), home, manifests)
}

/// Likewise under a configuration, with an admin API that can be asked for metrics.
pub(crate) fn serve_under(configuration: &str, manifests: &[String]) -> Server {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("server.toml");
    let text = "holm-server = 1\nstate = \"state\"\nadmin = { listen = \"unix:admin.sock\" }\n";
    fs::write(&file, format!("{text}{configuration}\n")).unwrap();
    serve_manifests(at_free_port(&home).arg("--server-config").arg(file), home, manifests)
}

fn serve_manifests(mut command: Holm, home: TempDir, manifests: &[String]) -> Server {
    for (number, manifest) in manifests.iter().enumerate() {
        let path = home.path().join(format!("{number}.toml"));
        fs::write(&path, manifest).unwrap();
        command = command.arg(path);
    }
    launch(command, Some(home))
}

/// Serves apps at a free port, with this in the server's configuration.
pub(crate) fn serve_as(configuration: &str, manifests: &[String]) -> Server {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("server.toml");
    fs::write(&path, format!("holm-server = 1\n{configuration}")).unwrap();
    let command = at_free_port(&home).arg("--server-config").arg(path);
    serve_manifests(command, home, manifests)
}

/// Serves the kit at a free port, under these limits.
pub(crate) fn serve_kit(file: &str, limits: &str) -> Server {
    serve_all(&[manifest("kit", file, &format!("[limits]\n{limits}"))])
}

/// Starts a server and waits until it answers.
pub(crate) fn start(command: Holm) -> Server {
    launch(command, None)
}

fn launch(mut command: Holm, home: Option<TempDir>) -> Server {
    let mut child = command.spawn();
    let log = Arc::new(Log::default());
    let errors = thread::spawn({
        let (log, stderr) = (Arc::clone(&log), child.stderr.take().unwrap());
        move || log.follow(stderr)
    });
    let output = thread::spawn({
        let mut stdout = child.stdout.take().unwrap();
        move || drop(std::io::copy(&mut stdout, &mut std::io::sink()))
    });
    let mut server = Server { child, log, readers: vec![errors, output], address: None, home };
    let first = server.log.wait("its URL", |log| log.split_once('\n').map(|(first, _)| first.to_owned()));
    server.address =
        first.split_once("://").map(|(_, address)| address).and_then(|address| address.to_socket_addrs().ok()?.next());
    assert!(server.address.is_some() || first.starts_with("unix:"), "not a URL: {:?}", server.log());
    server
}

impl Server {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address.unwrap()
    }

    /// The folder that it was started with, of which it knows nothing else.
    pub(crate) fn home(&self) -> &Path {
        self.home.as_ref().unwrap().path()
    }

    /// The value of this sample, labels included; `None` if there is none.
    #[track_caller]
    pub(crate) fn metric(&self, sample: &str) -> Option<u64> {
        self.metric_at(&self.home().join("admin.sock"), sample)
    }

    /// Likewise, from an admin API elsewhere.
    #[track_caller]
    pub(crate) fn metric_at(&self, socket: &Path, sample: &str) -> Option<u64> {
        let mut admin = Client::over(UnixStream::connect(socket).unwrap());
        let text = admin.get("/metrics").said().1.to_owned();
        let line = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        line.map(|value| value.parse().unwrap())
    }

    pub(crate) fn client(&self) -> Client<TcpStream> {
        connect(self.address())
    }

    /// The response to a request without a body, over a connection of its own.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Response {
        self.client().get(path)
    }

    /// The response to a request to `host`.
    #[track_caller]
    pub(crate) fn get_at(&self, host: &str, path: &str) -> Response {
        let mut client = self.client();
        client.send(format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n"));
        client.response()
    }

    /// The response to a request with a body of declared length.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &str) -> Response {
        let mut client = self.client();
        client.send(format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", body.len()));
        client.send(body);
        client.response()
    }

    /// What it said on standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.text.lock().unwrap().clone()
    }

    /// Waits until a line of the log has all of `parts`, and returns it.
    #[track_caller]
    pub(crate) fn logs(&self, parts: &[&str]) -> String {
        let wanted = format!("a line with {parts:?}");
        self.log.wait(&wanted, |log| {
            let mut lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            lines.find(|line| parts.iter().all(|part| line.contains(part))).map(ToOwned::to_owned)
        })
    }

    /// From now on nobody reads what it says.
    pub(crate) fn is_not_listened_to(&self) {
        self.log.unread.store(true, Relaxed);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The most memory it had resident, in MiB.
    pub(crate) fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }

    /// CPU time it used so far.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // After the program's name, which is in parentheses: fields 14 and 15, in hundredths of a second.
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let ticks: u64 = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Waits until it uses next to no CPU time.
    #[track_caller]
    pub(crate) fn becomes_quiet(&self) {
        let deadline = Instant::now() + PATIENCE;
        let mut last = self.cpu();
        loop {
            thread::sleep(Duration::from_millis(500));
            let now = self.cpu();
            if now - last <= Duration::from_millis(50) {
                return;
            }
            assert!(Instant::now() < deadline, "still busy: {}", self.log());
            last = now;
        }
    }

    /// Waits for its end: its exit code and all that it said.
    #[track_caller]
    pub(crate) fn ends(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(Instant::now() < deadline, "still running: {}", self.log()),
            }
            thread::sleep(Duration::from_millis(10));
        };
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        (status.code(), self.log())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("{}", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Log {
    fn follow(&self, from: impl Read) {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let mut text = self.text.lock().unwrap();
            if text.len() < KEPT {
                text.push_str(&String::from_utf8_lossy(&line));
            }
            line.clear();
            self.grown.notify_all();
            while self.unread.load(Relaxed) {
                thread::park();
            }
        }
    }

    #[track_caller]
    fn wait<T>(&self, what: &str, mut found: impl FnMut(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut text = self.text.lock().unwrap();
        loop {
            if let Some(found) = found(&text) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the log never had {what}: {text}");
            text = self.grown.wait_timeout(text, left).unwrap().0;
        }
    }
}
