//! What can go wrong with the store.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::{AppName, Digest};

/// Why the store did not do what it was asked. What was stored before is as it was.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the state directory.
    #[error("{} is in use by {who}: stop that server, or give this one another state directory", dir.display())]
    InUse {
        /// The state directory.
        dir: PathBuf,
        /// Who holds it, as far as its lock file says.
        who: String,
    },
    /// Strangers could change what is deployed.
    #[error("others may write to {} (mode {mode:o}): run `chmod go-w` on it if you trust what is in it", dir.display())]
    Exposed {
        /// The state directory.
        dir: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is no room to write.
    #[error("no room left to {what} {}: {source}", path.display())]
    Full {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The system refused something else.
    #[error("could not {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// No such app is deployed.
    #[error("no app is called {0}")]
    NoApp(AppName),
    /// The app has no such version, or no longer.
    #[error("{app} has no version {version}")]
    NoVersion {
        /// The app.
        app: AppName,
        /// What was asked for.
        version: u64,
    },
    /// There is nothing to roll back to.
    #[error("{0} has no earlier version")]
    NoEarlier(AppName),
    /// The app is not at the version that the change was meant for.
    #[error("{app} is at version {found}, not {expected}: look at what changed and try again")]
    Conflict {
        /// The app.
        app: AppName,
        /// The version the change was meant for; 0 is an app that is not there.
        expected: u64,
        /// The version it has.
        found: u64,
    },
    /// Guests were not uploaded.
    #[error("{} of the app's guests must be uploaded first", .0.len())]
    MissingBlobs(Vec<Digest>),
    /// There is no such blob.
    #[error("no blob has the digest {0}")]
    NoBlob(Digest),
    /// The bytes are not those that were announced.
    #[error("the bytes have the digest {found}, not {expected}")]
    WrongDigest {
        /// The digest announced.
        expected: Digest,
        /// The digest of what came.
        found: Digest,
    },
    /// There are more bytes than allowed.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The most bytes it may have.
        limit: u64,
    },
    /// A stored blob is not what it was.
    #[error("the stored blob {0} is damaged and was set aside: upload it again")]
    CorruptBlob(Digest),
    /// A stored file of an app is not what it was.
    #[error("{} is damaged: {why}", path.display())]
    CorruptFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// Says that `what` failed on `path`; for `map_err`.
pub(super) fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| match source.kind() {
        // A limit on the size of files (RLIMIT_FSIZE) is one more way to have no room.
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            StoreError::Full { what, path, source }
        }
        _ => StoreError::Io { what, path, source },
    }
}
