//! What can go wrong when calling a server.

use std::io;
use std::path::PathBuf;

use crate::wire::ErrorInfo;
use crate::{AppName, Digest};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The target's text is not understood.
    #[error("{0}")]
    BadTarget(String),
    /// Nobody listens.
    #[error("no server answers at {target}: is `holm serve` running? ({source})")]
    NoServer {
        /// Where.
        target: String,
        /// The system's answer.
        source: io::Error,
    },
    /// The user may not connect to the socket.
    #[error("{target} belongs to another user: run this as the user that runs `holm serve`")]
    NotAllowed {
        /// Where.
        target: String,
    },
    /// The server refused.
    #[error("{}", explained(.info))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said.
        info: ErrorInfo,
    },
    /// Something answers, but not as Holm does.
    #[error("{target} does not answer like `holm serve` does: {why}")]
    NotHolm {
        /// Where.
        target: String,
        /// What was unexpected.
        why: String,
    },
    /// The connection broke.
    #[error("the connection to {target} broke: {source}")]
    Broken {
        /// Where.
        target: String,
        /// How.
        source: hyper::Error,
    },
    /// The server took too long.
    #[error("{target} did not answer within {seconds} s")]
    Timeout {
        /// Where.
        target: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A guest could not be read.
    #[error("could not read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A guest was written to while it was uploaded.
    #[error("{} changed while it was uploaded: deploy again when it is complete", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What its digest was.
        digest: Digest,
    },
    /// The app was deployed by someone else at the same time.
    #[error("{name} was changed by someone else meanwhile ({message}): nothing was deployed")]
    Conflict {
        /// The app.
        name: AppName,
        /// The server's words.
        message: String,
    },
}

/// The message, and each detail on a line of its own.
fn explained(info: &ErrorInfo) -> String {
    info.details.iter().fold(info.message.clone(), |text, detail| format!("{text}\n  {detail}"))
}
