//! The one error of Holm: what failed, on which guest, why, and the next step.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What went wrong, as far as a caller has to tell cases apart.
///
/// Maps to an exit code in one place, [`Kind::exit_code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// The guest, or a file that was named, does not exist.
    NotFound,
    /// The bytes are not WebAssembly, or are malformed.
    Invalid,
    /// Well-formed, but it needs something that this build or platform lacks.
    Unsupported,
    /// Compiling it takes more time or memory than it may.
    TooCostly,
    /// The guest imports what nothing here provides.
    MissingImports,
    /// What the caller asked for makes no sense for this guest: no such function, wrong arguments.
    Usage,
    /// A grant would be needed, and was not given.
    Denied,
    /// The limit on CPU time was reached.
    OutOfCpu,
    /// The limit on wall time was reached.
    OutOfTime,
    /// The limit on fuel was reached.
    OutOfFuel,
    /// The guest failed after the limit on memory had refused it more.
    OutOfMemory,
    /// The host has no room for it: what all its guests may have together, they have. Its next try may succeed.
    HostFull,
    /// The guest had the host keep as many things for it as the limit on handles allows.
    OutOfHandles,
    /// The guest wrote more than the limit on output allows.
    OutOfOutput,
    /// The limit on the stack was reached.
    StackOverflow,
    /// The guest trapped.
    Trap,
    /// The guest said that it failed: it returned an error in place of a result.
    Failed,
    /// Whoever made the call did not want to wait for its end.
    Cancelled,
    /// It ended without answering the request it was given, or answered with an error in place of a response.
    NoResponse,
    /// A file or device of the host failed.
    Io,
    /// Whoever read the guest's output went away.
    BrokenPipe,
    /// A mistake in Holm itself.
    Internal,
}

impl Kind {
    /// The exit code of a program that ends because of this error.
    ///
    /// 1 the guest says so, 124 out of time, 125 Holm failed, 126 the guest could not be loaded, 127 not found, 134 trapped:
    /// the codes of `timeout`, `env` and a shell, which scripts know already.
    pub fn exit_code(self) -> i32 {
        match self {
            Kind::Failed => 1,
            Kind::OutOfCpu | Kind::OutOfTime | Kind::OutOfFuel => 124,
            Kind::Usage | Kind::Io | Kind::HostFull | Kind::Internal => 125,
            Kind::Invalid | Kind::Unsupported | Kind::TooCostly | Kind::MissingImports | Kind::Denied => 126,
            Kind::NotFound => 127,
            // What a shell reports of a native program that Ctrl-C ends.
            Kind::Cancelled => 130,
            // What a shell reports of a native program in the same place, which SIGPIPE ends.
            Kind::BrokenPipe => 141,
            Kind::OutOfMemory
            | Kind::OutOfHandles
            | Kind::OutOfOutput
            | Kind::StackOverflow
            | Kind::Trap
            | Kind::NoResponse => 134,
        }
    }
}

/// One call in a guest's stack, innermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The function's name, demangled; `function 12` where the guest carries no name for it.
    pub function: String,
    /// Source file, line and column, where the guest carries debug information.
    pub location: Option<String>,
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Some(location) => write!(f, "{} at {location}", self.function),
            None => f.write_str(&self.function),
        }
    }
}

/// An error for the person who must act on it.
///
/// `Display` is the message alone, one or a few lines; notes and frames are for whoever prints it in full, as `Debug` does,
/// which is what a program prints whose `main` returns it.
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    message: String,
    notes: Vec<String>,
    frames: Vec<Frame>,
    ended: bool,
}

/// What every fallible function of Holm returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of this kind. The message names the guest or file and the cause.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Inner { kind, message, notes: Vec::new(), frames: Vec::new(), ended: false }))
    }

    /// A failed operation of the host: `action` completes the sentence "cannot …".
    pub fn io(action: impl fmt::Display, error: &std::io::Error) -> Self {
        let kind = if error.kind() == std::io::ErrorKind::NotFound { Kind::NotFound } else { Kind::Io };
        Self::new(kind, format!("cannot {action}: {}", plain_io(error)))
    }

    /// Adds a line that helps: the next step, or where to look.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.0.notes.push(note.into());
        self
    }

    /// Adds the guest's stack, innermost call first.
    #[must_use]
    pub fn with_frames(mut self, frames: Vec<Frame>) -> Self {
        self.0.frames = frames;
        self
    }

    /// Puts `subject: ` in front of the message, for callers who know the guest's name.
    #[must_use]
    pub fn about(mut self, subject: impl fmt::Display) -> Self {
        self.0.message = format!("{subject}: {}", self.0.message);
        self
    }

    /// Says that a guest was in the midst of something when this ended it, whatever the kind: its instance is of no use any
    /// more.
    #[must_use]
    pub fn ending(mut self) -> Self {
        self.0.ended = true;
        self
    }

    /// Whether a guest was in the midst of something when this ended it ([`Error::ending`]).
    pub fn is_ending(&self) -> bool {
        self.0.ended
    }

    /// What went wrong.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Lines that help, in the order in which they should be read.
    pub fn notes(&self) -> &[String] {
        &self.0.notes
    }

    /// The guest's stack when it trapped, innermost call first; empty otherwise.
    pub fn frames(&self) -> &[Frame] {
        &self.0.frames
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.0.message, self.0.kind)?;
        self.0.frames.iter().try_for_each(|frame| write!(f, "\n    in {frame}"))?;
        self.0.notes.iter().try_for_each(|note| write!(f, "\n  note: {note}"))
    }
}

impl std::error::Error for Error {}

/// The operating system's words for an error, without Rust's "(os error 2)".
pub(crate) fn plain_io(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_io_error_reads_as_a_sentence() {
        let error = Error::io("read app.wasm", &std::io::Error::from_raw_os_error(2));
        assert_eq!(error.to_string(), "cannot read app.wasm: No such file or directory");
        assert_eq!(error.kind(), Kind::NotFound);
    }

    #[test]
    fn a_program_that_ends_with_an_error_prints_all_of_it() {
        let frame = Frame { function: "app::run".into(), location: Some("src/lib.rs:7:5".into()) };
        let error =
            Error::new(Kind::Trap, "it trapped").note("run it again").with_frames(vec![frame]).about("app.wasm");
        let printed = "app.wasm: it trapped (Trap)\n    in app::run at src/lib.rs:7:5\n  note: run it again";
        assert_eq!(format!("{error:?}"), printed);
    }

    #[test]
    fn exit_codes_are_those_scripts_know() {
        assert_eq!(Kind::OutOfTime.exit_code(), 124);
        assert_eq!(Kind::Internal.exit_code(), 125);
        assert_eq!(Kind::MissingImports.exit_code(), 126);
        assert_eq!(Kind::NotFound.exit_code(), 127);
        assert_eq!(Kind::Trap.exit_code(), 134);
    }
}
