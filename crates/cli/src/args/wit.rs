//! What `holm wit` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use holm_wit::compare::Role;

// `holm wit`
#[derive(Args)]
pub(crate) struct Wit {
    #[command(subcommand)]
    pub(crate) action: WitAction,
}

#[derive(Subcommand)]
pub(crate) enum WitAction {
    /// Print an interface as WIT: that of a component, of a package, of a folder
    Print(WitPrint),
    /// Write WIT in its one form, with all its comments
    Format(WitFormat),
    /// Compare two versions of an interface: what changed, and whom it breaks
    Compare(WitCompare),
}

#[derive(Args)]
pub(crate) struct WitPrint {
    /// Leave out the packages that it refers to
    #[arg(long)]
    pub(crate) alone: bool,

    /// Print it as JSON, in the form of wit-parser
    #[arg(long)]
    pub(crate) json: bool,

    /// A component, a WIT package as .wasm, a .wit file, a folder of them with its deps, or `-` for standard input
    #[arg(value_name = "INTERFACE")]
    pub(crate) from: PathBuf,
}

#[derive(Args)]
#[command(after_help = FORMAT_NOTES)]
pub(crate) struct WitFormat {
    /// Change nothing: name the files that would change, and end with 1 if there are any
    #[arg(long)]
    pub(crate) check: bool,

    /// Print what was done as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// .wit files, folders of them, or `-` to read standard input and print
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

const FORMAT_NOTES: &str = "A file is left as it is unless it means the same afterwards.";

#[derive(Args)]
#[command(after_help = COMPARE_NOTES)]
pub(crate) struct WitCompare {
    /// Whose concerns the exit code tells; all unless said
    #[arg(long = "for", value_name = "WHO")]
    pub(crate) whom: Vec<Whom>,

    /// Print everything as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// The old version: a component, a WIT package as .wasm, a .wit file, or a folder of them with its deps
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,

    /// The new version
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
}

const COMPARE_NOTES: &str = "Exit codes: 0 nobody has to do anything, 1 somebody has to (--for narrows down who), 125 to 127 as everywhere.

Those who import an interface call it, those who export it implement it. Components are made for a world, and hosts run or
compose them.";

/// A role, as it is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Whom {
    Importers,
    Exporters,
    Components,
    Hosts,
}

impl From<Whom> for Role {
    fn from(whom: Whom) -> Self {
        match whom {
            Whom::Importers => Role::Importers,
            Whom::Exporters => Role::Exporters,
            Whom::Components => Role::Components,
            Whom::Hosts => Role::Hosts,
        }
    }
}
