//! Where a pulled guest is written beside the store.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use holm_engine::{Error, Kind, Result};
use holm_registry::{Pulled, Reference};

/// Whether `to` is standard output.
pub(super) fn is_stdout(to: &Path) -> bool {
    to.as_os_str() == "-"
}

/// Writes the guest to the file `to`, or into that folder; answers which file it was, if it was one. The file is there whole
/// or not at all.
pub(super) fn write(pulled: &Pulled, reference: &Reference, to: &Path) -> Result<Option<PathBuf>> {
    let failed = |error| Error::io(format_args!("read {}", pulled.path.display()), &error);
    let mut guest = File::open(&pulled.path).map_err(failed)?;
    if is_stdout(to) {
        let copied = io::copy(&mut guest, &mut io::stdout());
        return copied.map(|_| None).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Error::new(Kind::BrokenPipe, "nobody reads standard output"),
            _ => Error::io("write to standard output", &error),
        });
    }
    let to = if to.is_dir() { to.join(file_name(pulled, reference)?) } else { to.to_owned() };
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = || {
        let mut new = tempfile::Builder::new();
        // As any program's file: what the user's mask leaves of it.
        let mut new = new.prefix(".holm-").permissions(Permissions::from_mode(0o666)).tempfile_in(folder)?;
        io::copy(&mut guest, &mut new)?;
        new.as_file().sync_all()?;
        new.persist(&to).map_err(|error| error.error)?;
        fs::metadata(&to).map(drop)
    };
    let mut written = written;
    written().map_err(|error| Error::io(format_args!("write {}", to.display()), &error))?;
    Ok(Some(to))
}

/// What to call it in a folder: by its title, which is a stranger's word, so it has to be a plain name.
fn file_name(pulled: &Pulled, reference: &Reference) -> Result<String> {
    let Some(title) = &pulled.title else {
        return Ok(format!("{}.wasm", reference.short()));
    };
    let mut parts = Path::new(title).components();
    let plain =
        matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) && !title.contains(['/', '\\']);
    if !plain || title.chars().any(char::is_control) || title.starts_with('.') || title.len() > 200 {
        let title: String = title.chars().filter(|c| !c.is_control()).take(200).collect();
        return Err(Error::new(Kind::Invalid, format!("{reference} calls its file `{title}`, which is no plain name"))
            .note("-o FILE says where to write it instead"));
    }
    Ok(title.clone())
}

#[cfg(test)]
mod tests {
    use holm_registry::Digest;

    use super::*;

    fn named(title: Option<&str>) -> Result<String> {
        let digest = Digest::of(b"");
        let title = title.map(str::to_owned);
        let pulled = Pulled { path: PathBuf::new(), manifest: digest, guest: digest, size: 0, title, warning: None };
        file_name(&pulled, &"a.io/b/app:1".parse().unwrap())
    }

    #[test]
    fn a_title_that_leads_elsewhere_names_no_file() {
        assert_eq!(named(Some("web.wasm")).unwrap(), "web.wasm");
        assert_eq!(named(None).unwrap(), "app.wasm");
        for title in ["../../x", "/etc/passwd", "a/b", "..", ".", "", ".bashrc", "a\\b", "a\nb", "a\0b", "./a", "a/"] {
            assert_eq!(named(Some(title)).unwrap_err().kind(), Kind::Invalid, "{title:?}");
        }
    }
}
