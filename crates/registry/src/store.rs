//! What was pulled, on this machine: content by its digest, and what tags named when they were last asked.
//!
//! A file in it is whole or not there. It lies in a directory of this user's own, and all the same what is read from it is
//! compared with its digest, since a disk forgets more often than it says so.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::error::{RegistryError, Result};
use crate::limits;
use crate::reference::Reference;

/// What nobody went on with for this long is removed.
const ABANDONED: Duration = Duration::from_secs(7 * 24 * 3600);
/// A time of use is noted at most this often, to spare the disk.
const TOUCH: Duration = Duration::from_secs(600);
/// Notes about content are small.
const NOTE: u64 = 4 << 20;

/// A folder of pulled guests, safe to use by any number of processes at once.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
}

/// What is remembered of a manifest: which guest it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Image {
    /// The guest's bytes.
    pub(crate) guest: Digest,
    /// How many.
    pub(crate) size: u64,
    /// What the manifest calls it.
    pub(crate) title: Option<String>,
    /// What was pulled when it came here, for people.
    pub(crate) reference: String,
}

/// A guest in the store, as `holm cache` shows it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What was pulled when it came here; empty for what is not whole yet.
    pub name: String,
    /// The guest.
    pub digest: Digest,
    /// Bytes on disk.
    pub size: u64,
    /// When it was last used, to about ten minutes.
    pub used: SystemTime,
    /// Its file.
    pub path: PathBuf,
}

/// Held while content is brought here, so that others wait for it. Ends with the process, however it ends.
pub(crate) struct Turn {
    path: PathBuf,
    _file: File,
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Still locked, so whoever opened it before will see that it is gone. One that stays is harmless.
        let _ = fs::remove_file(&self.path);
    }
}

impl Store {
    /// The store in `dir`, which is made when something is put there. `dir` should be nobody else's.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The guest of the manifest with this digest, if all of it is here and as it was.
    pub(crate) fn image(&self, manifest: Digest) -> Option<(Image, PathBuf)> {
        let image: Image = self.note(&self.path("images", &manifest.hex()))?;
        let path = self.content(image.guest, image.size)?;
        Some((image, path))
    }

    /// The file with this content, if it is here and as it was.
    pub(crate) fn content(&self, digest: Digest, size: u64) -> Option<PathBuf> {
        let path = self.path("blobs", &digest.hex());
        let file = File::open(&path).ok()?;
        touch(&file);
        match Digest::of_all(file) {
            Ok((same, length)) if same == digest => (length == size).then_some(path),
            Ok(_) => {
                let _ = fs::remove_file(&path);
                None
            }
            Err(_) => None,
        }
    }

    /// What a tag named when it was last asked.
    pub(crate) fn tag(&self, reference: &Reference) -> Option<Digest> {
        self.note(&self.tag_path(reference))
    }

    pub(crate) fn keep_tag(&self, reference: &Reference, manifest: Digest) -> Result<()> {
        self.write_note(&self.tag_path(reference), &manifest)
    }

    pub(crate) fn keep_image(&self, manifest: Digest, image: &Image) -> Result<()> {
        self.write_note(&self.path("images", &manifest.hex()), image)
    }

    /// What was found to have signed a manifest, to look at again where there is no network.
    pub(crate) fn signatures<T: for<'de> Deserialize<'de>>(&self, manifest: Digest) -> Option<T> {
        self.note(&self.path("signatures", &manifest.hex()))
    }

    pub(crate) fn keep_signatures(&self, manifest: Digest, signatures: &impl Serialize) -> Result<()> {
        self.write_note(&self.path("signatures", &manifest.hex()), signatures)
    }

    /// Keeps a guest that came out of an archive.
    pub(crate) fn keep(&self, bytes: &[u8]) -> Result<(Digest, PathBuf)> {
        let digest = Digest::of(bytes);
        let path = self.path("blobs", &digest.hex());
        self.write(&path, bytes)?;
        Ok((digest, path))
    }

    /// The turn to bring content here. Waits while another process has it.
    pub(crate) fn turn(&self, digest: Digest) -> Result<Turn> {
        let failed = |error| self.failed(&error);
        let path = self.folder("partial")?.join(format!("{}.lock", digest.hex()));
        loop {
            let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(failed)?;
            file.lock().map_err(failed)?;
            // Whoever had it removed the file when done: then this is a lock that nobody else will find.
            let ours = file.metadata().map_err(failed)?;
            if fs::symlink_metadata(&path).is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())) {
                return Ok(Turn { path, _file: file });
            }
        }
    }

    /// Where content is put together. Only who has its turn writes there.
    pub(crate) fn partial(&self, digest: Digest) -> PathBuf {
        self.path("partial", &digest.hex())
    }

    /// Puts content that is whole and was compared with its digest where it belongs.
    pub(crate) fn finish(&self, digest: Digest, file: &File) -> Result<PathBuf> {
        let path = self.path("blobs", &digest.hex());
        self.folder("blobs")?;
        let moved = file.sync_all().and_then(|()| fs::rename(self.partial(digest), &path));
        moved.and_then(|()| sync_dir(&path)).map_err(|error| self.failed(&error))?;
        Ok(path)
    }

    /// Every guest in it, most recently used first.
    pub fn entries(&self) -> Vec<Entry> {
        let names = self.names();
        let mut entries = Vec::new();
        for (folder, whole) in [("blobs", true), ("partial", false)] {
            for file in files(&self.dir.join(folder)) {
                let Some(digest) = digest_of(&file.path) else { continue };
                let name = names.iter().filter(|_| whole).find(|(guest, _)| *guest == digest);
                let name = name.map(|(_, name)| name.clone()).unwrap_or_default();
                entries.push(Entry { name, digest, size: file.size, used: file.used, path: file.path });
            }
        }
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.used));
        entries
    }

    fn names(&self) -> Vec<(Digest, String)> {
        let notes = files(&self.dir.join("images"));
        notes
            .iter()
            .filter_map(|file| self.note::<Image>(&file.path))
            .map(|image| (image.guest, image.reference))
            .collect()
    }

    /// Removes what has been unused longest until at most `max` bytes are left, and answers how many files and bytes went.
    pub fn prune(&self, max: u64) -> (u64, u64) {
        let mut entries = self.entries();
        let mut total: u64 = entries.iter().map(|entry| entry.size).sum();
        let mut gone = (0, 0);
        while let Some(entry) = entries.pop() {
            let old = entry.name.is_empty() && entry.used.elapsed().is_ok_and(|age| age > ABANDONED);
            let partial = entry.path.parent().is_some_and(|folder| folder.ends_with("partial"));
            if total <= max && !(old && partial) {
                continue;
            }
            if fs::remove_file(&entry.path).is_ok() {
                total -= entry.size;
                gone = (gone.0 + 1, gone.1 + entry.size);
            }
        }
        if max == 0 {
            // What is only about content that is gone. Locks stay: another process may hold one.
            for folder in ["images", "tags", "signatures"] {
                let _ = fs::remove_dir_all(self.dir.join(folder));
            }
        }
        gone
    }

    /// As much as the store may have unless a user says otherwise.
    pub(crate) fn prune_to_usual(&self) {
        self.prune(limits::STORE);
    }

    fn path(&self, folder: &str, name: &str) -> PathBuf {
        self.dir.join(folder).join(name)
    }

    /// By a digest of it: a reference is no file's name.
    fn tag_path(&self, reference: &Reference) -> PathBuf {
        self.path("tags", &Digest::of(reference.to_string().as_bytes()).hex())
    }

    fn folder(&self, name: &str) -> Result<PathBuf> {
        let dir = self.dir.join(name);
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir);
        made.map_err(|error| self.failed(&error))?;
        Ok(dir)
    }

    fn note<T: for<'de> Deserialize<'de>>(&self, path: &Path) -> Option<T> {
        let bytes = read_bounded(path, NOTE).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    fn write_note(&self, path: &Path, note: &impl Serialize) -> Result<()> {
        let text = serde_json::to_vec(note).map_err(|error| self.failed(&io::Error::other(error)))?;
        self.write(path, &text)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let folder = path.parent().unwrap_or(&self.dir);
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        let written = made.and_then(|()| {
            let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(path).map_err(|error| error.error)?;
            sync_dir(path)
        });
        written.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> RegistryError {
        RegistryError::io(format_args!("write to the store in {}", self.dir.display()), error)
    }
}

/// The bytes of a file that is no larger than `most`.
pub(crate) fn read_bounded(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(File::open(path)?, most + 1), &mut bytes)?;
    match bytes.len() as u64 <= most {
        true => Ok(bytes),
        false => Err(io::Error::other(format!("it has more than {}", holm_grants::format_size(most)))),
    }
}

struct Kept {
    path: PathBuf,
    size: u64,
    used: SystemTime,
}

fn files(dir: &Path) -> Vec<Kept> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let kept = entries.filter_map(|entry| {
        let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        Some(Kept { path: entry.path(), size: metadata.len(), used })
    });
    kept.collect()
}

fn digest_of(path: &Path) -> Option<Digest> {
    format!("sha256:{}", path.file_name()?.to_str()?).parse().ok()
}

fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// Notes a use, which decides what goes first. Failing to is no reason to fail.
fn touch(file: &File) {
    let age = file.metadata().ok().and_then(|metadata| metadata.modified().ok()?.elapsed().ok());
    if age.is_none_or(|age| age > TOUCH) {
        let _ = file.set_modified(SystemTime::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path().join("oci"));
        (dir, store)
    }

    fn keep(store: &Store, bytes: &[u8]) -> Digest {
        let (guest, _) = store.keep(bytes).unwrap();
        let image = Image { guest, size: bytes.len() as u64, title: None, reference: "oci://a.io/b:1".into() };
        let manifest = Digest::of(&[bytes, b"manifest"].concat());
        store.keep_image(manifest, &image).unwrap();
        manifest
    }

    #[test]
    fn what_was_kept_is_found_and_what_changed_is_not() {
        let (_dir, store) = store();
        let manifest = keep(&store, b"guest");
        let (image, path) = store.image(manifest).unwrap();
        assert_eq!((fs::read(&path).unwrap(), image.size), (b"guest".to_vec(), 5));
        fs::write(&path, b"GUEST").unwrap();
        assert!(store.image(manifest).is_none() && !path.exists());
    }

    #[test]
    fn tags_are_kept_apart() {
        let (_dir, store) = store();
        let [one, two] = ["a.io/b:1", "a.io/b:2"].map(|text| text.parse::<Reference>().unwrap());
        store.keep_tag(&one, Digest::of(b"1")).unwrap();
        store.keep_tag(&one, Digest::of(b"2")).unwrap();
        assert_eq!((store.tag(&one), store.tag(&two)), (Some(Digest::of(b"2")), None));
    }

    #[test]
    fn the_longest_unused_go_first() {
        let (_dir, store) = store();
        let (old, new) = (keep(&store, b"old"), keep(&store, b"new"));
        let (_, path) = store.image(old).unwrap();
        File::open(&path).unwrap().set_modified(SystemTime::now() - Duration::from_secs(86400)).unwrap();
        assert_eq!(store.prune(3), (1, 3));
        assert!(store.image(old).is_none() && store.image(new).is_some());
        assert_eq!(store.prune(0), (1, 3));
        assert!(store.entries().is_empty());
    }

    #[test]
    fn half_a_guest_counts_and_goes_when_nobody_went_on_with_it() {
        let (_dir, store) = store();
        let _turn = store.turn(Digest::of(b"x")).unwrap();
        let partial = store.partial(Digest::of(b"x"));
        fs::write(&partial, b"half").unwrap();
        assert_eq!(store.prune(u64::MAX), (0, 0));
        assert_eq!(store.entries().len(), 1);
        File::open(&partial).unwrap().set_modified(SystemTime::now() - 2 * ABANDONED).unwrap();
        assert_eq!(store.prune(u64::MAX), (1, 4));
    }

    #[test]
    fn the_store_is_nobody_elses() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_dir, store) = store();
        keep(&store, b"x");
        for folder in ["", "blobs", "images"] {
            assert_eq!(fs::metadata(store.dir().join(folder)).unwrap().permissions().mode() & 0o077, 0, "{folder}");
        }
    }
}
