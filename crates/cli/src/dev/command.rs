//! A program that is run, and run again once it was built again.

use std::env;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use holm_engine::{Error, Result};
use holm_manifest::Platform;
use rustix::process::{Pid, Signal, kill_process};

use super::building::Attempt;
use super::{app, next};
use crate::args::{Dev, Run};
use crate::{output, run};

/// Tells a process of Holm's own that it is to run the program once: the same words mean the same grants.
const RUN: &str = "HOLM_DEV_RUN";
/// How long a program that is told to end may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is looked at whether it has ended.
const LOOK: Duration = Duration::from_millis(20);
/// The program that this process is to run, if it was started for that.
pub(super) fn asked_for() -> Option<String> {
    env::var(RUN).ok().filter(|guest| !guest.is_empty())
}

/// Runs it, as `holm run` would with the same flags.
pub(super) fn run_once(guest: String, args: Dev) -> Result<i32> {
    run::run(Run { invoke: None, audit: false, host: args.host, guest: Some(guest), args: args.args })
}

/// Runs it and builds it, until it is told to stop.
pub(super) fn run(args: Dev, mut attempt: Attempt, running: &Running) -> Result<i32> {
    loop {
        running.stop();
        if attempt.wrong.is_none() {
            running.start(&guest(&attempt))?;
        }
        let over = AtomicBool::new(false);
        attempt = thread::scope(|scope| {
            scope.spawn(|| running.tell_of_its_end(&over));
            let next = next(&args, &attempt);
            over.store(true, Relaxed);
            next
        });
    }
}

/// The file that is run.
fn guest(attempt: &Attempt) -> String {
    // A manifest of Spin's says more than which file is run.
    let spin = attempt.found.manifest.as_ref().filter(|(app, _)| app.platform == Platform::Spin);
    if let Some((_, manifest)) = spin {
        return manifest.to_string_lossy().into_owned();
    }
    let last = attempt.found.projects.last().map(|project| project.output.clone());
    last.unwrap_or_else(|| app(&attempt.found)).to_string_lossy().into_owned()
}

/// The program, while it runs.
#[derive(Default)]
pub(super) struct Running(Mutex<Option<Child>>);

impl Running {
    fn start(&self, guest: &str) -> Result<()> {
        let own = env::current_exe().map_err(|error| Error::io("find this program", &error))?;
        let mut command = Command::new(own);
        command.args(env::args_os().skip(1)).env(RUN, guest);
        // The lock is held, so that nobody who ends it misses it.
        let mut child = self.child();
        *child = Some(command.spawn().map_err(|error| Error::io("start the program", &error))?);
        Ok(())
    }

    /// Says how it ended, if it does before it is `over`.
    fn tell_of_its_end(&self, over: &AtomicBool) {
        while !over.load(Relaxed) {
            thread::sleep(LOOK);
            let mut child = self.child();
            if let Some(Ok(Some(status))) = child.as_mut().map(Child::try_wait) {
                *child = None;
                output::note(&format!("{}; it is run again when something is saved", words(status)));
                return;
            }
        }
    }

    /// Ends it, and waits for that.
    pub(super) fn stop(&self) {
        let Some(mut child) = self.child().take() else { return };
        // It may have ended by itself.
        let _ = kill_process(Pid::from_child(&child), Signal::TERM);
        let end = Instant::now() + PATIENCE;
        while let Ok(None) = child.try_wait() {
            if Instant::now() > end {
                let _ = child.kill();
                let _ = child.wait();
                return;
            }
            thread::sleep(LOOK / 4);
        }
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn words(status: ExitStatus) -> String {
    match status.code() {
        Some(0) => "it has ended".to_owned(),
        Some(code) => format!("it has ended with {code}"),
        None => format!("it has ended: {status}"),
    }
}
