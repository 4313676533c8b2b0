//! What is written down of an app, and how.

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{StoreError, files};
use crate::Digest;

/// The most bytes of a record's file.
const MAX_BYTES: u64 = 16 << 20;

/// A version of an app that is to be.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The text of its manifest; the store does not read it.
    pub manifest: String,
    /// Its guests: what the manifest calls each one, and its digest. The names are only ever
    /// looked up here, they are no paths on the server.
    pub guests: BTreeMap<String, Digest>,
    /// The hosts that its routes without one are for.
    pub hosts: Vec<String>,
    /// What whoever deployed it had to say.
    pub notes: String,
}

/// A version of an app, as it was deployed. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Versions of an app are numbered from 1. An app that was removed starts again at 1.
    pub version: u64,
    /// When it was deployed: RFC 3339, UTC, in seconds.
    pub created: String,
    /// See [`Draft::manifest`].
    pub manifest: String,
    /// See [`Draft::guests`].
    pub guests: BTreeMap<String, Guest>,
    /// See [`Draft::hosts`]. Versions of before there were any have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// See [`Draft::notes`].
    pub notes: String,
}

/// A guest of a [`Record`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guest {
    /// What it is stored under.
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
}

/// What `current` says.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pointer {
    /// The current version.
    pub(super) version: u64,
    /// The greatest version that was ever current. A greater one that has a file was being written
    /// when the server ended: nobody was told of it.
    pub(super) latest: u64,
}

/// A JSON document with the digest of its very bytes, so that a changed bit is noticed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed<'a> {
    digest: Digest,
    #[serde(borrow)]
    content: &'a RawValue,
}

/// Writes `content` to `path`, sealed and durable.
pub(super) fn write(tmp: &Path, path: &Path, content: &impl Serialize) -> Result<(), StoreError> {
    let encode = |error: serde_json::Error| StoreError::Io {
        what: "encode",
        path: path.to_owned(),
        source: std::io::Error::other(error),
    };
    let content = serde_json::value::to_raw_value(content).map_err(encode)?;
    let sealed = Sealed { digest: Digest::of(content.get().as_bytes()), content: &content };
    let bytes = serde_json::to_vec(&sealed).map_err(encode)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(StoreError::TooLarge { what: "the app's record", limit: MAX_BYTES });
    }
    files::write(tmp, path, &bytes)
}

/// Reads what [`write`] wrote. `None`: there is no such file.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let corrupt = |why: String| StoreError::CorruptFile { path: path.to_owned(), why };
    let Some(bytes) = files::read(path, MAX_BYTES)? else { return Ok(None) };
    let sealed: Sealed<'_> = serde_json::from_slice(&bytes).map_err(|error| corrupt(error.to_string()))?;
    if Digest::of(sealed.content.get().as_bytes()) != sealed.digest {
        return Err(corrupt("its content does not match its digest".to_owned()));
    }
    serde_json::from_str(sealed.content.get()).map(Some).map_err(|error| corrupt(error.to_string()))
}
