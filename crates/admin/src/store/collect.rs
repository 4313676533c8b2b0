//! Removing blobs that nothing needs.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::error::failed;
use super::{Store, StoreError, files, scan};
use crate::Digest;

/// What was collected.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Collected {
    /// How many blobs were removed.
    pub blobs: u64,
    /// How many bytes they had.
    pub bytes: u64,
}

impl Store {
    /// Removes the blobs that no kept version of any app needs and that nobody uploaded, asked for
    /// or deployed for a while ([`Options::blob_grace`](super::Options)).
    ///
    /// It reads the records of all kept versions, so once an hour or so is enough. Deploys may go
    /// on meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Io`]; what was removed before stays removed.
    pub fn collect(&self) -> Result<Collected, StoreError> {
        let mut old = HashSet::new();
        for path in files::entries(&self.layout.blobs)? {
            let digest = path.file_name().and_then(|name| name.to_str()).and_then(Digest::from_hex);
            if let Some(digest) = digest.filter(|_| self.is_old(&path)) {
                old.insert(digest);
            }
        }
        if !old.is_empty() {
            self.forget_needed(&mut old)?;
        }
        let mut collected = Collected::default();
        for digest in old {
            self.collect_blob(&digest, &mut collected)?;
        }
        Ok(collected)
    }

    /// Takes what some version needs out of `blobs`.
    fn forget_needed(&self, blobs: &mut HashSet<Digest>) -> Result<(), StoreError> {
        let names: Vec<_> = super::locked(&self.index).keys().cloned().collect();
        for name in names {
            for version in self.layout.versions(&name)? {
                match scan::read(&self.layout, &name, version) {
                    Ok(record) => {
                        for guest in record.guests.values() {
                            blobs.remove(&guest.digest);
                        }
                    }
                    // Removed meanwhile, or of no use to anybody.
                    Err(StoreError::NoVersion { .. } | StoreError::CorruptFile { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn collect_blob(&self, digest: &Digest, collected: &mut Collected) -> Result<(), StoreError> {
        let path = self.layout.blob(digest);
        let _writing = self.begin();
        // Whoever came to need it since made it young again.
        if !self.is_old(&path) {
            return Ok(());
        }
        let size = fs::metadata(&path).map_err(failed("look at", &path))?.len();
        fs::remove_file(&path).map_err(failed("remove", &path))?;
        collected.blobs += 1;
        collected.bytes += size;
        Ok(())
    }

    /// Whether a file's last use is longer ago than blobs are left alone. Not when that is in doubt.
    fn is_old(&self, path: &Path) -> bool {
        let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| SystemTime::now().duration_since(modified).ok());
        age.unwrap_or(Duration::ZERO) > self.options.blob_grace
    }
}
