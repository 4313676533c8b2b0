//! A folder with a `spin.toml`.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::server::{self, Server};
use crate::support::{Holm, guest, holm};

pub(crate) struct App {
    folder: TempDir,
}

impl App {
    /// With these guests beside its manifest, of which `rest` is all but the beginning.
    pub(crate) fn new(guests: &[&str], rest: &str) -> Self {
        let it = Self { folder: tempfile::tempdir().unwrap() };
        for name in guests {
            fs::copy(guest(name), it.folder().join(name)).unwrap();
        }
        it.write(rest);
        it
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, rest: &str) {
        let text = format!("spin_manifest_version = 2\n[application]\nname = \"told\"\nversion = \"1.0.0\"\n{rest}\n");
        fs::write(self.folder().join("spin.toml"), text).unwrap();
    }

    pub(crate) fn command(&self) -> Holm {
        holm(["serve", "--addr", "127.0.0.1:0"]).env("HOLM_STATE_DIR", self.folder().join("state")).arg(self.folder())
    }

    pub(crate) fn serve(&self) -> Server {
        server::start(self.command())
    }
}

/// A component from a file of its own name.
pub(crate) fn component(name: &str, file: &str, rest: &str) -> String {
    format!("[component.{name}]\nsource = \"{file}\"\n{rest}\n")
}

/// Waits until `now` says yes.
#[track_caller]
pub(crate) fn until(server: &Server, mut now: impl FnMut(&str) -> bool) {
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    while !now(&server.log()) {
        assert!(std::time::Instant::now() < deadline, "it never came to that");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
