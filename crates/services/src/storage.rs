use std::path::PathBuf;

/// Why what keeps stores could not be used.
///
/// The display form is for the host's operator and may name files and servers; what a guest may read is
/// [`StorageError::guest_message`]. Neither holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// Another process kept the file locked for too long.
    #[error("{}: locked by another process for over {seconds} s; try again, or find who holds it", file.display())]
    Busy {
        /// The database file.
        file: PathBuf,
        /// How long the lock was waited for.
        seconds: u64,
    },
    /// The runtime that would have done the work is shutting down.
    #[error("the host is shutting down")]
    Stopped,
    /// The file cannot be used. Nothing in it was removed.
    #[error("{}: {problem}; {advice}", file.display())]
    File {
        /// The file, or the directory it should be in.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What its owner can do.
        advice: &'static str,
    },
    /// The server cannot be used. A write that was under way may or may not have happened.
    #[error("{server}: {problem}; {advice}")]
    Server {
        /// The server's URL, without secrets.
        server: String,
        /// What is wrong with it.
        problem: String,
        /// What its owner can do.
        advice: &'static str,
    },
}

impl StorageError {
    /// The message for a guest, which names nothing of the host.
    pub fn guest_message(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "the store is busy; try again",
            Self::Stopped => "the host is shutting down",
            Self::File { .. } => "the store is unavailable",
            Self::Server { .. } => "the store is unavailable; try again later",
        }
    }
}
