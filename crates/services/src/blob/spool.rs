use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::{BlobError, PIECE};
use crate::StorageError;
use crate::sqlite::blocking;
use crate::tally::Tally;

/// Where what has no place yet is kept: in memory up to one piece, then in a file without a name. Clones share a limit.
#[derive(Debug, Clone)]
pub struct Spool {
    folder: PathBuf,
    limit: u64,
    held: Arc<Tally>,
}

impl Spool {
    /// One in `folder`, for up to `limit` bytes at once.
    pub fn new(folder: impl Into<PathBuf>, limit: u64) -> Self {
        Self { folder: folder.into(), limit, held: Arc::default() }
    }

    /// Nothing yet.
    pub fn begin(&self) -> Spooled {
        Spooled { spool: self.clone(), size: 0, buffer: Vec::new(), file: None }
    }
}

/// Bytes in the order they came. They go when it is dropped.
#[derive(Debug)]
pub struct Spooled {
    spool: Spool,
    size: u64,
    /// What is not in the file yet.
    buffer: Vec<u8>,
    file: Option<File>,
}

impl Drop for Spooled {
    fn drop(&mut self) {
        self.spool.held.shrink(self.size);
    }
}

impl Spooled {
    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a piece.
    ///
    /// # Errors
    /// [`BlobError::Full`], and [`BlobError::Storage`] where the file cannot be written.
    pub async fn write(&mut self, piece: &[u8]) -> Result<(), BlobError> {
        let length = piece.len() as u64;
        if !self.spool.held.grow(length, 0, self.spool.limit) {
            return Err(BlobError::Full { limit: self.spool.limit });
        }
        self.size += length;
        self.buffer.extend_from_slice(piece);
        if self.buffer.len() > PIECE {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), BlobError> {
        let (file, buffer, folder) = (self.file.take(), std::mem::take(&mut self.buffer), self.spool.folder.clone());
        let written = blocking(move || {
            let mut file = file.map_or_else(|| tempfile::tempfile_in(folder), Ok)?;
            file.write_all(&buffer).map(|()| file)
        });
        self.file = Some(written.await?.map_err(|error| self.unusable(&error))?);
        Ok(())
    }

    /// Everything, from the first byte.
    ///
    /// # Errors
    /// [`BlobError::Storage`] where the file cannot be read.
    pub async fn read(mut self) -> Result<Unspooling, BlobError> {
        if let Some(mut file) = self.file.take() {
            // What was begun in the file ends there.
            let buffer = std::mem::take(&mut self.buffer);
            let rewound = blocking(move || {
                file.write_all(&buffer)?;
                file.seek(SeekFrom::Start(0)).map(|_| file)
            });
            self.file = Some(rewound.await?.map_err(|error| self.unusable(&error))?);
        }
        Ok(Unspooling(self))
    }

    fn unusable(&self, error: &std::io::Error) -> BlobError {
        let advice = "make room there, or let TMPDIR name another folder";
        let file = self.spool.folder.clone();
        StorageError::File { file, problem: format!("a temporary file cannot be used ({error})"), advice }.into()
    }
}

/// What was spooled, piece by piece.
#[derive(Debug)]
pub struct Unspooling(Spooled);

impl Unspooling {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// [`BlobError::Storage`] where the file cannot be read.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        let Some(mut file) = self.0.file.take() else {
            let rest = std::mem::take(&mut self.0.buffer);
            return Ok((!rest.is_empty()).then(|| rest.into()));
        };
        let read = blocking(move || {
            let mut piece = vec![0; PIECE];
            file.read(&mut piece).map(|length| {
                piece.truncate(length);
                (file, piece)
            })
        });
        let (file, piece) = read.await?.map_err(|error| self.0.unusable(&error))?;
        self.0.file = Some(file);
        Ok((!piece.is_empty()).then(|| piece.into()))
    }
}
