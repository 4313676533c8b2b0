//! Writing the component where it was said.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use holm_engine::{Error, Kind, Result};

use crate::output;

/// Writes the whole component or nothing: into a file beside the one that was named, which it then replaces.
pub(super) fn write(path: &Path, bytes: &[u8], inputs: &[PathBuf]) -> Result<()> {
    if path == Path::new("-") {
        return output::print_bytes(bytes);
    }
    let shown = path.display();
    if path.is_dir() {
        return Err(Error::new(Kind::Usage, format!("{shown} is a directory")).note(format!("-o {shown}/app.wasm")));
    }
    if inputs.iter().any(|input| is_same(input, path)) {
        return Err(Error::new(Kind::Usage, format!("{shown} is one of the parts, and would be gone"))
            .note("write the component to another file"));
    }
    let failed = |error: &std::io::Error| Error::io(format_args!("write {shown}"), error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // What others may read of it is for the umask to say, as with any file.
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(|error| failed(&error))?;
    file.write_all(bytes).map_err(|error| failed(&error))?;
    file.persist(path).map_err(|error| failed(&error.error))?;
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
