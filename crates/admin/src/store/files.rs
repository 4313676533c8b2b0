//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::StoreError;
use super::error::failed;

/// Makes `path` hold `bytes`: written beside, synced, then renamed.
///
/// Killed at any point, `path` is what it was or what it shall be. `tmp` is a directory on the same
/// file system.
pub(super) fn write(tmp: &Path, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = NamedTempFile::new_in(tmp).map_err(failed("write", path))?;
    file.write_all(bytes).map_err(failed("write", path))?;
    keep(file, path)
}

/// Gives a temporary file its name, durably.
pub(super) fn keep(file: NamedTempFile, path: &Path) -> Result<(), StoreError> {
    file.as_file().sync_all().map_err(failed("write", path))?;
    file.persist(path).map_err(|error| failed("write", path)(error.error))?;
    sync_parent(path)
}

/// Makes what was created, renamed or removed beside `path` survive a loss of power.
pub(super) fn sync_parent(path: &Path) -> Result<(), StoreError> {
    let parent = path.parent().unwrap_or(path);
    File::open(parent).and_then(|dir| dir.sync_all()).map_err(failed("write to", parent))
}

/// The content of `path`, at most `limit` bytes. `None`: there is no such file.
pub(super) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed("read", path))?;
    if bytes.len() as u64 > limit {
        return Err(StoreError::CorruptFile { path: path.to_owned(), why: format!("it has more than {limit} bytes") });
    }
    Ok(Some(bytes))
}

/// Creates a directory, and those above it, that only its owner may enter.
pub(super) fn create_dir(path: &Path) -> Result<(), StoreError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("create", path))
}

/// The files and directories in `dir`; none when it does not exist.
pub(super) fn entries(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("list", dir)(error)),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    paths.collect::<Result<_, _>>().map_err(failed("list", dir))
}

/// Removes everything in `dir`.
pub(super) fn empty(dir: &Path) -> Result<(), StoreError> {
    for path in entries(dir)? {
        let is_dir = fs::symlink_metadata(&path).map_err(failed("look at", &path))?.is_dir();
        let removed = if is_dir { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(failed("remove", &path))?;
    }
    Ok(())
}
