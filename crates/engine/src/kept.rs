//! Guests that Holm made itself, kept beside the code: of one made of several files, say.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use crate::artifact;
use crate::cache::{Cache, touch};

/// How a kept guest ends: a custom section called `holm`, whose content is a keyed BLAKE3 of what it was made from and of
/// everything before (Binary Format, "Custom Section"; a section of a component has the same form).
const SECTION: [u8; 7] = [0, 37, 4, b'h', b'o', b'l', b'm'];
const SIGNATURE: usize = 32;

/// The most bytes of a guest that is kept.
const LARGEST: u64 = 1 << 30;

/// What a guest is made from, by this user's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MadeFrom(blake3::Hash);

impl Cache {
    /// Tells guests apart by all that they are made from: the same pieces in the same order.
    pub fn made_from<'a>(&self, pieces: impl IntoIterator<Item = &'a [u8]>) -> MadeFrom {
        // SHA-256 would take several times as long, for tens of megabytes at every start.
        let mut hasher = blake3::Hasher::new_keyed(self.key().as_bytes());
        hasher.update(b"holm makes ");
        for piece in pieces {
            hasher.update(&(piece.len() as u64).to_le_bytes()).update(piece);
        }
        MadeFrom(hasher.finalize())
    }

    /// The guest that was made from this, and its file; `None` when it has to be made.
    ///
    /// What this user's key did not sign is removed.
    pub fn find_made(&self, from: &MadeFrom) -> Option<(PathBuf, Vec<u8>)> {
        let path = self.made_path(from);
        let length = fs::metadata(&path).ok()?.len();
        let bytes = (length <= LARGEST).then(|| fs::read(&path).ok()).flatten();
        match bytes.filter(|bytes| self.is_ours(from, bytes)) {
            Some(bytes) => {
                touch(&path);
                Some((path, bytes))
            }
            None => {
                self.remove(&path);
                None
            }
        }
    }

    /// Keeps a guest that was made from this. What is kept, and returned with its file, is the same
    /// guest with a custom section at its end.
    ///
    /// # Errors
    /// As [`Cache::store`].
    pub fn keep_made(&self, from: &MadeFrom, mut bytes: Vec<u8>) -> io::Result<(PathBuf, Vec<u8>)> {
        let signature = self.sign(from, &bytes);
        bytes.extend_from_slice(&SECTION);
        bytes.extend_from_slice(signature.as_bytes());
        let path = self.made_path(from);
        let temporary = artifact::temporary_beside(&path)?;
        let written = (|| {
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
            file.write_all(&bytes)?;
            fs::rename(&temporary, &path)
        })();
        if let Err(error) = written {
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        self.prune_to_size();
        Ok((path, bytes))
    }

    fn made_path(&self, from: &MadeFrom) -> PathBuf {
        self.dir().join(format!("{}.made.wasm", from.0))
    }

    fn is_ours(&self, from: &MadeFrom, bytes: &[u8]) -> bool {
        let Some((before, signature)) = bytes.split_last_chunk::<SIGNATURE>() else { return false };
        // Comparing BLAKE3's own type takes the same time whatever differs.
        before.strip_suffix(&SECTION).is_some_and(|guest| self.sign(from, guest) == blake3::Hash::from(*signature))
    }

    fn sign(&self, from: &MadeFrom, guest: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(self.key().as_bytes());
        // Nothing else that is signed begins so.
        hasher.update(b"holm made ").update(from.0.as_bytes()).update(guest).finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn what_was_kept_is_found_again_and_is_still_a_guest() {
        let dir = private();
        let cache = Cache::open(dir.path()).unwrap();
        let (from, module) = (cache.made_from([b"a".as_slice(), b"bc"]), b"\0asm\x01\0\0\0".to_vec());
        assert!(cache.find_made(&from).is_none());
        let (path, kept) = cache.keep_made(&from, module.clone()).unwrap();
        assert!(kept.starts_with(&module) && crate::shape::Shape::parse(&kept).is_ok());
        assert_eq!(cache.find_made(&from), Some((path.clone(), kept.clone())));
        assert_eq!(fs::read(&path).unwrap(), kept);
        assert!(cache.find_made(&cache.made_from([b"ab".as_slice(), b"c"])).is_none());
        assert_eq!(cache.clear().files, 1);
        assert!(!path.exists());
    }

    #[test]
    fn what_somebody_else_wrote_or_made_from_something_else_is_removed() {
        let (dir, other) = (private(), private());
        let cache = Cache::open(dir.path()).unwrap();
        let stranger = Cache::open(other.path()).unwrap();
        let (from, to) = (cache.made_from([b"a".as_slice()]), cache.made_from([b"b".as_slice()]));
        let kept = cache.keep_made(&from, b"\0asm\x01\0\0\0".to_vec()).unwrap().1;
        let foreign = stranger.keep_made(&to, b"\0asm\x01\0\0\0".to_vec()).unwrap().1;
        let mut changed = kept.clone();
        changed[4] ^= 1;
        for bytes in [kept, foreign, changed, Vec::new(), b"short".to_vec()] {
            let path = dir.path().join(format!("{}.made.wasm", to.0));
            fs::write(&path, bytes).unwrap();
            assert!(cache.find_made(&to).is_none());
            assert!(!path.exists());
        }
    }
}
