//! `holm.toml`, what an app is, and the file that configures a server.
//!
//! ```toml
//! holm = 1                       # the manifest's version
//! name = "thumbs"
//! guest = "thumbs.wasm"          # beside this file; or several, as tables [guest.NAME]
//! args = ["--fast"]
//! abi = "wasi"                   # when Holm should not find out by itself
//! deterministic = true
//! features = ["wide-arithmetic"]
//! routes = ["thumbs.example.com", "/thumbs"]
//! reuse = { requests = 1000, concurrent = 1, idle = "10s" }
//!
//! [grants]                       # each key takes one string or an array of them
//! dir = ["./data:/data:ro"]      # beside this file
//! env = ["MODE=prod", "HOME"]    # HOME: the host's value; or a table, { MODE = "prod" }
//! net = "api.example.com:443"
//! listen = "127.0.0.1:8080"
//! http = ["https://api.example.com"]
//! kv = ["default"]
//! blob = ["images"]
//! config = { colour = "blue" }
//!
//! [limits]
//! memory = "64MiB"
//! wall = "30s"
//! concurrency = 100
//!
//! [services]
//! kv.default = "redis://127.0.0.1:6379"
//! ```
//!
//! In the place of a guest's file there may be a server that answers, and in front of either what filters its traffic:
//!
//! ```toml
//! holm = 1
//! upstream = "http://127.0.0.1:9000"
//!
//! [[filters]]
//! file = "auth.wasm"
//! config = { realm = "shop" }
//! ```
//!
//! docs/manifest.md has every key. [`App::parse`] and [`Server::parse`] find every problem of a file at once, and say
//! where each one is. Both give plain data: nothing is looked up, opened or connected to here.
#![forbid(unsafe_code)]

mod app;
mod build;
mod components;
mod composing;
mod dependencies;
mod document;
#[cfg(test)]
mod documented;
mod error;
mod filters;
mod grants;
mod guest;
mod keys;
mod limits;
mod reference;
mod report;
mod reuse;
mod routes;
pub mod server;
mod services;
mod spin;
mod template;
mod triggers;
mod upstream;
mod values;

pub use app::{App, MOST_GUESTS, VERSION};
pub use build::{Build, Language};
pub use components::{Component, Imports, MOST_COMPONENTS};
pub use composing::PackageName;
pub use dependencies::{Dependency, Inherits, Source};
pub use document::MAX_BYTES;
pub use error::{ManifestError, Problem};
pub use filters::{Configuration, Filter, MOST_FILTERS};
pub use guest::Guest;
pub use limits::ServeLimits;
pub use reference::{called, is_on_registry};
pub use reuse::Reuse;
pub use routes::{HostPattern, MOST_ROUTES, Route, Segment, normal_segment};
pub use server::Server;
pub use services::{Backend, Llm, Remote, Secret, Services, SqlBackend, VariableSource};
pub use spin::{ClientTls, Folder, MOST_COMPONENTS as MOST_SPIN_COMPONENTS, Networking, RuntimeConfig, outbound_grant};
pub use template::{Piece, Template};
pub use triggers::{Mount, Platform, StaticResponse, Trigger, Variable, Wagi};
pub use upstream::Upstream;
