//! One build while it is under way, and what whoever asked for it has to say.

use crate::error::BuildError;
use crate::project::Project;
use rustix::process::{Pid, Signal, kill_process_group};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Hears what a tool says, as it comes.
pub type Listener<'a> = &'a (dyn Fn(&[u8]) + Sync);

/// How to build, and who hears of it.
#[derive(Clone, Copy, Default)]
pub struct How<'a> {
    /// Without debug information, and optimised, as far as the language has a choice.
    pub release: bool,
    /// Also when nothing has changed.
    pub force: bool,
    /// Tools may use colours though they do not write to a terminal: whoever has what they say shows it on one.
    pub colour: bool,
    /// Hears which step is being taken.
    pub on_step: Option<&'a (dyn Fn(&str) + Sync)>,
    /// Hears what the tools say, on both streams. `None`: they say it on standard error.
    pub on_output: Option<Listener<'a>>,
    /// Can end it from elsewhere. Tools then run in process groups of their own.
    pub cancel: Option<&'a Cancel>,
}

/// Ends a build from elsewhere, with the tools that run for it.
#[derive(Debug, Default)]
pub struct Cancel(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    cancelled: bool,
    group: Option<Pid>,
}

impl Cancel {
    /// The build ends with [`BuildError::Cancelled`], now or when it next looks.
    pub fn cancel(&self) {
        let mut state = self.state();
        state.cancelled = true;
        if let Some(group) = state.group {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.state().cancelled
    }

    /// Starts a tool, unless it is too late for that. The lock is held meanwhile, so that none is missed.
    pub(crate) fn start<T>(&self, start: impl FnOnce() -> std::io::Result<(T, Pid)>) -> std::io::Result<Option<T>> {
        let mut state = self.state();
        if state.cancelled {
            return Ok(None);
        }
        let (child, group) = start()?;
        state.group = Some(group);
        Ok(Some(child))
    }

    /// A tool has ended; its number may soon be another's.
    pub(crate) fn ended(&self) {
        self.state().group = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A build under way.
pub(crate) struct Job<'a> {
    pub(crate) project: &'a Project,
    pub(crate) how: &'a How<'a>,
    /// The folder that is this project's own, for what is made on the way.
    pub(crate) work: PathBuf,
    /// The folder of the sources, absolute.
    pub(crate) folder: PathBuf,
}

impl Job<'_> {
    pub(crate) fn step(&self, what: &str) {
        if let Some(on_step) = self.how.on_step {
            on_step(what);
        }
    }

    /// The entry file that the manifest names, else the first of `usual` that is there.
    pub(crate) fn source(&self, usual: &[&str]) -> Result<PathBuf, BuildError> {
        if let Some(source) = &self.project.build.source {
            let source = self.folder.join(source);
            return match source.exists() {
                true => Ok(source),
                false => Err(BuildError::project(
                    format!("{} does not exist", source.display()),
                    "`source` in [build] names the entry file, seen from `folder`",
                )),
            };
        }
        let usual_ones = usual.iter().map(|name| self.folder.join(name));
        usual_ones.into_iter().find(|path| path.is_file()).ok_or_else(|| {
            BuildError::project(
                format!("{} has none of {}", self.folder.display(), usual.join(", ")),
                "`source` in [build] names the entry file",
            )
        })
    }

    /// A file of this project's own folder.
    pub(crate) fn at(&self, name: impl AsRef<Path>) -> PathBuf {
        self.work.join(name)
    }
}
