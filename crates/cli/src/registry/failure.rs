//! What went wrong with a registry, in the words and exit codes of a command.

use holm_engine::{Error, Kind};
use holm_registry::{Failure, RegistryError};

/// The error a command ends with.
pub(super) fn explain(error: RegistryError) -> Error {
    let kind = match error.failure() {
        Failure::Usage => Kind::Usage,
        Failure::NotFound => Kind::NotFound,
        Failure::Denied => Kind::Denied,
        Failure::TimedOut => Kind::OutOfTime,
        Failure::Invalid => Kind::Invalid,
        Failure::Unsupported => Kind::Unsupported,
        Failure::Unreachable | Failure::Io => Kind::Io,
    };
    error.notes().iter().fold(Error::new(kind, error.to_string()), |known, note| known.note(note))
}
