//! A folder with an app made for Spin.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::{TempDir, tempdir};

use crate::server::{Server, start};
use crate::support::{Holm, PATIENCE, guest, holm};

/// What the SDKs' own example answers.
pub(crate) const HELLO: (u16, &str) = (200, "Hello from the edge!");

/// A folder that goes away with it.
pub(crate) struct App(TempDir);

/// A manifest with one component, called `web`, which answers every request. `rest` goes on with its keys.
pub(crate) fn manifest(source: &str, rest: &str) -> String {
    format!(
        "{HEAD}[[trigger.http]]\nroute = \"/...\"\ncomponent = \"web\"\n[component.web]\nsource = {source}\n{rest}\n"
    )
}

/// The beginning of a manifest.
pub(crate) const HEAD: &str = "spin_manifest_version = 2\n[application]\nname = \"My app\"\nversion = \"0.1.0\"\n";

/// What a component answers that does all it is asked to (`guests/parts`), and what it is composed with.
pub(crate) const KIT: &str = "\"parts-handler.p2.wasm\"";
pub(crate) const MODEL: &str =
    "[component.web.dependencies]\n\"parts:kit/probe\" = { path = \"parts-model.p2.wasm\" }\n";

impl App {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self(tempdir().unwrap())
    }

    /// A folder with this `spin.toml` and these guests of ours.
    pub(crate) fn of(manifest: &str, guests: &[&str]) -> Self {
        let app = Self::new();
        app.write("spin.toml", manifest);
        guests.iter().for_each(|name| app.put(name, name));
        app
    }

    /// The component that does all it is asked to, with these keys.
    pub(crate) fn kit(keys: &str) -> Self {
        Self::of(&manifest(KIT, &format!("{keys}\n{MODEL}")), &["parts-handler.p2.wasm", "parts-model.p2.wasm"])
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Writes a file as editors do: whole, by a new name first.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::create_dir_all(self.at(name).parent().unwrap()).unwrap();
        let new = self.at(".new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.at(name)).unwrap();
    }

    /// Puts one of our guests there.
    pub(crate) fn put(&self, name: &str, file: &str) {
        self.write(name, fs::read(guest(file)).unwrap());
    }

    pub(crate) fn link(&self, name: &str, to: &Path) {
        symlink(to, self.at(name)).unwrap();
    }

    /// `holm WORDS…` in this folder, which keeps what it keeps beside it.
    pub(crate) fn holm(&self, words: &[&str]) -> Holm {
        holm(words).within(self.folder()).env("HOLM_STATE_DIR", self.at(".state"))
    }

    /// `holm serve` of the folder with these flags.
    pub(crate) fn serve(&self, flags: &[&str]) -> Server {
        start(self.holm(&["serve", ".", "--addr", "127.0.0.1:0"]).args(flags))
    }
}

/// Waits until `path` is answered like this.
#[track_caller]
pub(crate) fn becomes(server: &Server, path: &str, says: (u16, &str)) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let response = server.get(path);
        if response.said() == says {
            return;
        }
        assert!(Instant::now() < deadline, "still {response:?}: {}", server.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}
