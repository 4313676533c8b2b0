//! The code cache: compiled code by guest and settings, shared by every process of one user.
//!
//! A private directory, files that are there whole or not at all, and nothing run that this user's key did
//! not sign. Whatever is doubtful is compiled again.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::artifact::{self, Artifact, Key, Meta, TEMPORARY};
use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::shape::{Digest, Shape};

/// Bytes the cache may hold before the entries longest unused go.
const DEFAULT_MAX: u64 = 4 << 30;

/// A file that nobody finished within this time was left behind by a process that died.
const ABANDONED: Duration = Duration::from_secs(3600);

/// An entry's time of use is noted at most this often, to spare the disk.
const TOUCH: Duration = Duration::from_secs(600);

/// A directory of compiled code.
pub struct Cache {
    dir: PathBuf,
    key: Key,
    max: u64,
}

/// One entry, as `holm cache` shows it.
#[derive(Clone, Debug)]
pub struct CacheEntry {
    /// What the guest was called when it was compiled.
    pub name: String,
    /// The guest.
    pub digest: Digest,
    /// What the code was compiled for.
    pub settings: Settings,
    /// Bytes on disk.
    pub size: u64,
    /// When it was last used, to about ten minutes.
    pub used: SystemTime,
    path: PathBuf,
}

/// What was removed from the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Files removed.
    pub files: u64,
    /// Bytes freed.
    pub bytes: u64,
}

impl Cache {
    /// Where the cache lies unless told otherwise: `HOLM_CACHE_DIR`, else `holm` in the user's cache
    /// directory (`XDG_CACHE_HOME`, else `~/.cache`). `None` where there is no home.
    pub fn default_dir() -> Option<PathBuf> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        set("HOLM_CACHE_DIR")
            .or_else(|| Some(set("XDG_CACHE_HOME")?.join("holm")))
            .or_else(|| Some(set("HOME")?.join(".cache/holm")))
    }

    /// Opens the cache in `dir`, making it if it is not there.
    ///
    /// # Errors
    /// [`Kind::Io`] when it cannot be made or written, [`Kind::Denied`] when others could write in it.
    pub fn open(dir: &Path) -> Result<Self> {
        let failed = |error: io::Error| Error::io(format_args!("use the cache directory {}", dir.display()), &error);
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(failed)?;
        check_private(dir)?;
        let key = load_key(dir).map_err(failed)?;
        Ok(Self { dir: dir.to_owned(), key, max: DEFAULT_MAX })
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// This user's key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    fn path(&self, digest: &Digest, settings: &Settings) -> PathBuf {
        self.dir.join(format!("{digest}-{}.cwasm", settings.fingerprint()))
    }

    /// The code for this guest and these settings, verified; `None` when it has to be compiled.
    ///
    /// What does not verify is removed.
    pub fn find(&self, shape: &Shape, settings: &Settings) -> Option<Artifact> {
        let path = self.path(&shape.digest, settings);
        let mut artifact = match Artifact::open(&path) {
            Ok(artifact) => artifact,
            Err(error) => {
                if error.kind() == io::ErrorKind::InvalidData {
                    self.remove(&path);
                }
                return None;
            }
        };
        let ours = artifact.verify(&self.key).unwrap_or(false)
            && artifact.meta.shape.digest == shape.digest
            && artifact.meta.settings == *settings;
        if !ours {
            self.remove(&path);
            return None;
        }
        touch(&path);
        Some(artifact)
    }

    /// Keeps code, and removes what has been unused longest if the cache grows too large.
    ///
    /// # Errors
    /// The file system refused: the disk is full or the directory read-only. Nothing is left behind.
    pub fn store(&self, code: &[u8], meta: &Meta) -> io::Result<PathBuf> {
        let path = self.path(&meta.shape.digest, &meta.settings);
        artifact::write_file(&path, code, meta, &self.key)?;
        self.prune_to_size();
        Ok(path)
    }

    pub(crate) fn prune_to_size(&self) {
        self.prune(self.max);
    }

    /// The lock on making code for next time, held until dropped; `None` when another process has it.
    ///
    /// One for the whole cache: a dozen compilers at once would help nobody.
    #[cfg(feature = "compilers")]
    pub(crate) fn lock(&self) -> Option<fs::File> {
        crate::lock::try_lock(&self.dir.join("improve.lock"))
    }

    /// The lock on making one entry, held until dropped. Waits while another process has it.
    ///
    /// # Errors
    /// The directory cannot be written.
    #[cfg(feature = "compilers")]
    pub(crate) fn lock_entry(&self, digest: &Digest, settings: &Settings) -> io::Result<crate::lock::Lock> {
        // What a killed process leaves is removed like an unfinished file.
        crate::lock::Lock::wait(self.dir.join(format!("{TEMPORARY}{digest}-{}.lock", settings.fingerprint())))
    }

    /// Forgets the entry at `path`, which turned out to be of no use.
    pub(crate) fn remove(&self, path: &Path) {
        // Another process may have been faster, and a directory that became read-only cannot be helped.
        let _ = fs::remove_file(path);
    }

    /// Every readable entry, most recently used first.
    ///
    /// # Errors
    /// The directory could not be read.
    pub fn entries(&self) -> io::Result<Vec<CacheEntry>> {
        let mut entries: Vec<CacheEntry> = self.files()?.into_iter().filter_map(describe).collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.used));
        Ok(entries)
    }

    /// Removes what has been unused longest until at most `max` bytes are left, and what dead processes left.
    pub fn prune(&self, max: u64) -> Pruned {
        let mut pruned = Pruned::default();
        let Ok(files) = self.files() else { return pruned };
        let mut kept: Vec<CodeFile> = Vec::new();
        for file in files {
            match file.abandoned() {
                true => pruned.remove(&file),
                false => kept.push(file),
            }
        }
        kept.sort_by_key(|file| file.used);
        let mut total: u64 = kept.iter().map(|file| file.size).sum();
        for file in &kept {
            if total <= max {
                break;
            }
            total -= file.size;
            pruned.remove(file);
        }
        pruned
    }

    /// Removes every entry.
    pub fn clear(&self) -> Pruned {
        self.prune(0)
    }

    fn files(&self) -> io::Result<Vec<CodeFile>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let path = entry.path();
            let unfinished = entry.file_name().to_string_lossy().starts_with(TEMPORARY);
            let ours = path.extension().is_some_and(|extension| extension == "cwasm" || extension == "wasm");
            if !unfinished && !ours {
                continue;
            }
            // It may have gone since the directory was read.
            let Ok(metadata) = entry.metadata() else { continue };
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push(CodeFile { path, size: metadata.len(), used, unfinished });
        }
        Ok(files)
    }
}

struct CodeFile {
    path: PathBuf,
    size: u64,
    used: SystemTime,
    unfinished: bool,
}

impl CodeFile {
    fn abandoned(&self) -> bool {
        self.unfinished && self.used.elapsed().is_ok_and(|age| age > ABANDONED)
    }
}

impl Pruned {
    fn remove(&mut self, file: &CodeFile) {
        if fs::remove_file(&file.path).is_ok() {
            self.files += 1;
            self.bytes += file.size;
        }
    }
}

fn describe(file: CodeFile) -> Option<CacheEntry> {
    let meta = Artifact::open(&file.path).ok()?.meta;
    let CodeFile { path, size, used, .. } = file;
    Some(CacheEntry { name: meta.name, digest: meta.shape.digest, settings: meta.settings, size, used, path })
}

impl CacheEntry {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Code in the cache is run as native code, so nobody else may be able to put any there.
fn check_private(dir: &Path) -> Result<()> {
    let failed = |error: io::Error| Error::io(format_args!("use the cache directory {}", dir.display()), &error);
    let metadata = fs::metadata(dir).map_err(failed)?;
    let unsafe_because = |why: &str| {
        Error::new(Kind::Denied, format!("the cache directory {} {why}", dir.display()))
            .note("compiled code is kept only where nobody else can change it")
            .note(format!("`chmod 700 {}`, or set HOLM_CACHE_DIR to a private directory", dir.display()))
    };
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(unsafe_because("belongs to another user"));
    }
    if metadata.permissions().mode() & 0o022 != 0 {
        return Err(unsafe_because("can be written by others"));
    }
    Ok(())
}

fn load_key(dir: &Path) -> io::Result<Key> {
    let path = dir.join("key");
    match read_key(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => create_key(&path),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            // What was signed with a damaged key can never be verified again.
            fs::remove_file(&path)?;
            create_key(&path)
        }
        result => result,
    }
}

fn read_key(path: &Path) -> io::Result<Key> {
    let metadata = fs::symlink_metadata(path)?;
    let private = metadata.is_file()
        && metadata.uid() == rustix::process::geteuid().as_raw()
        && metadata.permissions().mode() & 0o077 == 0;
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "not a private key file");
    if !private {
        return Err(damaged());
    }
    fs::read(path)?.try_into().map(Key::from_bytes).map_err(|_| damaged())
}

/// Several processes may get here at once: the first to link its key wins, the others take that one.
fn create_key(path: &Path) -> io::Result<Key> {
    let key = Key::generate()?;
    let temporary = artifact::temporary_beside(path)?;
    let written = (|| {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(key.as_bytes())?;
        file.sync_all()?;
        fs::hard_link(&temporary, path)
    })();
    let _ = fs::remove_file(&temporary);
    match written {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_key(path),
        Err(error) => Err(error),
    }
}

/// Notes that an entry was used, which decides what goes first. Failing to is no reason to fail.
pub(crate) fn touch(path: &Path) {
    let Ok(file) = fs::File::open(path) else { return };
    let recent = |metadata: fs::Metadata| metadata.modified().ok()?.elapsed().ok();
    let age = file.metadata().ok().and_then(recent);
    if age.is_none_or(|age| age > TOUCH) {
        let _ = file.set_modified(SystemTime::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(wasm: &[u8]) -> Meta {
        Meta { shape: Shape::parse(wasm).unwrap(), settings: Settings::default(), name: "x".into() }
    }

    const EMPTY: &[u8] = b"\0asm\x01\0\0\0";
    const OTHER: &[u8] = b"\0asm\x01\0\0\0\0\x02\x01x";

    fn cache() -> (tempfile::TempDir, Cache) {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache")).unwrap();
        (dir, cache)
    }

    #[test]
    fn what_was_stored_is_found_under_its_settings_only() {
        let (_dir, cache) = cache();
        let meta = meta(EMPTY);
        cache.store(b"code", &meta).unwrap();
        assert!(cache.find(&meta.shape, &meta.settings).is_some());
        assert!(cache.find(&meta.shape, &Settings { fuel: true, ..Settings::default() }).is_none());
    }

    #[test]
    fn code_of_another_user_or_machine_is_not_found_and_goes() {
        let (_dir, cache) = cache();
        let (_other_dir, other) = self::cache();
        let meta = meta(EMPTY);
        let foreign = other.store(b"code", &meta).unwrap();
        let here = cache.path(&meta.shape.digest, &meta.settings);
        fs::copy(foreign, &here).unwrap();
        assert!(cache.find(&meta.shape, &meta.settings).is_none());
        assert!(!here.exists());
    }

    #[test]
    fn code_of_another_guest_under_this_ones_name_is_not_found() {
        let (_dir, cache) = cache();
        let (one, two) = (meta(EMPTY), meta(OTHER));
        let path = cache.store(b"code", &one).unwrap();
        fs::rename(path, cache.path(&two.shape.digest, &two.settings)).unwrap();
        assert!(cache.find(&two.shape, &two.settings).is_none());
    }

    #[test]
    fn a_directory_that_others_can_write_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let error = Cache::open(dir.path()).err().unwrap();
        assert_eq!(error.kind(), Kind::Denied);
        assert!(error.to_string().ends_with("can be written by others"), "{error}");
    }

    #[test]
    fn the_longest_unused_go_first() {
        let (_dir, cache) = cache();
        let old = cache.store(b"old", &meta(EMPTY)).unwrap();
        let new = cache.store(b"new", &meta(OTHER)).unwrap();
        let yesterday = SystemTime::now() - Duration::from_secs(86400);
        fs::File::open(&old).unwrap().set_modified(yesterday).unwrap();
        let size = fs::metadata(&new).unwrap().len();
        let pruned = cache.prune(size);
        assert_eq!(pruned.files, 1);
        assert!(!old.exists() && new.exists());
    }

    #[test]
    fn files_of_dead_processes_go_and_those_of_living_ones_stay() {
        let (_dir, cache) = cache();
        let dead = cache.dir().join(format!("{TEMPORARY}1"));
        let alive = cache.dir().join(format!("{TEMPORARY}2"));
        for path in [&dead, &alive] {
            fs::write(path, b"half").unwrap();
        }
        let yesterday = SystemTime::now() - Duration::from_secs(86400);
        fs::File::open(&dead).unwrap().set_modified(yesterday).unwrap();
        cache.prune(u64::MAX);
        assert!(!dead.exists() && alive.exists());
    }

    #[test]
    fn two_openers_share_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let open = || *Cache::open(dir.path()).unwrap().key().as_bytes();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[test]
    fn a_key_others_could_read_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let before = *Cache::open(dir.path()).unwrap().key().as_bytes();
        fs::set_permissions(dir.path().join("key"), fs::Permissions::from_mode(0o644)).unwrap();
        let after = *Cache::open(dir.path()).unwrap().key().as_bytes();
        assert_ne!(before, after);
    }
}
