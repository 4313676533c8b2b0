//! What `holm bundle` takes, and what a bundle that serves takes.

#[cfg(feature = "bundle")]
use std::path::PathBuf;

#[cfg(feature = "serve")]
use clap::Parser;

#[cfg(feature = "bundle")]
use super::HostArgs;

// `holm bundle`
#[cfg(feature = "bundle")]
#[derive(clap::Args)]
#[command(after_help = BUNDLE_NOTES)]
pub(crate) struct Bundle {
    /// Where to write it [default: the guest's name without .wasm]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Answer HTTP requests; what can do nothing else does so anyway
    #[arg(long)]
    pub(crate) serve: bool,

    /// Where to answer, unless whoever starts it says otherwise [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) addr: Vec<String>,

    /// Copy this executable of Holm in the place of the one that runs: a smaller one, or one for another machine
    #[arg(long, value_name = "FILE")]
    pub(crate) runtime: Option<PathBuf>,

    /// Use all that this machine's processor can do. The bundle may not start on others
    #[arg(long)]
    pub(crate) native: bool,

    /// Print what was written as JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) host: HostArgs,

    /// The guest: .wasm, .wat, or `-` for standard input; or a manifest, or a folder with a holm.toml
    #[arg(value_name = "GUEST")]
    pub(crate) guest: String,
}

#[cfg(feature = "bundle")]
const BUNDLE_NOTES: &str =
    "Whoever starts the bundle cannot change what it is granted, and all arguments are the guest's.
Directories that are not absolute are looked for where it is started.

Examples:
  holm bundle hello.wasm                             then ./hello
  holm bundle thumbs.wasm --dir ./photos:/photos:ro --memory 64MiB -o thumbs
  holm bundle shop.wasm --addr :8080                 then ./shop, or ./shop --addr :9000";

/// A bundle that answers HTTP requests.
#[cfg(feature = "serve")]
#[derive(Parser)]
#[command(about = "Answers HTTP requests with the guest inside, each request in a fresh sandbox", max_term_width = 100)]
pub(crate) struct Serving {
    /// Where to answer: localhost:3000, :8080 for every address, [::1]:80, unix:/run/app.sock; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) addr: Vec<String>,
}
