//! A component's files as one: what is copied, compared and sent.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::UNIX_EPOCH;

use holm_engine::{Error, Kind, Result};
use tar::{Archive, Builder, EntryType, Header};

use super::matching::{MOST_BYTES, MOST_FILES, Matched, inside};

/// Writes the files into an archive (tar, POSIX.1-1988 with GNU's long names), in the order of their names.
///
/// # Errors
/// One of them cannot be read, or changes while it is.
pub(crate) fn write(matched: &Matched, to: impl Write) -> Result<()> {
    let mut archive = Builder::new(to);
    for (at, source) in &matched.files {
        let failed = |error| Error::io(format_args!("read {}", source.display()), &error);
        let file = File::open(source).map_err(failed)?;
        let meta = file.metadata().map_err(failed)?;
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_size(meta.len());
        // Guests that answer with files say when they changed.
        let changed = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        header.set_mtime(changed.map_or(0, |since| since.as_secs()));
        archive.append_data(&mut header, at, file.take(meta.len())).map_err(failed)?;
    }
    archive.into_inner().and_then(|mut to| to.flush()).map_err(|error| Error::io("keep a component's files", &error))
}

/// Writes what is in the archive at `archive` below the folder `to`, which is empty. Nothing is believed: only files, only
/// below, no more than any component has.
///
/// # Errors
/// It is no such archive, or there is no room.
pub(crate) fn unpack(archive: &Path, to: &Path) -> Result<()> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::InvalidData => Error::new(Kind::Invalid, format!("the files of a component: {error}")),
        _ => Error::io("unpack the files of a component", &error),
    };
    let file = File::open(archive).map_err(failed)?;
    let mut left = MOST_BYTES;
    for (count, entry) in Archive::new(io::BufReader::new(file)).entries().map_err(failed)?.enumerate() {
        let mut entry = entry.map_err(failed)?;
        let path = entry.path().map_err(failed)?.into_owned();
        let path = path.to_str().and_then(inside).filter(|path| !path.as_os_str().is_empty());
        let (Some(path), EntryType::Regular, true) = (path, entry.header().entry_type(), count < MOST_FILES) else {
            return Err(failed(io::Error::new(io::ErrorKind::InvalidData, "no such archive is made by holm")));
        };
        let path = to.join(path);
        let folder = path.parent().unwrap_or(to);
        fs::create_dir_all(folder).map_err(failed)?;
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
        let written = io::copy(&mut entry.by_ref().take(left + 1), &mut file).map_err(failed)?;
        left = left.checked_sub(written).ok_or_else(|| {
            failed(io::Error::new(io::ErrorKind::InvalidData, "they are larger than a component's may be"))
        })?;
        let changed =
            entry.header().mtime().ok().and_then(|at| UNIX_EPOCH.checked_add(std::time::Duration::from_secs(at)));
        // A time that the disk cannot keep is no reason to fail.
        let _ = changed.map(|changed| file.set_modified(changed));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archived(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = Builder::new(Vec::new());
        for (name, bytes) in files {
            let mut header = Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            // As somebody would write it who means harm.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            archive.append(&header, *bytes).unwrap();
        }
        archive.into_inner().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> (Result<()>, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let (file, to) = (dir.path().join("a.tar"), dir.path().join("to"));
        fs::write(&file, bytes).unwrap();
        fs::create_dir(&to).unwrap();
        (unpack(&file, &to), dir)
    }

    #[test]
    fn what_was_packed_is_there_again_with_its_times() {
        let dir = tempfile::tempdir().unwrap();
        let long = "deep/".repeat(30);
        let name = format!("{long}a.txt");
        fs::create_dir_all(dir.path().join(&long)).unwrap();
        let source = dir.path().join(&name);
        fs::write(&source, "hello").unwrap();
        let at = UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        File::options().write(true).open(&source).unwrap().set_modified(at).unwrap();
        let matched = Matched { files: [((&name).into(), source)].into(), folders: Vec::new() };
        let mut bytes = Vec::new();
        write(&matched, &mut bytes).unwrap();
        let (done, dir) = unpacked(&bytes);
        done.unwrap();
        let file = dir.path().join("to").join(&name);
        assert_eq!(fs::read_to_string(&file).unwrap(), "hello");
        assert_eq!(file.metadata().unwrap().modified().unwrap(), at);
        let mut again = Vec::new();
        write(&matched, &mut again).unwrap();
        assert_eq!(bytes, again);
    }

    #[test]
    fn an_archive_writes_nothing_elsewhere() {
        for name in ["../x", "/x", "a/../../x", ".", ""] {
            let (done, dir) = unpacked(&archived(&[(name, b"x")]));
            assert!(done.is_err() || dir.path().join("to/x").is_file(), "{name}");
            assert!(!dir.path().join("x").exists(), "{name}");
        }
        let (done, _dir) = unpacked(&archived(&[("a", b"x"), ("a", b"y")]));
        assert!(done.is_err());
    }

    #[test]
    fn what_is_no_archive_or_holds_links_is_refused() {
        assert!(unpacked(&[7; 2000]).0.is_err());
        let mut archive = Builder::new(Vec::new());
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Symlink);
        header.set_size(0);
        archive.append_link(&mut header, "link", "/etc/passwd").unwrap();
        assert!(unpacked(&archive.into_inner().unwrap()).0.is_err());
    }
}
