//! `holm.toml`: what an app is, in a file.
//!
//! ```toml
//! holm = 1                       # the manifest's version
//! name = "thumbs"
//! guest = "thumbs.wasm"          # beside this file
//! args = ["--fast"]
//! abi = "wasi"                   # when Holm should not find out by itself
//! deterministic = true
//! features = ["wide-arithmetic"]
//!
//! [grants]                       # each key takes one string or an array of them
//! dir = ["./data:/data:ro"]      # beside this file
//! env = ["MODE=prod", "HOME"]    # HOME: the host's value; or a table, { MODE = "prod" }
//! net = "api.example.com:443"
//! listen = "127.0.0.1:8080"
//! http = ["https://api.example.com"]
//! kv = ["default"]
//! config = { colour = "blue" }
//!
//! [limits]
//! memory = "64MiB"
//! cpu = "10s"
//! wall = "30s"
//! fuel = 1000000
//! stack = "1MiB"
//! max-output = "10MiB"
//! table-elements = 10000
//! ```
//!
//! [`App::parse`] finds every problem of a manifest at once, and says where each one is.
#![forbid(unsafe_code)]

mod app;
mod error;
mod grants;
mod keys;
mod limits;
mod report;
mod values;

pub use app::{App, MAX_BYTES, VERSION};
pub use error::{ManifestError, Problem};
