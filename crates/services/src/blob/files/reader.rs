use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::place::{Place, Reading, Turn};
use crate::blob::{BlobError, PIECE, Reader};
use crate::sqlite::blocking;

/// A part of a file, which stays there for as long as it is open.
pub(super) struct FileReader {
    pub(super) place: Arc<Place>,
    pub(super) file: Arc<File>,
    pub(super) size: u64,
    pub(super) at: u64,
    pub(super) left: u64,
    pub(super) reading: Reading,
    pub(super) _turn: Turn,
}

#[async_trait]
impl Reader for FileReader {
    fn size(&self) -> u64 {
        self.size
    }

    async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        if self.left == 0 {
            return Ok(None);
        }
        let (file, at) = (Arc::clone(&self.file), self.at);
        let length = self.left.min(PIECE as u64) as usize;
        let read = blocking(move || {
            let mut piece = vec![0; length];
            file.read_exact_at(&mut piece, at).map(|()| piece)
        });
        let piece = read.await?.map_err(|error| self.place.unusable(&self.reading.path(), &error))?;
        self.at += length as u64;
        self.left -= length as u64;
        Ok(Some(piece.into()))
    }
}
