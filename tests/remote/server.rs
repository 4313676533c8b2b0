//! A server to drive.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use holm_admin::AppName;
use holm_admin::api::{
    Api, ApiLimits, Backend, Candidate, Listener, LogQuery, Prepared, Reach, Rejection, Token, serve,
};
use holm_admin::store::Store;
use holm_admin::wire::{AppState, AppStatus, LogLine, LogSource, Top, TopApp};
use holm_manifest::App as Manifest;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::support::{Holm, holm};

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// A guest that is refused, for two reasons.
pub(crate) const BAD: &[u8] = b"bad";

type Active = Arc<Mutex<HashMap<AppName, Vec<String>>>>;

/// Serves nothing, but reads manifests and finds guests as a server does.
#[derive(Default)]
pub(crate) struct Memory {
    /// The routes of each app.
    active: Active,
    /// The readers of logs that go on.
    readers: Mutex<Vec<mpsc::Sender<LogLine>>>,
    /// How often it was asked what it does.
    looks: AtomicU64,
    pub(crate) last_error: Mutex<Option<String>>,
    pub(crate) misconfigured: Mutex<Vec<String>>,
}

struct Ready {
    active: Active,
    name: AppName,
    routes: Vec<String>,
}

#[async_trait]
impl Prepared for Ready {
    async fn activate(self: Box<Self>, _: u64) {
        self.active.lock().unwrap().insert(self.name, self.routes);
    }
}

#[async_trait]
impl Backend for Memory {
    async fn prepare(&self, app: Candidate) -> Result<Box<dyn Prepared>, Rejection> {
        let manifest = Manifest::parse(&app.manifest, Path::new("holm.toml"));
        let manifest = manifest.map_err(|error| Rejection { reasons: vec![error.to_string()] })?;
        let mut reasons = Vec::new();
        for guest in &manifest.guests {
            let sent = match &guest.file {
                Some(file) => app.guests.get(file.to_str().unwrap()),
                None => app.guests.values().next(),
            };
            match sent.map(|sent| std::fs::read(&sent.path).unwrap()) {
                None => reasons.push(format!("{:?} was not sent", guest.file)),
                Some(bytes) if bytes == BAD => {
                    reasons.extend(["it imports nowhere#open".to_owned(), "it asks for /etc".to_owned()]);
                }
                Some(_) => {}
            }
        }
        if !reasons.is_empty() {
            return Err(Rejection { reasons });
        }
        let routes = manifest.guests.iter().flat_map(|guest| guest.routes.iter().map(ToString::to_string)).collect();
        Ok(Box::new(Ready { active: Arc::clone(&self.active), name: app.name, routes }))
    }

    async fn deactivate(&self, name: &AppName) {
        self.active.lock().unwrap().remove(name);
    }

    async fn reload(&self) -> Result<(), Rejection> {
        let reasons = self.misconfigured.lock().unwrap().clone();
        if reasons.is_empty() { Ok(()) } else { Err(Rejection { reasons }) }
    }

    fn status(&self, name: &AppName) -> Option<AppStatus> {
        let routes = self.active.lock().unwrap().get(name)?.clone();
        let last_error = self.last_error.lock().unwrap().clone();
        let state = if last_error.is_some() { AppState::Failing } else { AppState::Running };
        Some(AppStatus { state, routes, last_error, requests: 7 })
    }

    fn logs(&self, _: &AppName, query: LogQuery) -> mpsc::Receiver<LogLine> {
        let (sender, receiver) = mpsc::channel(16);
        if query.since.is_none() {
            sender.try_send(line(LogSource::Server, "deployed")).unwrap();
        }
        let fields = BTreeMap::from([("status".to_owned(), 200.into()), ("path".to_owned(), "/cart".into())]);
        let access = LogLine { fields, request: Some("ab12".into()), ..line(LogSource::Access, "GET /cart") };
        sender.try_send(access).unwrap();
        sender.try_send(line(LogSource::Stdout, "hello \u{1b}[31mworld")).unwrap();
        if query.follow {
            self.readers.lock().unwrap().push(sender);
        }
        receiver
    }

    fn metrics(&self) -> String {
        String::new()
    }

    /// Each look is a second after the one before, in which one app did much and another little.
    fn top(&self) -> Top {
        let look = self.looks.fetch_add(1, Relaxed);
        let seconds = look as f64;
        let app = |name: &str, each_second: u64, cpu: f64| TopApp {
            name: name.parse().unwrap(),
            version: 2,
            requests: 1000 + each_second * look,
            errors: 5 * look,
            in_flight: 3,
            queued: 1,
            cpu: cpu * seconds,
            memory: 3 << 20,
            p50: 0.25,
            p99: 12.0,
        };
        let apps = vec![app("calm", 10, 0.01), app("shop", 200, 0.5)];
        Top { uptime: 60.0 + seconds, memory: 64 << 20, cpu: 0.75 * seconds, connections: 4, apps }
    }

    fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}

fn line(source: LogSource, text: &str) -> LogLine {
    let time = "2026-01-31T08:00:00Z".to_owned();
    LogLine { time, version: Some(1), request: None, source, text: text.to_owned(), fields: BTreeMap::new() }
}

/// A running API, on the socket where a user's own server has it, and on TCP.
pub(crate) struct Server {
    pub(crate) dir: TempDir,
    pub(crate) backend: Arc<Memory>,
    pub(crate) url: String,
    runtime: Option<Runtime>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("serve")).unwrap();
        let store = Arc::new(Store::open(&dir.path().join("store")).unwrap());
        let backend = Arc::new(Memory::default());
        let api = Api::new(store, Arc::clone(&backend) as Arc<dyn Backend>, ApiLimits::default());
        let runtime = Runtime::new().unwrap();
        let url = runtime.block_on(async {
            let unix = Listener::unix(&dir.path().join("serve/admin.sock")).unwrap();
            let any = "127.0.0.1:0".parse().unwrap();
            let tcp = Listener::tcp(any, Token::new(TOKEN).unwrap(), Reach::Loopback).await.unwrap();
            let url = tcp.url();
            for listener in [unix, tcp] {
                tokio::spawn(serve(api.clone(), listener, std::future::pending()));
            }
            url
        });
        Self { dir, backend, url, runtime: Some(runtime) }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("serve/admin.sock")
    }

    /// Runs `holm WORDS…` as the user whose server this is.
    pub(crate) fn holm<const N: usize>(&self, words: [&str; N]) -> Holm {
        let holm = holm(words).env("HOLM_STATE_DIR", self.dir.path()).naming(self.dir.path(), "[state]");
        holm.naming(Path::new(&self.url), "[url]")
    }

    /// Deploys an app of one guest, twice.
    pub(crate) fn with_shop(self) -> Self {
        let app = folder(&[
            ("holm.toml", b"holm = 1\nguest = \"shop.wasm\"\nroutes = \"shop.example.com\""),
            ("shop.wasm", b"one"),
        ]);
        let deploy = || self.holm(["deploy", "--name", "shop", "--note", "as it should be"]).arg(app.path()).prints();
        assert_eq!(deploy(), "shop version 1 answers\n  shop.example.com\n");
        assert_eq!(deploy(), "shop version 2 answers\n  shop.example.com\n");
        self
    }

    /// Writes a line to each log that is followed, once there is one; `false`: nobody came.
    pub(crate) fn log(&self, text: &str) -> bool {
        for _ in 0..6000 {
            let readers = std::mem::take(&mut *self.backend.readers.lock().unwrap());
            for reader in &readers {
                reader.blocking_send(line(LogSource::Stderr, text)).unwrap();
            }
            if !readers.is_empty() {
                self.backend.readers.lock().unwrap().extend(readers);
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Ends all logs that are followed, as removing their app does.
    pub(crate) fn end_logs(&self) {
        self.backend.readers.lock().unwrap().clear();
    }

    /// Ends at once, cutting off whoever is connected.
    pub(crate) fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(10));
        }
    }
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    dir
}
