//! The file format of compiled code, in the cache and from `holm compile`.
//!
//! ```text
//! code        what the engine made; it must lie at offset 0, because it is mapped into memory
//! meta        JSON: the guest's shape and the settings the code was made under
//! mac         32 bytes: keyed BLAKE3 over everything before it
//! meta length u64, little endian
//! magic       8 bytes: "HOLMCOD1"
//! ```
//!
//! Compiled code is native code, and running it is trusting it. So it carries a code of authentication made
//! with a key that only this user can read: what lacks it was not written here, or was changed since.

use std::fs::{self, File};
use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::Settings;
use crate::error::{Error, Kind};
use crate::shape::Shape;

const MAGIC: &[u8; 8] = b"HOLMCOD1";
const MAC: u64 = 32;
/// The meta length and the magic.
const TAIL: u64 = 16;
/// The description of a guest is small; a file that says otherwise lies.
const META_MAX: u64 = 64 << 20;

/// Signs compiled code, and recognises what it signed.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// A key for this process alone.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn generate() -> io::Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        Ok(Self(key))
    }

    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// What compiled code was made from, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// What the guest's bytes said.
    pub shape: Shape,
    /// What the code was compiled for.
    pub settings: Settings,
    /// What the guest was called when it was compiled.
    pub name: String,
}

/// A file of compiled code that was opened, but not yet trusted.
pub struct Artifact {
    /// Where it lies.
    pub path: PathBuf,
    /// What it says of itself; to be believed only when [`Artifact::verify`] agrees.
    pub meta: Meta,
    file: File,
    signed: u64,
}

impl Artifact {
    /// Reads what the file says of itself.
    ///
    /// # Errors
    /// `InvalidData` when it is no file of compiled code, or a damaged one.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        let meta_size = read_tail(&mut file, size)?;
        let signed = size.checked_sub(TAIL + MAC).filter(|signed| *signed >= meta_size).ok_or_else(damaged)?;
        file.seek(SeekFrom::Start(signed - meta_size))?;
        let mut meta = Vec::new();
        (&mut file).take(meta_size).read_to_end(&mut meta)?;
        let meta = serde_json::from_slice(&meta).map_err(|_| damaged())?;
        Ok(Self { path: path.to_owned(), meta, file, signed })
    }

    /// Whether this very file was written by a holder of `key` and has not changed since.
    ///
    /// # Errors
    /// The file could not be read.
    pub fn verify(&mut self, key: &Key) -> io::Result<bool> {
        self.file.seek(SeekFrom::Start(0))?;
        let mut hasher = blake3::Hasher::new_keyed(key.as_bytes());
        hasher.update_reader((&mut self.file).take(self.signed))?;
        let mut mac = [0; MAC as usize];
        self.file.read_exact(&mut mac)?;
        // `blake3::Hash` compares in constant time.
        Ok(hasher.finalize() == blake3::Hash::from_bytes(mac))
    }
}

/// Writes compiled code with what it was made from, signed.
///
/// # Errors
/// The writer failed.
pub(crate) fn write(out: &mut impl Write, code: &[u8], meta: &Meta, key: &Key) -> io::Result<()> {
    let meta = serde_json::to_vec(meta)?;
    let mut hasher = blake3::Hasher::new_keyed(key.as_bytes());
    hasher.update(code).update(&meta);
    out.write_all(code)?;
    out.write_all(&meta)?;
    out.write_all(hasher.finalize().as_bytes())?;
    out.write_all(&(meta.len() as u64).to_le_bytes())?;
    out.write_all(MAGIC)
}

/// Writes a file of compiled code so that it is there whole or not at all, even if the machine stops.
///
/// # Errors
/// The file system refused; nothing is left behind.
pub(crate) fn write_file(path: &Path, code: &[u8], meta: &Meta, key: &Key) -> io::Result<()> {
    let temporary = temporary_beside(path)?;
    let written = (|| {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&temporary)?;
        write(&mut file, code, meta, key)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    if written.is_err() {
        // Already failing: the first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Names that start so are unfinished files; [`crate::Cache`] removes those that were left behind.
pub(crate) const TEMPORARY: &str = ".holm-";

pub(crate) fn temporary_beside(path: &Path) -> io::Result<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let name = format!("{TEMPORARY}{}-{:016x}", std::process::id(), u64::from_le_bytes(random));
    Ok(path.with_file_name(name))
}

/// Whether the file ends like compiled code. Says nothing about who wrote it.
pub(crate) fn is_artifact(path: &Path) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    let Ok(size) = file.metadata().map(|metadata| metadata.len()) else { return false };
    read_tail(&mut file, size).is_ok()
}

fn read_tail(file: &mut File, size: u64) -> io::Result<u64> {
    if size < TAIL {
        return Err(damaged());
    }
    file.seek(SeekFrom::Start(size - TAIL))?;
    let mut tail = [0; TAIL as usize];
    file.read_exact(&mut tail)?;
    let (length, magic) = tail.split_at(8);
    let length = length.try_into().map(u64::from_le_bytes).map_err(|_| damaged())?;
    if magic != MAGIC || length > META_MAX {
        return Err(damaged());
    }
    Ok(length)
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not compiled code, or damaged")
}

/// The answer to compiled code that carries no valid signature of this user.
pub(crate) fn untrusted(name: &str) -> Error {
    Error::new(Kind::Denied, format!("{name} holds native code that was not compiled here, or was changed since"))
        .note("native code is not sandboxed: run the .wasm it was made from, or compile that again")
        .note("if you trust whoever made the file, pass --allow-precompiled")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta() -> Meta {
        let shape = Shape::parse(b"\0asm\x01\0\0\0").unwrap();
        Meta { shape, settings: Settings::default(), name: "empty".into() }
    }

    fn written(dir: &Path, key: &Key) -> PathBuf {
        let path = dir.join("x.cwasm");
        write_file(&path, b"code", &meta(), key).unwrap();
        path
    }

    #[test]
    fn what_was_written_is_read_back_and_trusted() {
        let dir = tempfile::tempdir().unwrap();
        let key = Key::generate().unwrap();
        let path = written(dir.path(), &key);
        assert!(is_artifact(&path));
        let mut artifact = Artifact::open(&path).unwrap();
        assert_eq!(artifact.meta, meta());
        assert!(artifact.verify(&key).unwrap());
    }

    #[test]
    fn another_key_does_not_open_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path(), &Key::generate().unwrap());
        assert!(!Artifact::open(&path).unwrap().verify(&Key::generate().unwrap()).unwrap());
    }

    #[test]
    fn a_change_of_any_byte_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let key = Key::generate().unwrap();
        let path = written(dir.path(), &key);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            let trusted = Artifact::open(&path).and_then(|mut artifact| artifact.verify(&key));
            assert!(!trusted.unwrap_or(false), "byte {at} of {}", whole.len());
        }
    }

    #[test]
    fn a_cut_file_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let key = Key::generate().unwrap();
        let path = written(dir.path(), &key);
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let trusted = Artifact::open(&path).and_then(|mut artifact| artifact.verify(&key));
            assert!(!trusted.unwrap_or(false), "{length} bytes of {}", whole.len());
        }
    }
}
