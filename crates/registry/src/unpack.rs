//! Archives in plain images, of which one file is wanted. Nothing in them becomes a file's name here.

use std::fs::File;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use tar::{EntryType, Header};

use crate::error::{RegistryError, Result};
use crate::limits;

/// A guest in an archive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its path, without the slashes in front.
    pub(crate) path: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Reads no more than it may.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other(format!(
                "it unpacks to more than {}",
                holm_grants::format_size(limits::UNPACKED)
            )));
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left -= read as u64;
        Ok(read)
    }
}

/// The files that end in `.wasm` in an archive. `left` is what the image may still unpack to.
pub(crate) fn guests(archive: File, gzip: bool, left: &mut u64) -> Result<Vec<Found>> {
    let inner: Box<dyn Read> = match gzip {
        true => Box::new(MultiGzDecoder::new(io::BufReader::new(archive))),
        false => Box::new(io::BufReader::new(archive)),
    };
    let mut bounded = Bounded { inner, left: *left };
    let found = walk(&mut bounded);
    *left = bounded.left;
    found.map_err(|error| RegistryError::invalid(format!("a layer cannot be unpacked: {error}")))
}

fn walk(from: &mut impl Read) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut archive = tar::Archive::new(from);
    // What stands in front of an entry with a long name, and gives it.
    let mut long: Option<String> = None;
    for (count, entry) in archive.entries()?.raw(true).enumerate() {
        if count >= limits::FILES {
            return Err(io::Error::other(format!("it has more than {} files", limits::FILES)));
        }
        let mut entry = entry?;
        match entry.header().entry_type() {
            EntryType::GNULongName => long = Some(text(&mut entry)?.trim_end_matches('\0').to_owned()),
            EntryType::XHeader => long = pax_path(&text(&mut entry)?).or(long),
            EntryType::Regular | EntryType::Continuous => {
                let path = long.take().unwrap_or_else(|| path(entry.header()));
                let path = path.trim_start_matches(['.', '/']);
                if !path.ends_with(".wasm") {
                    continue;
                }
                let size = entry.size();
                if size > limits::GUEST {
                    return Err(io::Error::other(format!(
                        "a guest in it has more than {}",
                        holm_grants::format_size(limits::GUEST)
                    )));
                }
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes)?;
                if bytes.len() as u64 != size {
                    return Err(io::Error::other("it ends in the midst of a file"));
                }
                found.push(Found { path: path.to_owned(), bytes });
            }
            _ => long = None,
        }
    }
    Ok(found)
}

fn path(header: &Header) -> String {
    String::from_utf8_lossy(&header.path_bytes()).into_owned()
}

fn text(entry: &mut impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    entry.take(limits::FILE_NAME).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The path among the records of a POSIX header: `LENGTH path=VALUE`, one a line.
fn pax_path(records: &str) -> Option<String> {
    let record = |line: &str| Some(line.split_once(' ')?.1.strip_prefix("path=")?.to_owned());
    records.lines().find_map(record)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, bytes) in files {
            let mut header = Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            // Not through `set_path`, which refuses what an attacker would not.
            if path.len() <= 100 {
                header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
                header.set_cksum();
                builder.append(&header, *bytes).unwrap();
            } else {
                builder.append_data(&mut header, path, *bytes).unwrap();
            }
        }
        builder.into_inner().unwrap()
    }

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        io::Seek::rewind(&mut file).unwrap();
        file
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn found(path: &str, bytes: &[u8]) -> Found {
        Found { path: path.into(), bytes: bytes.into() }
    }

    #[test]
    fn guests_are_found_with_and_without_compression() {
        let long = format!("{}/app.wasm", "a".repeat(150));
        let plain = archive(&[("etc/passwd", b"x"), ("./app.wasm", b"one"), (&long, b"two")]);
        let expected = [found("app.wasm", b"one"), found(&long, b"two")];
        assert_eq!(guests(file(&plain), false, &mut limits::UNPACKED.clone()).unwrap(), expected);
        assert_eq!(guests(file(&gzip(&plain)), true, &mut limits::UNPACKED.clone()).unwrap(), expected);
    }

    #[test]
    fn a_path_that_leads_out_is_only_a_name() {
        let plain = archive(&[("../../../tmp/x.wasm", b"one")]);
        assert_eq!(guests(file(&plain), false, &mut limits::UNPACKED.clone()).unwrap()[0].path, "tmp/x.wasm");
    }

    #[test]
    fn a_bomb_goes_no_further_than_it_may() {
        let bomb = gzip(&archive(&[("zeros", &vec![0; 1 << 20]), ("app.wasm", b"x")]));
        assert!(bomb.len() < 20_000);
        let error = guests(file(&bomb), true, &mut (1 << 19)).unwrap_err();
        assert!(error.to_string().starts_with("a layer cannot be unpacked: it unpacks to more than"), "{error}");
    }

    #[test]
    fn a_size_that_is_a_lie_is_noticed() {
        let mut cut = archive(&[("app.wasm", &[1; 5000])]);
        cut.truncate(2000);
        assert!(guests(file(&cut), false, &mut limits::UNPACKED.clone()).is_err());
        let mut huge = Header::new_gnu();
        huge.as_mut_bytes()[..8].copy_from_slice(b"app.wasm");
        huge.set_size(limits::GUEST + 1);
        huge.set_cksum();
        assert!(guests(file(huge.as_bytes()), false, &mut limits::UNPACKED.clone()).is_err());
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        for bytes in [&[0xff; 2000][..], b"\x1f\x8b", &gzip(&[7; 2000])] {
            for gzip in [true, false] {
                assert!(guests(file(bytes), gzip, &mut limits::UNPACKED.clone()).is_err());
            }
        }
    }
}
