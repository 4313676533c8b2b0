//! What is wrong with a manifest.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a manifest could not be used. [`Display`](fmt::Display) takes a line for each problem.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is larger than [`MAX_BYTES`](crate::MAX_BYTES).
    #[error(
        "{} is larger than a manifest may be ({} bytes); is it the guest itself?",
        path.display(),
        crate::MAX_BYTES
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The text is not a manifest.
    #[error("{}", listed(path, problems, *omitted))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, in the order of the text. Never empty.
        problems: Vec<Problem>,
        /// How many more problems were found than are listed.
        omitted: usize,
    },
}

/// One thing wrong with a manifest, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The character within the line, from 1.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

fn listed(path: &std::path::Path, problems: &[Problem], omitted: usize) -> String {
    let path = path.display();
    let count = match problems.len() + omitted {
        1 => "1 problem".to_owned(),
        count => format!("{count} problems"),
    };
    let lines: String = problems.iter().map(|problem| format!("\n  {path}:{problem}")).collect();
    let more = match omitted {
        0 => String::new(),
        omitted => format!("\n  and {omitted} more"),
    };
    format!("{count} in {path}{lines}{more}")
}
