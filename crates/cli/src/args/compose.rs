//! `holm compose`.

use std::path::PathBuf;

use clap::Args;

// `holm compose`
#[derive(Args)]
#[command(after_help = NOTES)]
pub(crate) struct Compose {
    /// A component that may satisfy imports, and what to call it; its file's name where none is said. For a script, the
    /// package that the file is
    #[arg(long = "with", short = 'd', visible_alias = "dep", value_name = "[NAME=]FILE")]
    pub(crate) with: Vec<String>,

    /// Where one import comes from: another part, one export of it (PART/EXPORT), or `host`
    #[arg(long, value_name = "PART/IMPORT=PART")]
    pub(crate) wire: Vec<String>,

    /// For a script: the folder with packages, in NAMESPACE/NAME.wasm
    #[arg(long, value_name = "DIR")]
    pub(crate) deps_dir: Option<PathBuf>,

    /// Where the component is written; `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// Print what was done as JSON, on standard output
    #[arg(long)]
    pub(crate) json: bool,

    /// The component whose exports the result has, or a .wac script that says everything
    #[arg(value_name = "ROOT")]
    pub(crate) root: String,
}

const NOTES: &str = "Examples:
  holm compose handler.wasm --with model.wasm --with crypto.wasm -o app.wasm
                                        by interface and compatible version, transitively
  holm compose app.wasm --with a=log.wasm --with b=log.wasm \\
      --wire app/acme:log/sink=a -o out.wasm
                                        … where more than one part fits
  holm compose app.wasm --with model.wasm --wire model/acme:crypto/sign=host -o out.wasm
                                        … where the host is meant
  holm compose app.wac -d acme:model=model.wasm -o app.wasm
                                        a script, for full control";
