//! Running a tool to its end.

use crate::error::BuildError;
use crate::job::Job;
use crate::tool::Tool;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use std::io::{self, Read};
use std::os::fd::AsFd as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

/// What is kept of what a tool says for Holm and not for people, in bytes. Cargo's messages take a few hundred for each
/// crate.
const MOST_SAID: u64 = 64 << 20;

/// Who gets a tool's standard output.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Output {
    People,
    Holm,
}

impl Job<'_> {
    /// Runs a tool that works for itself.
    pub(crate) fn run(&self, tool: &Tool, command: Command) -> Result<(), BuildError> {
        self.to_end(tool, command, Output::People).map(drop)
    }

    /// Runs a tool and returns what it prints.
    pub(crate) fn ask(&self, tool: &Tool, command: Command) -> Result<Vec<u8>, BuildError> {
        self.to_end(tool, command, Output::Holm)
    }

    fn to_end(&self, tool: &Tool, mut command: Command, output: Output) -> Result<Vec<u8>, BuildError> {
        let failed = |source| BuildError::Io { doing: format!("run {}", tool.file.display()), source };
        self.prepare(&mut command, output).map_err(failed)?;
        let Some(mut child) = self.start(command).map_err(failed)? else { return Err(BuildError::Cancelled) };
        let said = self.listen(&mut child, output);
        let status = self.wait(&mut child).map_err(failed)?;
        if self.how.cancel.is_some_and(|cancel| cancel.is_cancelled()) {
            return Err(BuildError::Cancelled);
        }
        match status.success() {
            true => Ok(said),
            false => Err(BuildError::Failed { tool: tool.name.clone(), status: words(status) }),
        }
    }

    fn prepare(&self, command: &mut Command, output: Output) -> io::Result<()> {
        command.stdin(Stdio::null());
        if self.how.on_output.is_some() {
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
        } else {
            // What Holm itself prints is on standard output.
            command.stdout(io::stderr().as_fd().try_clone_to_owned()?);
        }
        if output == Output::Holm {
            command.stdout(Stdio::piped());
        }
        if self.how.on_output.is_some() && self.how.colour {
            command.env("CARGO_TERM_COLOR", "always").env("CLICOLOR_FORCE", "1").env("FORCE_COLOR", "1");
        }
        if self.how.cancel.is_some() {
            command.process_group(0);
        }
        Ok(())
    }

    fn start(&self, mut command: Command) -> io::Result<Option<Child>> {
        match self.how.cancel {
            None => command.spawn().map(Some),
            Some(cancel) => cancel.start(|| {
                let child = command.spawn()?;
                let group = Pid::from_child(&child);
                Ok((child, group))
            }),
        }
    }

    /// Hands on what it says until it has closed its streams. Returns what is for Holm.
    fn listen(&self, child: &mut Child, output: Output) -> Vec<u8> {
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let hand_on = |from: &mut dyn Read| {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                if let (Some(on_output), Some(said)) = (self.how.on_output, buffer.get(..count)) {
                    on_output(said);
                }
            }
        };
        thread::scope(|scope| {
            if let Some(mut stderr) = stderr {
                scope.spawn(move || hand_on(&mut stderr));
            }
            let mut said = Vec::new();
            match stdout {
                Some(stdout) if output == Output::Holm => drop(stdout.take(MOST_SAID).read_to_end(&mut said)),
                Some(mut stdout) => hand_on(&mut stdout),
                None => {}
            }
            said
        })
    }

    /// Its number stays its own until the last moment in which anybody may want to end it.
    fn wait(&self, child: &mut Child) -> io::Result<ExitStatus> {
        if let Some(cancel) = self.how.cancel {
            let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(Pid::from_child(child)), ended) {}
            cancel.ended();
        }
        child.wait()
    }
}

fn words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => status.to_string(),
    }
}
