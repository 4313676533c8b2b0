//! What the commands take that build guests.

use std::path::PathBuf;

use clap::Args;

/// `holm build`
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

    /// What to build: a folder with a holm.toml or with sources alone, or a manifest
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub(crate) folder: PathBuf,
}

const BUILD_NOTES: &str =
    "A manifest's [build] says how a guest's file is made; its language is found by the files there.
Sources without a manifest become FOLDER/FOLDER.wasm. docs/build.md has the languages, and the tools they need.";
