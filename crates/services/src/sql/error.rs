use super::MAX_RESULT;
use crate::StorageError;

/// Why a statement, or opening a database, did not work.
///
/// The display form is for the host's operator; what a guest may read is [`SqlError::guest_message`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// Nothing is kept under this name.
    #[error("there is no database `{name}`")]
    NoSuchDatabase {
        /// The name.
        name: String,
    },
    /// The database would hold more than it may.
    #[error("the database is full: it may have {limit} bytes")]
    Full {
        /// How many bytes it may have.
        limit: u64,
    },
    /// The statement is wrong, or may not do what it does. In SQLite's words.
    #[error("{0}")]
    Statement(String),
    /// The statement took too long.
    #[error("the statement was stopped after {seconds} s, which is how long one may take")]
    Slow {
        /// How long it may take.
        seconds: u64,
    },
    /// The statement was not waited for any more.
    #[error("the statement was interrupted")]
    Interrupted,
    /// More than may be in one answer, or be given to one statement.
    #[error("more than {limit} bytes of values; ask for fewer rows or columns at a time")]
    TooLarge {
        /// The most there may be.
        limit: u64,
    },
    /// As many statements run as may at once.
    #[error("too many statements run at once in this app; try again")]
    Crowded,
    /// What keeps the database cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl SqlError {
    /// An answer that is too large.
    pub(crate) const LARGE_ANSWER: Self = Self::TooLarge { limit: MAX_RESULT };

    /// The message for a guest, which names nothing of the host.
    pub fn guest_message(&self) -> String {
        match self {
            Self::Storage(error) => error.guest_message().replace("store", "database"),
            other => other.to_string(),
        }
    }
}
