//! What a process that compiles is told, what it does, and how it answers.
//!
//! The code goes into the cache, or to standard output where it cannot be kept. Standard error carries warnings, one a
//! line, and in the end a [`Failure`] as JSON if there was one.

use holm_engine::shape::Digest;
use holm_engine::{Error, Kind, Loader, Opened, Result, Settings, Source};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::args::CompileJob;
use crate::{guest, output};

/// One guest to compile.
#[derive(Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) settings: Settings,
    /// What the guest's file held when it was looked at.
    pub(super) digest: Digest,
    /// Bytes of memory to do it in.
    pub(super) memory: u64,
    /// Seconds of CPU time to do it in.
    pub(super) cpu: u64,
    /// How far others go first, from 0 to 19.
    pub(super) nice: i32,
    /// The process that waits for the code. `None` makes it for whoever comes, unless other code is being made.
    pub(super) client: Option<u32>,
    /// Whether there is a cache, in `HOLM_CACHE_DIR`.
    pub(super) cache: bool,
}

/// An error, for another process.
#[derive(Serialize, Deserialize)]
pub(super) struct Failure {
    kind: Kind,
    message: String,
    notes: Vec<String>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self { kind: error.kind(), message: error.to_string(), notes: error.notes().to_vec() }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.notes.into_iter().fold(Error::new(failure.kind, failure.message), Error::note)
    }
}

/// `holm compile-job`
pub(crate) fn work(args: CompileJob) -> Result<i32> {
    let job: Job =
        serde_json::from_str(&args.job).map_err(|error| Error::new(Kind::Usage, format!("not a job: {error}")))?;
    match compile(&job, &args.guest).and_then(hand_over) {
        Ok(()) => Ok(0),
        Err(error) => {
            let failure = serde_json::to_string(&Failure::from(&error)).unwrap_or_default();
            eprintln!("{failure}");
            Ok(error.kind().exit_code())
        }
    }
}

fn compile(job: &Job, guest: &str) -> Result<Option<Vec<u8>>> {
    be_expendable(job)?;
    let loader = Loader {
        cache: if job.cache { guest::cache() } else { None },
        on_warning: Some(Box::new(|warning| eprintln!("{warning}"))),
        ..Loader::default()
    };
    let opened = loader.open(Source::read(guest)?)?;
    same(&opened, &job.digest)?;
    match job.client {
        Some(_) => loader.make(&opened, &job.settings),
        None => loader.improve(&opened, &job.settings).map(|()| None),
    }
}

fn hand_over(code: Option<Vec<u8>>) -> Result<()> {
    match code {
        Some(code) => output::print_bytes(&code),
        None => Ok(()),
    }
}

/// Code goes by the name of the guest it was asked for.
fn same(opened: &Opened, digest: &Digest) -> Result<()> {
    if opened.shape.digest == *digest {
        return Ok(());
    }
    let message = format!("{} was changed while it was loaded", opened.source.name);
    Err(Error::new(Kind::Invalid, message)
        .note("replace a guest's file by renaming another over it, and load it again"))
}

/// Makes this process one that a hostile guest can have: it ends when it takes too much, or is no longer needed.
///
/// # Errors
/// Only where a limit on memory or CPU time cannot be had.
fn be_expendable(job: &Job) -> Result<()> {
    // Whoever cannot be nicer compiles as they are.
    let _ = rustix::process::nice(job.nice);
    let limited = |resource, soft, hard| {
        let limit = Rlimit { current: Some(soft), maximum: Some(hard) };
        setrlimit(resource, limit).map_err(|error| Error::io("limit what compiling takes", &error.into()))
    };
    let _ = limited(Resource::Core, 0, 0);
    // Memory that can be written. RLIMIT_AS would count what is only reserved, which grows with every thread.
    limited(Resource::Data, job.memory, job.memory)?;
    // The first limit ends it with a signal of its own, which tells why.
    limited(Resource::Cpu, job.cpu, job.cpu.saturating_add(1))?;
    end_with(job.client);
    Ok(())
}

/// Ends this process when its client does.
#[cfg(target_os = "linux")]
fn end_with(client: Option<u32>) {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};

    let Some(client) = client else { return };
    // Without it, the limit on CPU time is what ends this.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    // It may have ended before that.
    if getppid().is_none_or(|parent| parent.as_raw_pid() as u32 != client) {
        std::process::exit(0);
    }
}

#[cfg(not(target_os = "linux"))]
fn end_with(_: Option<u32>) {}
