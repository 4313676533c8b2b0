//! What a bundle carries: code, and what goes with it.
//!
//! ```text
//! code         what the engine made; at a multiple of `EMBEDDED_ALIGNMENT`, because it is mapped
//! head         JSON, a [`Head`]
//! head length  u64, little endian
//! code length  u64, little endian
//! ```

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;

use holm_engine::{EMBEDDED_ALIGNMENT, Embedded, Error, Kind, Meta, Result};
use serde::{Deserialize, Serialize};

use super::record::Place;
use super::said::Said;

/// Both lengths.
const TAIL: u64 = 16;
/// More than any guest has to say of itself.
const LONGEST_HEAD: u64 = 64 << 20;

/// What goes with the code.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    /// What the guest is called.
    pub(super) name: String,
    /// The text of its manifest, if it has one.
    pub(super) manifest: Option<String>,
    /// Which of the manifest's guests it is.
    pub(super) guest: Option<String>,
    /// What the flags said when it was bundled, which wins.
    pub(super) said: Said,
    /// Where it answers HTTP requests; `None` for a program.
    pub(super) serve: Option<Vec<String>>,
    pub(super) code: Meta,
}

/// A payload that is what its record says.
pub(super) struct Payload {
    pub(super) head: Head,
    pub(super) code_length: u64,
    file: File,
    start: u64,
}

impl Payload {
    /// Reads the payload at `place` of `file`, which is called `name` in messages.
    ///
    /// # Errors
    /// [`Kind::Io`] when it is not what it was when it was written.
    pub(super) fn read(mut file: File, place: Place, name: &str) -> Result<Self> {
        let failed = |error: io::Error| Error::io(format_args!("read {name}"), &error);
        let size = file.metadata().map_err(failed)?.len();
        match place.start.checked_add(place.length) {
            Some(end) if size == end && place.length >= TAIL => {}
            Some(end) if size < end => return Err(damaged(name, "its end was cut off")),
            _ => return Err(damaged(name, "it has another length")),
        }
        if digest(&mut file, place.start).map_err(failed)? != place.digest {
            return Err(damaged(name, "its contents were altered"));
        }
        let mut tail = [[0; 8]; 2];
        file.read_exact_at(tail.as_flattened_mut(), size - TAIL).map_err(failed)?;
        let [head_length, code_length] = tail.map(u64::from_le_bytes);
        let whole = head_length.checked_add(code_length).and_then(|sum| sum.checked_add(TAIL));
        if whole != Some(place.length) || head_length > LONGEST_HEAD || !place.start.is_multiple_of(EMBEDDED_ALIGNMENT)
        {
            return Err(damaged(name, "its parts do not fit together"));
        }
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(place.start + code_length)).map_err(failed)?;
        (&mut file).take(head_length).read_to_end(&mut head).map_err(failed)?;
        let head = serde_json::from_slice(&head).map_err(|_| damaged(name, "its head cannot be read"))?;
        Ok(Self { head, code_length, file, start: place.start })
    }

    /// Both parts, to be used one after the other.
    pub(super) fn split(self) -> (Head, Embedded) {
        let (name, meta) = (self.head.name.clone(), self.head.code.clone());
        // SAFETY: the digest is that of the record, which is part of the very program that runs: whoever could write another
        // one could as well change the program itself. A file that is run is not written in place by anybody, which the system
        // sees to; one that was only just made is in a file that nobody knows yet.
        let code = unsafe { Embedded::new(name, meta, self.file, self.start, self.code_length) };
        (self.head, code)
    }
}

/// A payload as it is written, without the code that comes first.
#[cfg(feature = "bundle")]
pub(super) fn after_code(head: &Head, code: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(head)
        .map_err(|error| Error::new(Kind::Internal, format!("a head that is not JSON: {error}")))?;
    let length = bytes.len() as u64;
    bytes.extend(length.to_le_bytes());
    bytes.extend((code.len() as u64).to_le_bytes());
    Ok(bytes)
}

/// BLAKE3 of all from `start` on.
fn digest(file: &mut File, start: u64) -> io::Result<[u8; 32]> {
    file.seek(SeekFrom::Start(start))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file)?;
    Ok(*hasher.finalize().as_bytes())
}

fn damaged(name: &str, how: &str) -> Error {
    Error::new(Kind::Io, format!("{name} is damaged: {how}"))
        .note("it is a program with a guest inside, made by `holm bundle`: get it again from whoever made it")
}
