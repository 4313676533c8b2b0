//! The databases of one app, wherever its manifest has them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use holm_manifest::SqlBackend;
use tempfile::TempDir;

use super::embedded::EmbeddedConnection;
use super::file::DatabaseFile;
use super::{Connection, Databases, MAX_NAME, SqlError};
use crate::StorageError;

/// Finds the file at a path, and keeps it open for all guests of the app.
pub(crate) type Place = Arc<dyn Fn(&PathBuf, Option<&Path>) -> Arc<DatabaseFile> + Send + Sync>;

/// A folder for databases that end with the process, made when the first one is opened.
#[derive(Default)]
pub(crate) struct Scratch(Mutex<Option<TempDir>>);

impl Scratch {
    fn folder(&self) -> Result<PathBuf, StorageError> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = &*made {
            return Ok(folder.path().to_owned());
        }
        let folder = tempfile::Builder::new().prefix("holm-").tempdir().map_err(|error| StorageError::File {
            file: std::env::temp_dir(),
            problem: error.to_string(),
            advice: "databases that are not kept lie there: TMPDIR names another folder",
        })?;
        Ok(made.insert(folder).path().to_owned())
    }
}

/// Where the databases of an app are, for one guest of it.
pub struct AppDatabases {
    /// The folder of those that Holm keeps, and one that must be there for it to be made. `None`: there is no such place.
    folder: Option<(PathBuf, Option<PathBuf>)>,
    named: BTreeMap<String, SqlBackend>,
    /// Of those that are not kept.
    scratch: Arc<Scratch>,
    /// How many bytes each may have.
    room: u64,
    files: Place,
    #[cfg(feature = "sql")]
    libsql: super::libsql::Servers,
    /// Keeps what was opened open for as long as the guest is there.
    held: Mutex<BTreeMap<String, Arc<DatabaseFile>>>,
}

impl AppDatabases {
    pub(crate) fn new(
        folder: Option<(PathBuf, Option<PathBuf>)>,
        named: BTreeMap<String, SqlBackend>,
        scratch: Arc<Scratch>,
        room: u64,
        files: Place,
        #[cfg(feature = "sql")] libsql: super::libsql::Servers,
    ) -> Self {
        Self {
            folder,
            named,
            scratch,
            room,
            files,
            #[cfg(feature = "sql")]
            libsql,
            held: Mutex::default(),
        }
    }

    fn file(&self, name: &str, path: &PathBuf, inside: Option<&Path>) -> Arc<DatabaseFile> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let file = held.entry(name.to_owned()).or_insert_with(|| (self.files)(path, inside));
        Arc::clone(file)
    }
}

#[async_trait]
impl Databases for AppDatabases {
    async fn open(&self, name: &str) -> Result<Arc<dyn Connection>, SqlError> {
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(SqlError::NoSuchDatabase { name: name.chars().take(MAX_NAME).collect() });
        }
        let file = match self.named.get(name) {
            None | Some(SqlBackend::Embedded) => {
                let Some((folder, inside)) = &self.folder else { return Err(homeless(name).into()) };
                self.file(name, &folder.join(file_name(name)), inside.as_deref())
            }
            Some(SqlBackend::Memory) => self.file(name, &self.scratch.folder()?.join(file_name(name)), None),
            Some(SqlBackend::File(path)) => self.file(name, path, None),
            #[cfg(feature = "sql")]
            Some(SqlBackend::Libsql { url, token }) => return Ok(self.libsql.connection(url, token)),
            #[cfg(not(feature = "sql"))]
            Some(SqlBackend::Libsql { .. }) => return Err(SqlError::NoSuchDatabase { name: name.to_owned() }),
        };
        Ok(Arc::new(EmbeddedConnection::new(file, self.room)))
    }
}

/// No databases at all.
pub struct NoDatabases;

#[async_trait]
impl Databases for NoDatabases {
    async fn open(&self, name: &str) -> Result<Arc<dyn Connection>, SqlError> {
        Err(SqlError::NoSuchDatabase { name: name.chars().take(MAX_NAME).collect() })
    }
}

fn homeless(name: &str) -> StorageError {
    StorageError::File {
        file: PathBuf::from(format!("the database `{name}`")),
        problem: "there is no home directory to keep it in".to_owned(),
        advice: "HOLM_STATE_DIR names a folder",
    }
}

/// The name of a database's file, which is the same on file systems that know no capitals.
fn file_name(name: &str) -> String {
    let mut file = String::with_capacity(name.len() + 7);
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => file.push(char::from(byte)),
            _ => file.push_str(&format!("%{byte:02x}")),
        }
    }
    file + ".sqlite"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_database_is_a_path() {
        assert_eq!(file_name("default"), "default.sqlite");
        assert_eq!(file_name("../a/B"), "%2e%2e%2fa%2f%42.sqlite");
    }
}
