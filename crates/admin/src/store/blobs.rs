//! Guests, stored under their digests.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use tempfile::NamedTempFile;

use super::error::failed;
use super::{Guest, Store, StoreError, files};
use crate::{Digest, DigestBuilder};

impl Store {
    /// Starts to store a blob of at most `limit` bytes whose digest shall be `digest`.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Io`].
    pub fn blob_writer(&self, digest: Digest, limit: u64) -> Result<BlobWriter, StoreError> {
        let tmp = &self.layout.tmp;
        Ok(BlobWriter {
            file: NamedTempFile::new_in(tmp).map_err(failed("write to", tmp))?,
            path: self.layout.blob(&digest),
            expected: digest,
            found: DigestBuilder::default(),
            room: limit,
            limit,
            writing: Arc::clone(&self.writing),
        })
    }

    /// Stores what `bytes` gives, never holding much of it in memory. See [`blob_writer`](Self::blob_writer).
    ///
    /// # Errors
    /// As [`BlobWriter::write`] and [`BlobWriter::commit`].
    pub fn put_blob(&self, digest: Digest, limit: u64, mut bytes: impl Read) -> Result<Stored, StoreError> {
        let mut writer = self.blob_writer(digest, limit)?;
        let mut buffer = vec![0; 64 << 10];
        loop {
            match bytes.read(&mut buffer) {
                Ok(0) => return writer.commit(),
                Ok(count) => writer.write(&buffer[..count])?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed("read what shall become", &writer.path)(error)),
            }
        }
    }

    /// The size of a stored blob, in bytes; `None` when it is not there.
    ///
    /// One that is there will not be collected for a while ([`Options::blob_grace`](super::Options)),
    /// so that who asks may go on to deploy with it.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn has_blob(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        let _writing = self.begin();
        self.claim(digest)
    }

    /// The bytes of a blob, after checking that they are still those of its digest.
    ///
    /// # Errors
    /// [`StoreError::NoBlob`]; [`StoreError::CorruptBlob`] once when they are not, and the blob is
    /// gone from then on; [`StoreError::Io`].
    pub fn read_blob(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let path = self.layout.blob(digest);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(StoreError::NoBlob(*digest)),
            Err(error) => return Err(failed("read", &path)(error)),
        };
        if Digest::of(&bytes) == *digest {
            return Ok(bytes);
        }
        self.set_aside(digest)?;
        Err(StoreError::CorruptBlob(*digest))
    }

    /// The sizes of guests, which will not be collected for a while, as in [`has_blob`](Self::has_blob).
    ///
    /// # Errors
    /// [`StoreError::MissingBlobs`] naming all that are not there, [`StoreError::Io`].
    pub fn claim_guests(&self, guests: &BTreeMap<String, Digest>) -> Result<BTreeMap<String, Guest>, StoreError> {
        let _writing = self.begin();
        self.claim_all(guests)
    }

    /// As [`claim_guests`](Self::claim_guests). Needs [`begin`](Store::begin).
    pub(super) fn claim_all(&self, guests: &BTreeMap<String, Digest>) -> Result<BTreeMap<String, Guest>, StoreError> {
        let mut missing = Vec::new();
        let mut claimed = BTreeMap::new();
        for (name, digest) in guests {
            match self.claim(digest)? {
                Some(size) => drop(claimed.insert(name.clone(), Guest { digest: *digest, size })),
                None if missing.contains(digest) => {}
                None => missing.push(*digest),
            }
        }
        if missing.is_empty() { Ok(claimed) } else { Err(StoreError::MissingBlobs(missing)) }
    }

    /// The size of a blob, which counts as new from now on. Needs [`begin`](Store::begin).
    fn claim(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        let path = self.layout.blob(digest);
        let touched = File::open(&path).and_then(|file| {
            file.set_modified(SystemTime::now())?;
            file.metadata()
        });
        match touched {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("look at", &path)(error)),
        }
    }

    /// Moves a damaged blob away, or the next deploy would take it for a good one.
    fn set_aside(&self, digest: &Digest) -> Result<(), StoreError> {
        let _writing = self.begin();
        let (path, aside) = (self.layout.blob(digest), self.layout.corrupt_blob(digest));
        if fs::read(&path).is_ok_and(|bytes| Digest::of(&bytes) == *digest) {
            return Ok(()); // It was uploaded again meanwhile.
        }
        files::create_dir(aside.parent().unwrap_or(&aside))?;
        match fs::rename(&path, &aside) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("set aside", &path)(error)),
            _ => Ok(()),
        }
    }
}

/// What came of storing a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// In bytes.
    pub size: u64,
    /// Whether it was not there before.
    pub new: bool,
}

/// A blob on its way to the disk. Dropped before [`commit`](Self::commit), it leaves nothing.
pub struct BlobWriter {
    file: NamedTempFile,
    path: PathBuf,
    expected: Digest,
    found: DigestBuilder,
    room: u64,
    limit: u64,
    writing: Arc<Mutex<()>>,
}

impl BlobWriter {
    /// Adds `bytes`. Blocks.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] beyond the limit, [`StoreError::Full`], [`StoreError::Io`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let too_large = StoreError::TooLarge { what: "the blob", limit: self.limit };
        self.room = self.room.checked_sub(bytes.len() as u64).ok_or(too_large)?;
        self.found.update(bytes);
        self.file.write_all(bytes).map_err(failed("write", &self.path))
    }

    /// Makes the blob durable under its digest, in place of one that is already there, which may
    /// have been damaged. Blocks.
    ///
    /// # Errors
    /// [`StoreError::WrongDigest`], [`StoreError::Full`], [`StoreError::Io`].
    pub fn commit(self) -> Result<Stored, StoreError> {
        let found = self.found.finish();
        if found != self.expected {
            return Err(StoreError::WrongDigest { expected: self.expected, found });
        }
        // The slow part, before others have to wait.
        self.file.as_file().sync_all().map_err(failed("write", &self.path))?;
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let new = !exists(&self.path);
        files::keep(self.file, &self.path)?;
        Ok(Stored { size: self.limit - self.room, new })
    }
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
