//! A server to test, and plain HTTP to test it with.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use holm_admin::api::{
    Api, ApiLimits, Backend, Candidate, Listener, LogQuery, Prepared, Reach, Rejection, Token, serve,
};
use holm_admin::client::{Client, Target};
use holm_admin::store::Store;
use holm_admin::wire::{AppState, AppStatus, LogLine, LogSource, Top};
use holm_admin::{AppName, Digest};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{mpsc, oneshot};

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const MAX_BLOB: u64 = 100_000;

/// Serves nothing, but knows what it should serve. Manifests tell it how to behave.
#[derive(Default)]
pub(crate) struct Memory {
    /// The manifest and the version of each app that is active.
    pub(crate) active: Arc<Mutex<HashMap<AppName, (String, u64)>>>,
    /// Each log's readers.
    pub(crate) readers: Mutex<Vec<mpsc::Sender<LogLine>>>,
    pub(crate) unready: Mutex<Option<String>>,
}

struct Loaded {
    candidate: Candidate,
    active: Arc<Mutex<HashMap<AppName, (String, u64)>>>,
}

#[async_trait]
impl Prepared for Loaded {
    async fn activate(self: Box<Self>, version: u64) {
        if self.candidate.manifest == "slow to activate" {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let Candidate { name, manifest, .. } = self.candidate;
        self.active.lock().unwrap().insert(name, (manifest, version));
    }
}

#[async_trait]
impl Backend for Memory {
    async fn prepare(&self, app: Candidate) -> Result<Box<dyn Prepared>, Rejection> {
        for guest in app.guests.values() {
            let bytes = std::fs::read(&guest.path).unwrap();
            assert_eq!((Digest::of(&bytes), bytes.len() as u64), (guest.digest, guest.size));
        }
        match app.manifest.as_str() {
            "bad" => Err(Rejection { reasons: vec!["no such import: a".to_owned(), "no such import: b".to_owned()] }),
            _ => Ok(Box::new(Loaded { candidate: app, active: Arc::clone(&self.active) })),
        }
    }

    async fn deactivate(&self, name: &AppName) {
        self.active.lock().unwrap().remove(name);
    }

    async fn reload(&self) -> Result<(), Rejection> {
        match &*self.unready.lock().unwrap() {
            Some(why) => Err(Rejection { reasons: vec![why.clone()] }),
            None => Ok(()),
        }
    }

    fn status(&self, name: &AppName) -> Option<AppStatus> {
        let routes = vec![format!("{name}.example.com")];
        let known = self.active.lock().unwrap().contains_key(name);
        known.then_some(AppStatus { state: AppState::Running, routes, last_error: None, requests: 7 })
    }

    fn logs(&self, _: &AppName, query: LogQuery) -> mpsc::Receiver<LogLine> {
        let (sender, receiver) = mpsc::channel(16);
        sender.try_send(line("first")).unwrap();
        if query.since.is_none() {
            sender.try_send(line("old")).unwrap();
        }
        if query.follow {
            self.readers.lock().unwrap().push(sender);
        }
        receiver
    }

    fn metrics(&self) -> String {
        "holm_up 1\n".to_owned()
    }

    fn top(&self) -> Top {
        Top { connections: 3, ..Top::default() }
    }

    fn ready(&self) -> Result<(), String> {
        self.unready.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

pub(crate) fn line(text: &str) -> LogLine {
    LogLine {
        time: "2026-01-31T08:00:00Z".to_owned(),
        version: Some(1),
        request: None,
        source: LogSource::Stdout,
        text: text.to_owned(),
        fields: BTreeMap::new(),
    }
}

/// A running API, on a Unix socket and on TCP.
pub(crate) struct Server {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) store: Arc<Store>,
    pub(crate) backend: Arc<Memory>,
    pub(crate) url: String,
    stop: Vec<oneshot::Sender<()>>,
    serving: Vec<tokio::task::JoinHandle<()>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&dir.path().join("state")).unwrap());
        let backend = Arc::new(Memory::default());
        let limits = ApiLimits { max_blob: MAX_BLOB, max_uploads: 2 };
        let api = Api::new(Arc::clone(&store), Arc::clone(&backend) as Arc<dyn Backend>, limits);
        let unix = Listener::unix(&dir.path().join("admin.sock")).unwrap();
        let any = "127.0.0.1:0".parse().unwrap();
        let tcp = Listener::tcp(any, Token::new(TOKEN).unwrap(), Reach::Loopback).await.unwrap();
        let mut server = Self { url: tcp.url(), dir, store, backend, stop: Vec::new(), serving: Vec::new() };
        for listener in [unix, tcp] {
            let (stop, stopped) = oneshot::channel();
            server.stop.push(stop);
            server.serving.push(tokio::spawn(serve(api.clone(), listener, async { drop(stopped.await) })));
        }
        server
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("admin.sock")
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(Target::Unix(self.socket()))
    }

    pub(crate) fn tcp_client(&self) -> Client {
        Client::new(Target::parse(&self.url, Some(TOKEN.to_owned())).unwrap())
    }

    pub(crate) fn active(&self, app: &str) -> Option<(String, u64)> {
        self.backend.active.lock().unwrap().get(&name(app)).cloned()
    }

    /// Sends a request head and a body as they are to the Unix socket.
    pub(crate) async fn unix(&self, head: &str, body: &[u8]) -> Reply {
        exchange(UnixStream::connect(self.socket()).await.unwrap(), head, body).await
    }

    /// The same to the TCP port.
    pub(crate) async fn tcp(&self, head: &str, body: &[u8]) -> Reply {
        exchange(TcpStream::connect(self.address()).await.unwrap(), head, body).await
    }

    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// A request with a JSON body, over the Unix socket.
    pub(crate) async fn json(&self, method: &str, path: &str, body: &str) -> Reply {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n");
        self.unix(&head, body.as_bytes()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.unix(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n"), b"").await
    }

    pub(crate) async fn upload(&self, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        let head = format!("PUT /v1/blobs/{digest} HTTP/1.1\r\nHost: x\r\n");
        assert!(self.unix(&head, bytes).await.status < 300);
        digest
    }

    /// Ends the server and waits for it.
    pub(crate) async fn stop(&mut self) {
        self.stop.clear();
        for serving in self.serving.drain(..) {
            serving.await.unwrap();
        }
    }
}

pub(crate) fn name(text: &str) -> AppName {
    text.parse().unwrap()
}

pub(crate) fn write(dir: &Path, file: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(file);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The status and the word of an error, whose shape is checked.
    pub(crate) fn error(&self) -> (u16, String) {
        let json = self.json();
        let error = json["error"].as_object().unwrap();
        assert!(error["message"].is_string() && error["details"].is_array(), "{self:?}");
        assert_eq!(json.as_object().unwrap().len(), 1);
        (self.status, error["code"].as_str().unwrap().to_owned())
    }
}

/// One request on a connection of its own.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, head: &str, body: &[u8]) -> Reply {
    let length = if head.to_lowercase().contains("content-length") {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    let head = format!("{head}{length}Connection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server may answer, and close, before it has read everything.
    let _ = stream.write_all(body).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer but {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head: head.to_lowercase(), body: body.to_owned() }
}
