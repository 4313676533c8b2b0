//! The file that configures a server: `holm serve --server-config server.toml`.
//!
//! ```toml
//! holm-server = 1                # the format's version
//! listen = ["127.0.0.1:3000", ":443"]
//! apps = ["hello.wasm", "shop"]  # beside this file: guests, manifests, folders that hold one
//! state = "state"
//! drain = "30s"
//! watch = true
//! admin = { listen = "127.0.0.1:9000", token-file = "token" }
//!
//! [ceilings]
//! memory = "256MiB"
//! memory-total = "4GiB"
//!
//! [log]
//! format = "json"
//! ```
//!
//! docs/server.md has every key.

mod address;
mod admin;
mod ceilings;
pub(crate) mod keys;
mod listen;
mod log;
mod telemetry;

pub use address::Address;
pub use admin::Admin;
pub use ceilings::Ceilings;
pub use listen::{Listener, Tls};
pub use log::{Log, LogFormat};
pub use telemetry::Telemetry;

use crate::document::{self, Format};
use crate::error::ManifestError;
use crate::grants::beside;
use crate::values::Reader;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The version of the server's configuration that this crate reads, the value of the key `holm-server`.
pub const VERSION: u64 = 1;

const FORMAT: Format = Format {
    key: "holm-server",
    version: VERSION,
    names: ("server configuration", "server configurations"),
    other: ("holm", "it is an app's manifest, for `holm serve` to take by its name"),
};

/// What a server's configuration says. Nothing in it has been opened or looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Where requests are accepted. None: for the caller to decide.
    pub listen: Vec<Listener>,
    /// Where the admin API is. `None`: for the caller to decide.
    pub admin: Option<Admin>,
    /// The directory for deployed apps and embedded stores, joined to the file's folder. `None`: the user's own.
    pub state: Option<PathBuf>,
    /// What to serve beside deployed apps: guests, manifests, folders; joined to the file's folder.
    pub apps: Vec<PathBuf>,
    /// How long requests in flight may take to finish when the server ends.
    pub drain: Duration,
    /// Whether apps are replaced when their files change.
    pub watch: bool,
    /// Bounds on each app, and on all together.
    pub ceilings: Ceilings,
    /// Where the log goes.
    pub log: Log,
    /// Where traces go. `None`: nowhere.
    pub telemetry: Option<Telemetry>,
}

impl Default for Server {
    fn default() -> Self {
        Server {
            listen: Vec::new(),
            admin: None,
            state: None,
            apps: Vec::new(),
            drain: Duration::from_secs(30),
            watch: true,
            ceilings: Ceilings::default(),
            log: Log::default(),
            telemetry: None,
        }
    }
}

impl Server {
    /// Reads a configuration's `text`. `path` is where it came from: paths in it are relative to the folder of that
    /// file, and messages name it. Nothing is read from disk.
    ///
    /// # Errors
    /// Every problem in the text at once; but when it is not TOML, or of another version, only that.
    pub fn parse(text: &str, path: &Path) -> Result<Server, ManifestError> {
        let folder = path.parent().unwrap_or(Path::new(""));
        document::parse(text, path, &FORMAT, |reader| read(reader, folder))
    }

    /// Reads the configuration at `path`.
    ///
    /// # Errors
    /// As [`Server::parse`], or because the file cannot be read as text.
    pub fn load(path: &Path) -> Result<Server, ManifestError> {
        Server::parse(&document::load(path)?, path)
    }
}

fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> Server {
    keys::SERVER.check(reader);
    let mut taken = Vec::new();
    Server {
        listen: listen::read(reader, folder, &mut taken),
        admin: admin::read(reader, folder, &taken),
        state: path(reader, "state", folder),
        apps: apps(reader, folder),
        drain: reader.duration("drain").unwrap_or(Server::default().drain),
        watch: reader.flag("watch").unwrap_or(true),
        ceilings: ceilings::read(reader),
        log: log::read(reader, folder),
        telemetry: telemetry::read(reader),
    }
}

/// A path, as seen from the file's folder.
fn path(reader: &mut Reader<'_, '_, '_>, key: &str, folder: &Path) -> Option<PathBuf> {
    reader.name(key).map(|path| beside(folder, path))
}

fn apps(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> Vec<PathBuf> {
    let mut apps: Vec<PathBuf> = Vec::new();
    for (text, span) in reader.texts("apps") {
        let app = beside(folder, text);
        if text.is_empty() {
            reader.report.add(span, "`apps` takes paths, and this one is empty");
        } else if apps.contains(&app) {
            reader.report.add(span, format!("`{}` is there twice; leave one out", app.display()));
        } else {
            apps.push(app);
        }
    }
    apps
}
