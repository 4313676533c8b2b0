//! What the commands take that build guests.

use std::path::PathBuf;

use clap::Args;

// `holm build`
#[derive(Args)]
#[command(after_help = BUILD_NOTES)]
pub(crate) struct Build {
    /// Keep debug information and build without optimising, as far as the language has a choice
    #[arg(long)]
    pub(crate) debug: bool,

    /// Optimise, and leave debug information out (the default)
    #[arg(long, conflicts_with = "debug")]
    pub(crate) release: bool,

    /// Build also where nothing has changed
    #[arg(long)]
    pub(crate) force: bool,

    /// Print what was built as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Also write the guest with all its components as one, to be run anywhere
    #[cfg(feature = "compose")]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// What to build: a folder with a holm.toml, a spin.toml or sources alone, or a manifest
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub(crate) folder: PathBuf,
}

const BUILD_NOTES: &str =
    "A manifest's [build] says how a guest's file is made; its language is found by the files there.
Sources without a manifest become FOLDER/FOLDER.wasm. docs/build.md has the languages, and the tools they need.";

// `holm dev`
#[cfg(feature = "serve")]
#[derive(Args)]
#[command(after_help = DEV_NOTES)]
pub(crate) struct Dev {
    /// Where to answer, as for `holm serve`; a program then answers as CGI [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) addr: Option<String>,

    /// Build as for release: smaller and faster code, for which compilers take longer
    #[arg(long)]
    pub(crate) release: bool,

    #[command(flatten)]
    pub(crate) host: super::HostArgs,

    #[command(flatten)]
    pub(crate) compiling: super::CompilingArgs,

    /// What to build, and then to serve or run: a folder with a holm.toml, a spin.toml or sources alone, or a manifest
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub(crate) folder: PathBuf,

    /// Arguments for a program
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pub(crate) args: Vec<String>,
}

#[cfg(feature = "serve")]
const DEV_NOTES: &str = "What answers HTTP requests is served, and replaced as soon as it is built again, without a request lost; until
it can be built, requests are answered with what the compiler says. A program is run, and run again. Ctrl-C ends all of it.";
