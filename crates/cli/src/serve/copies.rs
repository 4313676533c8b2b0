//! Copies of guests' files, so that what is served is what was checked, whatever becomes of the files meanwhile.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

use holm_engine::shape::Digest;
use holm_engine::{Error, Result, Source};
use holm_manifest::{called, is_on_registry};
use holm_serve::apps::{App, Guest};
use tempfile::{TempDir, TempPath};

const TMPDIR: &str = "TMPDIR names the folder in which the server makes its own";

/// Copies of guests' files in a folder of this process's own, by what is in them.
#[derive(Default)]
pub(super) struct Copies(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Made for the first copy.
    dir: Option<TempDir>,
    files: HashMap<PathBuf, Copy>,
}

struct Copy {
    /// The file that was copied, as it was named.
    of: PathBuf,
    /// Those that may still load it.
    users: Vec<Weak<Guest>>,
}

impl Copies {
    /// A copy of the guest in the file `local`, which its owner calls `file`, and the digest of what is in it.
    ///
    /// # Errors
    /// The file cannot be read, or there is no room for a copy.
    pub(super) fn of(&self, local: &Path, file: &Path) -> Result<(PathBuf, Digest)> {
        let name = file.to_string_lossy();
        // Reading it as a guest finds better words for what is wrong.
        let bytes = fs::read(local).map_err(|error| {
            Source::read(&name).err().unwrap_or_else(|| Error::io(format_args!("read {name}"), &error))
        })?;
        let digest = Digest::of(&bytes);
        let mut kept = self.kept();
        let copy = kept
            .write(file, &bytes, &digest)
            .map_err(|error| Error::io(format_args!("keep a copy of {name}"), &error).note(TMPDIR))?;
        kept.files.entry(copy.clone()).or_insert_with(|| Copy { of: file.to_owned(), users: Vec::new() });
        Ok((copy, digest))
    }

    /// A file for a guest that lies in none, for as long as what is returned lives.
    ///
    /// # Errors
    /// There is no room for it.
    pub(super) fn made(&self, source: &mut Source) -> Result<TempPath> {
        let write = || {
            let mut kept = self.kept();
            let mut file = tempfile::NamedTempFile::new_in(kept.dir()?)?;
            drop(kept);
            file.write_all(&source.bytes)?;
            Ok(file.into_temp_path())
        };
        let path = write().map_err(|error: io::Error| Error::io("keep a composed guest", &error).note(TMPDIR))?;
        source.path = Some(path.to_path_buf());
        Ok(path)
    }

    /// A folder for as long as what is returned lives.
    ///
    /// # Errors
    /// There is no room for it.
    #[cfg(feature = "spin")]
    pub(super) fn folder(&self) -> Result<TempDir> {
        let folder = self.kept().dir().and_then(|dir| tempfile::Builder::new().prefix("seen-").tempdir_in(dir));
        folder.map_err(|error| Error::io("show a component its files", &error).note(TMPDIR))
    }

    /// The copies of this app's guests are kept for as long as it is there.
    pub(super) fn used_by(&self, app: &App) {
        let mut kept = self.kept();
        for guest in &app.guests {
            for file in guest.spec.files() {
                if let Some(copy) = kept.files.get_mut(file) {
                    copy.users.push(std::sync::Arc::downgrade(guest));
                }
            }
        }
    }

    /// Removes copies that nobody uses any more.
    pub(super) fn collect(&self) {
        self.kept().files.retain(|copy, Copy { users, .. }| {
            users.retain(|user| user.strong_count() > 0);
            // A copy that stays is no harm.
            let _ = users.is_empty().then(|| fs::remove_file(copy));
            !users.is_empty()
        });
    }

    /// Removes all of them: to be called before the process ends.
    pub(super) fn remove(&self) {
        let mut kept = self.kept();
        kept.files.clear();
        kept.dir = None;
    }

    /// What its owner calls a file that may be a copy.
    pub(super) fn called(&self, copy: &Path) -> String {
        let kept = self.kept();
        kept.files.get(copy).map_or(copy, |copy| &copy.of).to_string_lossy().into_owned()
    }

    /// An error in which the file is called what its owner calls it.
    pub(super) fn named(&self, error: Error, copy: &Path) -> Error {
        let kept = self.kept();
        let Some(of) = kept.files.get(copy).map(|copy| copy.of.to_string_lossy()) else { return error };
        let rename = |text: &str| text.replace(&*copy.to_string_lossy(), &of);
        let renamed = Error::new(error.kind(), rename(&error.to_string())).with_frames(error.frames().to_vec());
        error.notes().iter().fold(renamed, |renamed, note| renamed.note(rename(note)))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn dir(&mut self) -> io::Result<&Path> {
        let dir = match self.dir.take() {
            Some(dir) => dir,
            None => tempfile::Builder::new().prefix("holm-serve-").tempdir()?,
        };
        Ok(self.dir.insert(dir).path())
    }

    /// Writes it under the name that its file has: guests are called by it.
    fn write(&mut self, file: &Path, bytes: &[u8], digest: &Digest) -> io::Result<PathBuf> {
        let folder = self.dir()?.join(digest.to_string());
        let name = match is_on_registry(file) {
            true => called(file).into(),
            false => file.file_name().unwrap_or("guest.wasm".as_ref()).to_owned(),
        };
        let copy = folder.join(name);
        if !copy.exists() {
            fs::create_dir_all(&folder)?;
            let new = tempfile::NamedTempFile::new_in(&folder)?;
            fs::write(&new, bytes)?;
            new.persist(&copy)?;
        }
        Ok(copy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stays_what_it_was_when_its_file_changes() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("app.wasm");
        fs::write(&file, "one").unwrap();
        let copies = Copies::default();
        let (one, digest) = copies.of(&file, &file).unwrap();
        fs::write(&file, "two").unwrap();
        let (two, other) = copies.of(&file, &file).unwrap();
        assert_eq!((fs::read(&one).unwrap(), fs::read(&two).unwrap()), (b"one".to_vec(), b"two".to_vec()));
        assert!(digest != other && one.file_name() == file.file_name());
        let error = copies.named(Error::new(holm_engine::Kind::Invalid, format!("{} is bad", one.display())), &one);
        assert_eq!(error.to_string(), format!("{} is bad", file.display()));

        // Nobody took them.
        copies.collect();
        assert!(!one.exists() && !two.exists());
        let (again, _) = copies.of(&file, &file).unwrap();
        copies.remove();
        assert!(!again.exists());
    }

    #[test]
    fn a_file_that_is_not_there_is_told_as_every_guest_is() {
        let error = Copies::default().of(Path::new("/nowhere/app.wasm"), Path::new("/nowhere/app.wasm")).unwrap_err();
        assert_eq!(error.to_string(), "/nowhere/app.wasm: no such file");
    }
}
