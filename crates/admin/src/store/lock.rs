//! One server per state directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::StoreError;
use super::error::failed;
use super::layout::Layout;

/// Holds the state directory until dropped. The kernel lets go of it when the process ends, however
/// it ends, so a lock file that is left behind locks nothing.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the directory, or says who has it.
    pub(super) fn take(layout: &Layout) -> Result<Self, StoreError> {
        let path = layout.lock();
        let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = opened.map_err(failed("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse { dir: layout.root().to_owned(), who: holder(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock", &path)(error)),
        }
        sign(&mut file, &path)?;
        Ok(Self { _file: file })
    }
}

/// Writes down who holds the lock.
fn sign(file: &mut File, path: &Path) -> Result<(), StoreError> {
    let text = format!("process {}\n", std::process::id());
    let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(text.as_bytes()));
    match written.map_err(failed("write", path)) {
        // The name is a courtesy: a full disk must not keep what is deployed from being served.
        Err(StoreError::Full { .. }) | Ok(()) => Ok(()),
        Err(error) => Err(error),
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(100).read_to_string(&mut text);
    let who = text.trim();
    if read.is_err() || who.is_empty() { "another process".to_owned() } else { who.to_owned() }
}
