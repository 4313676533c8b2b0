//! What a host gives a guest.

use std::sync::{Arc, Mutex};

use holm_grants::{Audit, Grants, Limits};

/// Everything a guest gets from outside, and nothing else.
#[derive(Clone, Default)]
pub struct Host {
    /// What it may touch.
    pub grants: Arc<Grants>,
    /// How much of it.
    pub limits: Limits,
    /// Remembers what it asked for and was refused.
    pub audit: Audit,
    /// Also remember the files it asked for in vain. Without any directory a guest fails inside its own C library,
    /// so to hear of them, it is shown a directory that is not there.
    pub audit_paths: bool,
    /// Fixed clocks, seeded randomness.
    pub deterministic: bool,
    /// Its standard streams.
    pub stdio: Stdio,
    /// Keep a core dump of a guest that traps, in this file.
    pub coredump: Option<std::path::PathBuf>,
}

/// A guest's standard streams.
#[derive(Clone, Debug, Default)]
pub struct Stdio {
    /// Standard input.
    pub stdin: Input,
    /// Standard output.
    pub stdout: Output,
    /// Standard error.
    pub stderr: Output,
}

/// Where a guest reads from.
#[derive(Clone, Debug, Default)]
pub enum Input {
    /// The end of the file, at once.
    #[default]
    Empty,
    /// This process's standard input.
    Inherit,
    /// These bytes.
    Bytes(Arc<[u8]>),
}

/// Where a guest writes to.
#[derive(Clone, Debug, Default)]
pub enum Output {
    /// Nowhere.
    #[default]
    Discard,
    /// This process's standard output or standard error.
    Inherit,
    /// This buffer.
    Capture(Arc<Mutex<Vec<u8>>>),
}

impl Stdio {
    /// This process's own streams.
    pub fn inherit() -> Self {
        Self { stdin: Input::Inherit, stdout: Output::Inherit, stderr: Output::Inherit }
    }
}
