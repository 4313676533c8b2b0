//! A composed guest in a folder, and somebody to talk to.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use tempfile::TempDir;

use crate::support::{Holm, guest, holm};

/// A handler with a model, in a folder of its own, with what a test writes there.
pub(crate) struct Kit(TempDir);

impl Kit {
    /// `rest` begins with keys of the app, and goes on with tables; the component `model` is there already.
    pub(crate) fn new(rest: &str) -> Self {
        Self::with("model", rest)
    }

    /// Likewise, where another file of the kit is the component `model`.
    pub(crate) fn with(model: &str, rest: &str) -> Self {
        let kit = Self(tempfile::tempdir().unwrap());
        for name in ["handler", "middle", "model"] {
            fs::copy(guest(&format!("parts-{name}.p2.wasm")), kit.at(&format!("{name}.wasm"))).unwrap();
        }
        kit.write("secret.txt", "the handler's secret");
        kit.write("weights/weights.txt", "the model's weights");
        kit.manifest(&format!("{rest}\n[components.model]\nfile = \"{model}.wasm\""));
        kit
    }

    pub(crate) fn manifest(&self, rest: &str) {
        self.write("holm.toml", format!("holm = 1\nname = \"kit\"\nguest = \"handler.wasm\"\n{rest}\n"));
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// `holm COMMAND FLAGS… handler.wasm`
    pub(crate) fn holm(&self, words: &[&str]) -> Holm {
        let run = holm(words.iter().copied()).arg(self.at("handler.wasm"));
        run.naming(self.folder(), "[dir]").env("HOLM_STATE_DIR", self.at("state"))
    }

    /// What the handler answers to each of these.
    #[track_caller]
    pub(crate) fn asks(&self, what: &[&str]) -> Vec<String> {
        self.holm(&["run"]).args(what).ends().stdout.lines().map(str::to_owned).collect()
    }
}

/// A server that answers `pong` to `ping`, and 200 to requests, until this process ends.
pub(crate) fn neighbour() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(&stream)));
    address
}

fn answer(mut stream: &TcpStream) {
    let mut lines = BufReader::new(stream).lines();
    let Some(Ok(first)) = lines.next() else { return };
    if first == "ping" {
        let _ = stream.write_all(b"pong\n");
        return;
    }
    // The rest of the head.
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
}
