//! Why nothing was built.

use std::io;
use std::path::{Path, PathBuf};

/// Why a guest could not be built. [`BuildError::hint`] says what helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Nothing in the folder says which language it is written in.
    #[error("{}: nothing here says what it is written in", .0.display())]
    Unrecognised(PathBuf),
    /// A program that is needed is not installed.
    #[error("{tool} is not installed; {needs} needs it")]
    MissingTool {
        /// The program.
        tool: &'static str,
        /// What needs it, in words.
        needs: String,
        /// The command that installs it.
        install: String,
    },
    /// A tool ended with an error, and has said why.
    #[error("{tool} failed ({status}); what it said is above")]
    Failed {
        /// The program.
        tool: String,
        /// How it ended, in words.
        status: String,
    },
    /// The project lacks something, or holds what does not fit.
    #[error("{message}")]
    Project {
        /// What is wrong, and where.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// What the tool made cannot become a component.
    #[error("{} cannot become a component: {why}", file.display())]
    Component {
        /// What the tool made.
        file: PathBuf,
        /// What stands in the way.
        why: String,
    },
    /// A file could not be read or written.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was being done, in words.
        doing: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// Whoever asked for it wants it no more.
    #[error("given up")]
    Cancelled,
}

impl BuildError {
    /// What helps, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            BuildError::Unrecognised(_) => Some(
                "a folder is known by Cargo.toml, go.mod, asconfig.json, package.json, app.py, pyproject.toml, or files in \
                 .js, .ts or .c; [build] of a holm.toml names a `language`, or a `command`"
                    .to_owned(),
            ),
            BuildError::MissingTool { install, .. } => Some(format!("`{install}` installs it")),
            BuildError::Project { hint, .. } => hint.clone(),
            _ => None,
        }
    }

    pub(crate) fn project(message: impl Into<String>, hint: impl Into<String>) -> Self {
        BuildError::Project { message: message.into(), hint: Some(hint.into()) }
    }

    pub(crate) fn io(doing: &str, path: &Path, source: io::Error) -> Self {
        BuildError::Io { doing: format!("{doing} {}", path.display()), source }
    }
}
