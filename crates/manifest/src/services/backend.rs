//! What keeps a store.

use super::remote::{self, Remote};
use crate::grants;
use holm_grants::ParseError;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What keeps a store. Nothing here connects to it, or knows whether it is there.
///
/// Text form:
///
/// - `embedded`: Holm itself, in its state directory
/// - `memory`: Holm itself, until its process ends
/// - `sqlite:PATH`: Holm itself, in this file
/// - `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, `rediss://…` with TLS: port 6379 and database 0, unless others
///   are given
/// - `nats://[USER:PASSWORD@|TOKEN@]HOST[:PORT][/BUCKET]`, `tls://…` with TLS: port 4222 and a bucket of the store's own
///   name, unless others are given
///
/// Characters that would end a user name or password early are percent-encoded.
/// [`Display`](fmt::Display) gives the same form without secrets, for people to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// Holm itself, in its state directory.
    #[default]
    Embedded,
    /// Holm itself, until its process ends.
    Memory,
    /// Holm itself, in this SQLite file.
    Sqlite(PathBuf),
    /// A Redis server, or one that speaks its protocol.
    Redis {
        /// The server.
        server: Remote,
        /// The number of the database, 0 when not given.
        database: u32,
    },
    /// A NATS server with JetStream.
    Nats {
        /// The server.
        server: Remote,
        /// The bucket: letters, digits, `-` and `_`. `None`: the store's own name.
        bucket: Option<String>,
    },
}

impl Backend {
    /// The same, with a path that is seen from `folder`.
    pub(crate) fn beside(self, folder: &Path) -> Self {
        match self {
            Backend::Sqlite(path) => Backend::Sqlite(grants::beside(folder, path)),
            other => other,
        }
    }
}

impl FromStr for Backend {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        // A text that may hold a password is not repeated.
        let shown = remote::without_secrets(text);
        parse(text).map_err(|why| ParseError::new("where a store can be", "redis://127.0.0.1:6379", &shown, why))
    }
}

fn parse(text: &str) -> Result<Backend, String> {
    if let Some(path) = text.strip_prefix("sqlite:") {
        return sqlite(path);
    }
    match text.split_once("://") {
        Some(("redis", _)) => redis(text, false),
        Some(("rediss", _)) => redis(text, true),
        Some(("nats", _)) => nats(text, false),
        Some(("tls", _)) => nats(text, true),
        None if text == "embedded" => Ok(Backend::Embedded),
        None if text == "memory" => Ok(Backend::Memory),
        _ => Err("it begins with redis://, rediss://, nats://, tls:// or sqlite:, or is `embedded` or `memory`".into()),
    }
}

fn sqlite(path: &str) -> Result<Backend, String> {
    if path.starts_with("//") {
        return Err("a file is named without slashes in front: sqlite:stores.db, or sqlite:/srv/stores.db".into());
    }
    match path {
        "" => Err("the file is missing; write sqlite:stores.db, or `embedded` to let Holm choose it".into()),
        ":memory:" => Err("write `memory`".into()),
        path if path.contains('\0') => Err("a path cannot hold a NUL character".into()),
        path => Ok(Backend::Sqlite(path.into())),
    }
}

fn redis(text: &str, tls: bool) -> Result<Backend, String> {
    let (server, path) = Remote::parse(text, 6379, tls)?;
    let database = match path.as_deref() {
        None => Some(0),
        Some(number) => number.parse().ok().filter(|_| number.bytes().all(|c| c.is_ascii_digit())),
    };
    let database = database.ok_or("after the slash comes the number of a database, as in redis://127.0.0.1/1")?;
    Ok(Backend::Redis { server, database })
}

fn nats(text: &str, tls: bool) -> Result<Backend, String> {
    let (server, bucket) = Remote::parse(text, 4222, tls)?;
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    match bucket {
        Some(bucket) if !bucket.bytes().all(plain) => Err("a bucket's name has letters, digits, `-` and `_`".into()),
        bucket => Ok(Backend::Nats { server, bucket }),
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Backend::Embedded => f.write_str("embedded"),
            Backend::Memory => f.write_str("memory"),
            Backend::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Backend::Redis { server, database } => {
                write!(f, "{}://{server}/{database}", if server.tls { "rediss" } else { "redis" })
            }
            Backend::Nats { server, bucket } => {
                write!(f, "{}://{server}", if server.tls { "tls" } else { "nats" })?;
                bucket.iter().try_for_each(|bucket| write!(f, "/{bucket}"))
            }
        }
    }
}
