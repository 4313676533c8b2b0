//! What the admin API needs of the server it administers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::store::{Record, Store};
use crate::wire::{AppStatus, LogLine, Top};
use crate::{AppName, Digest};

/// A running server, as the admin API sees it.
///
/// The API calls [`prepare`](Self::prepare) for several candidates at once, but
/// [`Prepared::activate`] and [`deactivate`](Self::deactivate) one after the other, in the order in
/// which the store wrote the changes down.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Loads and links all of `app` without serving it, so that activating it cannot fail.
    ///
    /// May take its time, and must bound it; the future is dropped when whoever deploys goes away.
    ///
    /// # Errors
    /// Every reason why the app cannot be served, at once. The version before goes on serving.
    async fn prepare(&self, app: Candidate) -> Result<Box<dyn Prepared>, Rejection>;

    /// Stops serving an app. Requests in flight may finish, but this does not wait for them.
    async fn deactivate(&self, name: &AppName);

    /// Reads the server's configuration again, as SIGHUP does.
    ///
    /// # Errors
    /// Everything wrong with it. The old one is then still in force.
    async fn reload(&self) -> Result<(), Rejection>;

    /// How an app is doing; `None` when this server does not know it. Called for every app of a
    /// list: must be quick.
    fn status(&self, name: &AppName) -> Option<AppStatus>;

    /// The lines of an app's log, the oldest first. The channel is closed after the last one, which
    /// with [`LogQuery::follow`] there is none of until the app is removed.
    ///
    /// A reader that is too slow must not be waited for: lines that do not fit into the channel are
    /// to be dropped, best with a line that says so. The receiver is dropped when the reader leaves.
    fn logs(&self, name: &AppName, query: LogQuery) -> mpsc::Receiver<LogLine>;

    /// Metrics in the text format of Prometheus, version 0.0.4.
    fn metrics(&self) -> String;

    /// What the server is doing.
    fn top(&self) -> Top;

    /// Whether the server takes requests.
    ///
    /// # Errors
    /// Why not, in a few words.
    fn ready(&self) -> Result<(), String>;
}

/// An app that was loaded and linked, and waits to be served. Dropping it changes nothing.
#[async_trait]
pub trait Prepared: Send {
    /// Serves new requests from this app as `version`, in place of the version before. Requests in
    /// flight finish on that one, but this does not wait for them.
    ///
    /// The version is already written down, so there is no way back: it must not fail.
    async fn activate(self: Box<Self>, version: u64);
}

/// A version of an app that shall be served.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The app.
    pub name: AppName,
    /// The text of its manifest, as it was sent.
    pub manifest: String,
    /// Its guests, by what the manifest calls them. All of them are in the store.
    pub guests: BTreeMap<String, CandidateGuest>,
    /// The hosts that its routes without one are for, as they were sent; none: all.
    pub hosts: Vec<String>,
}

/// A guest of a [`Candidate`].
#[derive(Debug, Clone)]
pub struct CandidateGuest {
    /// Of its bytes, as sent.
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
    /// Where it is stored. [`Store::read_blob`] also checks that it is still what was sent.
    pub path: PathBuf,
}

impl Candidate {
    /// The candidate that a stored version makes, for instance when the server starts.
    #[must_use]
    pub fn of(store: &Store, name: AppName, record: &Record) -> Self {
        let guest = |(path, guest): (&String, &crate::store::Guest)| {
            let stored = store.blob_path(&guest.digest);
            (path.clone(), CandidateGuest { digest: guest.digest, size: guest.size, path: stored })
        };
        Self {
            name,
            manifest: record.manifest.clone(),
            guests: record.guests.iter().map(guest).collect(),
            hosts: record.hosts.clone(),
        }
    }
}

/// Why a candidate or a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// One sentence for each thing that is wrong.
    pub reasons: Vec<String>,
}

/// Which lines of a log are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogQuery {
    /// None older than this; `None`: all that are kept.
    pub since: Option<SystemTime>,
    /// Whether to go on with lines as they are written.
    pub follow: bool,
}
