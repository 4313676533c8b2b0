//! How far it is.

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes of so many are here.
    Pulling {
        /// Bytes that are here.
        done: u64,
        /// All of them.
        total: u64,
    },
    /// So many bytes of so many are there.
    Pushing {
        /// Bytes that are on their way.
        done: u64,
        /// All of them.
        total: u64,
    },
}

/// Told how far it is.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) + Send + Sync);
