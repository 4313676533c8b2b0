//! What a host gives a guest.

use std::fmt;
use std::sync::{Arc, Mutex};

use holm_grants::{Audit, Grants, Limits};

use crate::{FilterSettings, Incoming, Pipe, Provided};

/// Everything a guest gets from outside, and nothing else.
#[derive(Clone, Default)]
pub struct Host {
    /// What it may touch.
    pub grants: Arc<Grants>,
    /// What the components may touch that it was composed of, beside its own: the first is part 1.
    pub parts: Arc<[Part]>,
    /// How much of it.
    pub limits: Limits,
    /// Connections to elsewhere that all its instances may have open at once, of every kind; `None` is the ABI's own
    /// bound.
    pub connections: Option<u64>,
    /// Remembers what it asked for and was refused.
    pub audit: Audit,
    /// Also remember the files it asked for in vain. Without any directory a guest fails inside its own C library,
    /// so to hear of them, it is shown a directory that is not there.
    pub audit_paths: bool,
    /// Fixed clocks, seeded randomness.
    pub deterministic: bool,
    /// Its arguments where it serves, without the program's name; a command is given them when it is run.
    pub args: Vec<String>,
    /// Its standard streams.
    pub stdio: Stdio,
    /// Let instances that answer HTTP requests answer more than one. `None`: every request is a fresh instance.
    pub reuse: Option<Reuse>,
    /// Functions of the host that it may import, beside what its ABI offers.
    pub provided: Arc<[Provided]>,
    /// What it is told of itself where it filters.
    pub filter: FilterSettings,
    /// Keep a core dump of a guest that traps, in this file.
    pub coredump: Option<std::path::PathBuf>,
}

/// One of the components that a guest was composed of. It imports the interfaces through which it could reach the world
/// under names of its own, `holm:p1-wasi-filesystem/preopens@0.2.3` in the place of `wasi:filesystem/preopens@0.2.3`, and
/// shares everything else with its guest: streams, clocks, limits.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// What it is called.
    pub name: String,
    /// What it may touch, which has nothing to do with what its guest may.
    pub grants: Arc<Grants>,
    /// Remembers what it asked for and was refused.
    pub audit: Audit,
}

/// How far an instance is used again. What a request leaves behind in it is seen by those after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reuse {
    /// Requests that one instance answers; at least 1.
    pub requests: u64,
    /// How long an instance without a request is kept.
    pub idle: std::time::Duration,
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
    /// Bytes that arrive as the guest asks for them.
    Stream(Incoming),
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
    /// Whoever takes it, as it is written.
    Sink(Arc<dyn Sink>),
    /// Whoever reads the pipe's other end, for whom the guest waits.
    Pipe(Pipe),
}

/// Takes what a guest writes.
pub trait Sink: Send + Sync + 'static {
    /// Takes these bytes, which are as the guest wrote them: not whole lines, not always text. Must not block.
    ///
    /// # Errors
    /// The guest is told. [`std::io::ErrorKind::BrokenPipe`] ends it.
    fn write(&self, bytes: &[u8]) -> std::io::Result<()>;
}

impl fmt::Debug for dyn Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sink")
    }
}

impl Stdio {
    /// This process's own streams.
    pub fn inherit() -> Self {
        Self { stdin: Input::Inherit, stdout: Output::Inherit, stderr: Output::Inherit }
    }
}
