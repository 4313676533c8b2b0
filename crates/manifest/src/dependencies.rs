//! Components that a guest of a Spin app is composed with, as its `spin.toml` names them.

use holm_grants::Grants;
use std::path::PathBuf;

/// A component that provides imports of a guest, or stands before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// What it provides: a package (`acme:db`, `acme:db@1.0.0`), which is all of its interfaces that the guest imports; an
    /// interface (`acme:db/query@1.0.0`); or the name of an import that is neither. Of what stands before a guest, its place
    /// among them: `middleware0`.
    pub import: String,
    /// Where its component is.
    pub source: Source,
    /// Which of its exports provides the import. `None`: the one of the import's name.
    pub export: Option<String>,
    /// What it may touch of what the guest may.
    pub inherits: Inherits,
}

/// Where a component is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file, joined to the manifest's folder, or a URL, which comes with a digest.
    File {
        /// Its path or URL.
        file: PathBuf,
        /// The SHA-256 that it has to have, in lower-case hexadecimal digits.
        digest: Option<String>,
    },
    /// A package on a registry.
    Package {
        /// The registry's host. `None`: the one that the machine's configuration names for the package's namespace.
        registry: Option<String>,
        /// Namespace and name: `acme:db`.
        package: String,
        /// A version, or a requirement as Cargo writes them: `>=0.1.0`, `^1.2`, `=1.0.0`.
        version: String,
    },
}

/// Which of a guest's grants a component that it is composed with has as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Inherits {
    /// None of them.
    #[default]
    Nothing,
    /// All of them, and its variables and files.
    Everything,
    /// Those of these keys of `[component.NAME]`: `ai_models`, `allowed_outbound_hosts`, `environment`, `files`,
    /// `key_value_stores`, `sqlite_databases`, `variables`.
    Only(Vec<String>),
}

impl Inherits {
    /// Whether it has what stands under `key` in `[component.NAME]`.
    pub fn has(&self, key: &str) -> bool {
        match self {
            Inherits::Nothing => false,
            Inherits::Everything => true,
            Inherits::Only(keys) => keys.iter().any(|has| has == key),
        }
    }

    /// What of the `guest`'s grants it has. Variables and files are not among grants: ask [`has`](Inherits::has) for
    /// `variables` and `files`.
    pub fn of(&self, guest: &Grants) -> Grants {
        let mut grants = match self {
            Inherits::Everything => guest.clone(),
            // What is blocked for the guest is blocked for its parts.
            _ => Grants { blocked: guest.blocked.clone(), ..Grants::default() },
        };
        if self.has("environment") {
            grants.env = guest.env.clone();
        }
        if self.has("key_value_stores") {
            grants.kv = guest.kv.clone();
        }
        if self.has("sqlite_databases") {
            grants.sql = guest.sql.clone();
        }
        if self.has("ai_models") {
            grants.models = guest.models.clone();
        }
        if self.has("allowed_outbound_hosts") {
            grants.outbound = guest.outbound.clone();
        }
        grants
    }
}
