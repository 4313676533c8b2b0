//! Writing files so that nobody sees half of one.

use crate::error::BuildError;
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// Puts `bytes` in the place of `file`, whole or not at all.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    let failed = |error| BuildError::io("write", file, error);
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut new = tempfile::Builder::new().permissions(shared()).tempfile_in(folder).map_err(failed)?;
    new.write_all(bytes).map_err(failed)?;
    new.persist(file).map(drop).map_err(|error| failed(error.error))
}

/// What a file has that is made without a word about it; the user's mask still takes from it.
fn shared() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::Permissions::from_mode(0o666)
}

/// As [`replace`], but leaves a file alone that holds this already, so that nobody thinks it has changed.
pub(crate) fn settle(file: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    match fs::read(file) {
        Ok(there) if there == bytes => Ok(()),
        _ => replace(file, bytes),
    }
}

pub(crate) fn read(file: &Path) -> Result<Vec<u8>, BuildError> {
    fs::read(file).map_err(|error| BuildError::io("read", file, error))
}

pub(crate) fn folder(folder: &Path) -> Result<(), BuildError> {
    fs::create_dir_all(folder).map_err(|error| BuildError::io("make", folder, error))
}
