//! What can go wrong, in words for whoever has to act.

use std::fmt;
use std::io;

/// What went wrong, as far as a caller has to tell cases apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// What was asked for makes no sense: a reference that is none, a key that is none.
    Usage,
    /// The registry does not have it.
    NotFound,
    /// The registry does not let this user have it, or nobody signed it whom this user trusts.
    Denied,
    /// The registry cannot be reached, or says that it is broken. Its next try may succeed.
    Unreachable,
    /// The registry took too long.
    TimedOut,
    /// What the registry sent is not what it should be. None of it is kept.
    Invalid,
    /// It is something that we do not read, or that this registry does not take.
    Unsupported,
    /// A file of this machine.
    Io,
}

/// An error for the person who must act on it. `Display` is the message alone; notes are for whoever prints it in full.
#[derive(Debug)]
pub struct RegistryError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    failure: Failure,
    message: String,
    notes: Vec<String>,
}

/// What every fallible function of this crate returns.
pub type Result<T, E = RegistryError> = std::result::Result<T, E>;

impl RegistryError {
    /// An error of this kind. The message names what it is about, and the cause.
    pub fn new(failure: Failure, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { failure, message: message.into(), notes: Vec::new() }))
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Failure::Usage, message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Failure::Invalid, message)
    }

    /// A failed operation on this machine: `action` completes the sentence "cannot …".
    pub(crate) fn io(action: impl fmt::Display, error: &io::Error) -> Self {
        let text = error.to_string();
        let plain = text.find(" (os error").and_then(|end| text.get(..end)).unwrap_or(&text);
        Self::new(Failure::Io, format!("cannot {action}: {plain}"))
    }

    /// Adds a line that helps.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.0.notes.push(note.into());
        self
    }

    /// Puts `subject: ` in front of the message.
    #[must_use]
    pub(crate) fn about(mut self, subject: impl fmt::Display) -> Self {
        self.0.message = format!("{subject}: {}", self.0.message);
        self
    }

    /// What went wrong.
    pub fn failure(&self) -> Failure {
        self.0.failure
    }

    /// Lines that help, in the order in which they should be read.
    pub fn notes(&self) -> &[String] {
        &self.0.notes
    }

    /// Whether another try, some other time, may succeed with nothing changed here.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.0.failure, Failure::Unreachable | Failure::TimedOut)
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for RegistryError {}
