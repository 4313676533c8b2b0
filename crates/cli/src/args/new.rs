//! What `holm new` takes.

use clap::Args;

// `holm new`
#[derive(Args)]
#[command(after_help = NOTES)]
pub(crate) struct New {
    /// List the templates, as without any argument
    #[arg(long, conflicts_with_all = ["template", "name"])]
    pub(crate) list: bool,

    /// Print the list, or what was made, as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// LANGUAGE-KIND, as in rust-http; or a language alone, for its most usual kind
    #[arg(value_name = "TEMPLATE", requires = "name")]
    pub(crate) template: Option<String>,

    /// The folder to make here: a letter, then letters, digits, hyphens and underscores
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

const NOTES: &str = "Each has sources, a holm.toml for `holm build`, tests and a README.

Examples:
  holm new                          which templates there are
  holm new rust-http hello          answers HTTP requests, in ./hello
  holm new python hello             the same in Python
  holm new go-library words         functions that other components call";
