//! What else than stores is kept or answered somewhere: databases, models, variables.

use super::Secret;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What keeps a SQLite database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SqlBackend {
    /// Holm itself, in its state directory.
    #[default]
    Embedded,
    /// Holm itself, until its process ends.
    Memory,
    /// Holm itself, in this file.
    File(PathBuf),
    /// A server of libSQL's, over HTTP.
    Libsql {
        /// `https://HOST[:PORT]`, or `http://…`.
        url: String,
        /// What it lets us in for.
        token: Secret,
    },
}

/// Who answers guests that ask a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Llm {
    /// The address that requests are sent below.
    pub url: String,
    /// What it lets us in for.
    pub token: Secret,
    /// Whether it speaks as OpenAI does (`/v1/chat/completions`), and not as Spin's own servers do (`/infer`).
    pub openai: bool,
}

/// Where values of variables are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableSource {
    /// The environment of this process: `PREFIX_NAME`, in capitals; what a file of such lines says counts as well.
    Env {
        /// `SPIN_VARIABLE` for Spin's apps.
        prefix: String,
        /// The file, if it is there.
        dotenv: Option<PathBuf>,
    },
    /// These.
    Static(BTreeMap<String, Secret>),
    /// HashiCorp Vault, its key-value engine of version 2, over HTTP.
    Vault {
        /// `https://HOST[:PORT]`.
        url: String,
        /// What it lets us in for.
        token: Secret,
        /// The path at which the engine is mounted.
        mount: String,
        /// What stands before each name.
        prefix: Option<String>,
    },
}
