//! Having a guest compiled by another process, which is this program again.

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use holm_engine::{Cache, Elsewhere, Error, Kind, Opened, Result, Settings, Urgency};
use holm_grants::{format_duration, format_size};
use rustix::process::Signal;

use super::job::{Failure, Job};
use crate::output;

/// What compiling one guest may take.
#[derive(Clone, Copy)]
pub(crate) struct Budget {
    /// Bytes of memory.
    pub(crate) memory: u64,
    /// CPU time.
    pub(crate) cpu: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { memory: 4 << 30, cpu: Duration::from_secs(300) }
    }
}

impl Budget {
    /// What the operating system counts in.
    fn cpu_seconds(&self) -> u64 {
        self.cpu.as_secs() + u64::from(self.cpu.subsec_nanos() > 0)
    }

    fn wall(&self) -> Duration {
        Duration::from_secs(self.cpu_seconds()).saturating_add(WAITING)
    }
}

/// How long a compiler may wait beyond the CPU time it has: for a processor, or for another that makes the same.
const WAITING: Duration = Duration::from_secs(600);
/// More than any error needs.
const LONGEST_ERROR: u64 = 64 << 10;
/// What serves comes before what is compiled for it.
const NICE: i32 = 10;
/// And everything comes before what is only made to be faster.
const NICEST: i32 = 19;

/// Compiles for a loader.
pub(crate) struct Children {
    /// The loader's cache.
    cache: Option<PathBuf>,
    budget: Budget,
}

impl Children {
    pub(crate) fn new(cache: Option<&Cache>, budget: Budget) -> Self {
        Self { cache: cache.map(|cache| cache.dir().to_owned()), budget }
    }
}

// SAFETY: the process is this very program, told to call `Loader::make`, and nobody else can write to the pipe that
// its code comes through. It checks that the file still holds this guest.
unsafe impl Elsewhere for Children {
    fn make(&self, guest: &Opened, settings: &Settings, urgency: Urgency) -> Result<Option<Vec<u8>>> {
        let name = &guest.source.name;
        let Some(path) = &guest.source.path else {
            return Err(Error::new(Kind::Usage, format!("{name}: only files are compiled in a process of their own")));
        };
        let nice = if urgency == Urgency::Now { NICE } else { NICEST };
        let client = Some(std::process::id());
        let mut command = command(self, guest, settings, nice, client, path)?;
        let failed = |error| Error::io(format_args!("start the compiler for {name}"), &error);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
        let ended = wait(child, &self.budget).map_err(|error| Error::io("wait for the compiler", &error))?;
        ended.code(name, &self.budget)
    }
}

/// Has the optimised code made by a process that outlives this one. Failing to is no reason to fail.
pub(crate) fn improve_in_background(cache: &Cache, guest: &Opened, path: &Path, settings: &Settings) {
    let children = Children::new(Some(cache), Budget::default());
    if let Ok(mut command) = command(&children, guest, settings, NICEST, None, path) {
        let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    }
}

fn command(
    children: &Children,
    guest: &Opened,
    settings: &Settings,
    nice: i32,
    client: Option<u32>,
    path: &Path,
) -> Result<Command> {
    let job = Job {
        settings: settings.clone(),
        digest: guest.shape.digest,
        memory: children.budget.memory,
        cpu: children.budget.cpu_seconds(),
        nice,
        client,
        cache: children.cache.is_some(),
    };
    let job = serde_json::to_string(&job)
        .map_err(|error| Error::new(Kind::Internal, format!("a job that is not JSON: {error}")))?;
    let mut command = Command::new(this_program()?);
    command.arg0("holm").args([OsStr::new("compile-job"), job.as_ref(), OsStr::new("--"), path.as_ref()]);
    command.env_clear().envs(children.cache.as_ref().map(|dir| ("HOLM_CACHE_DIR", dir)));
    command.stdin(Stdio::null());
    // A group of its own, so that Ctrl-C in this terminal is not for it.
    command.process_group(0);
    Ok(command)
}

/// The file of this very program, even after another version took its place.
fn this_program() -> Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if cfg!(target_os = "linux") && running.exists() {
        return Ok(running.to_owned());
    }
    std::env::current_exe().map_err(|error| Error::io("find the program of holm itself", &error))
}

/// How a compiler ended.
struct Ended {
    /// `None` when it took too long and was ended.
    status: Option<ExitStatus>,
    stdout: Vec<u8>,
    stderr: String,
}

fn wait(mut child: Child, budget: &Budget) -> std::io::Result<Ended> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (done, ended) = channel();
    thread::scope(|scope| {
        let stdout = scope.spawn(move || {
            let read = read(stdout, budget.memory.saturating_add(1));
            // Its end closes the pipe. Nobody may be there any more to hear of it.
            let _ = done.send(());
            read
        });
        let stderr = scope.spawn(move || read(stderr, LONGEST_ERROR));
        let late = ended.recv_timeout(budget.wall()) == Err(RecvTimeoutError::Timeout);
        if late {
            child.kill()?;
        }
        let status = child.wait()?;
        let broke_off = |_| std::io::Error::other("a reader broke off");
        let stdout = stdout.join().map_err(broke_off)??;
        let stderr = String::from_utf8_lossy(&stderr.join().map_err(broke_off)??).into_owned();
        Ok(Ended { status: (!late).then_some(status), stdout, stderr })
    })
}

fn read(from: Option<impl Read>, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        from.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

impl Ended {
    /// The code, unless the cache has it.
    fn code(self, guest: &str, budget: &Budget) -> Result<Option<Vec<u8>>> {
        if !self.status.is_some_and(|status| status.success()) {
            return Err(self.error(guest, budget));
        }
        if self.stdout.len() as u64 > budget.memory {
            return Err(Error::new(Kind::TooCostly, format!("compiling {guest} made too much code to hand over")));
        }
        for warning in self.stderr.lines() {
            output::warn(warning);
        }
        Ok((!self.stdout.is_empty()).then_some(self.stdout))
    }

    fn error(&self, guest: &str, budget: &Budget) -> Error {
        let costly = |took: String| Error::new(Kind::TooCostly, format!("compiling {guest} took {took}"));
        let Some(status) = self.status else {
            return costly(format!("longer than {}", format_duration(budget.wall())))
                .note("is this machine busy? What compiles comes after what serves");
        };
        let last = self.stderr.lines().last().unwrap_or_default();
        if let Ok(failure) = serde_json::from_str::<Failure>(last) {
            return failure.into();
        }
        if status.signal() == Some(Signal::XCPU.as_raw()) {
            let most = format_duration(Duration::from_secs(budget.cpu_seconds()));
            return costly(format!("more than {most} of CPU time")).note("--compile-cpu allows more");
        }
        if NO_MEMORY.iter().any(|words| self.stderr.contains(words)) {
            return costly(format!("more than {} of memory", format_size(budget.memory)))
                .note("--compile-memory allows more");
        }
        let how = match (status.signal(), status.code()) {
            (Some(signal), _) => format!("signal {signal}"),
            (None, Some(code)) => format!("exit code {code}"),
            (None, None) => "an unknown end".to_owned(),
        };
        let error = Error::new(Kind::Internal, format!("compiling {guest} broke off: {how}"));
        match status.signal() == Some(Signal::KILL.as_raw()) {
            true => error.note("perhaps this machine ran out of memory"),
            false => error.note("please report it, with the guest if you can"),
        }
    }
}

/// What a process says before it ends because it gets no memory: for data, for a mapping, for a thread.
const NO_MEMORY: [&str; 3] = ["memory allocation of ", "Cannot allocate memory", "Resource temporarily unavailable"];
