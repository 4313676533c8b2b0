//! What every executable of Holm says of itself, in itself, and where a bundle's says what it carries.
//!
//! It is a static of the program, so a plain Holm learns that it carries nothing without a system call, and a bundle whose end
//! was cut off still knows that it is one: it never takes its user's arguments for commands of Holm.
//!
//! ```text
//! mark      16 bytes, which are nowhere else in the program
//! version   16 bytes: Holm's, filled up with zeros
//! arch      16 bytes, os 16 bytes: as in std::env::consts
//! features  u64, little endian: what this build can do
//! start     u64: where in the file the payload begins; 0 where there is none
//! length    u64: the payload's, up to the end of the file
//! digest    32 bytes: BLAKE3 of the payload
//! ```

use std::ops::Range;
use std::sync::atomic::{AtomicU8, Ordering};

const MARK: Range<usize> = 0..16;
const VERSION: Range<usize> = 16..32;
const ARCH: Range<usize> = 32..48;
const OS: Range<usize> = 48..64;
const FEATURES: Range<usize> = 64..72;
const START: Range<usize> = 72..80;
const LENGTH: Range<usize> = 80..88;
const DIGEST: Range<usize> = 88..120;
/// What a bundle's record has beyond that of the Holm it was made with.
#[cfg(any(feature = "bundle", test))]
pub(super) const OWN: Range<usize> = START.start..DIGEST.end;
/// Bytes of it.
pub(super) const SIZE: usize = DIGEST.end;

/// This build serves.
pub(super) const SERVES: u64 = 1;

/// Atomics, because the compiler must not believe that the bytes in the file stay what they are here.
#[used]
static RECORD: [AtomicU8; SIZE] = written();

const fn written() -> [AtomicU8; SIZE] {
    let bytes: [AtomicU8; SIZE] = [const { AtomicU8::new(0) }; SIZE];
    let bytes = with(bytes, MARK.start, b"\x7fHolm:bundle:1\r\n");
    let bytes = with(bytes, VERSION.start, env!("CARGO_PKG_VERSION").as_bytes());
    let bytes = with(bytes, ARCH.start, std::env::consts::ARCH.as_bytes());
    let bytes = with(bytes, OS.start, std::env::consts::OS.as_bytes());
    with(bytes, FEATURES.start, &(if cfg!(feature = "serve") { SERVES } else { 0 }).to_le_bytes())
}

const fn with(mut bytes: [AtomicU8; SIZE], at: usize, text: &[u8]) -> [AtomicU8; SIZE] {
    assert!(text.len() <= 16);
    let mut index = 0;
    while index < text.len() {
        bytes[at + index] = AtomicU8::new(text[index]);
        index += 1;
    }
    bytes
}

/// A record that was read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Record([u8; SIZE]);

/// Where a bundle's payload lies, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) start: u64,
    pub(super) length: u64,
    /// BLAKE3.
    pub(super) digest: [u8; 32],
}

impl Record {
    /// That of the program that runs.
    pub(super) fn own() -> Self {
        let mut bytes = [0; SIZE];
        bytes.iter_mut().zip(&RECORD).for_each(|(byte, written)| *byte = written.load(Ordering::Relaxed));
        Self(bytes)
    }

    /// `None` for a Holm that carries nothing.
    pub(super) fn place(&self) -> Option<Place> {
        let [start, length] = [START, LENGTH].map(|field| self.number(field));
        let digest: [u8; 32] = self.0.get(DIGEST)?.try_into().ok()?;
        // Anything that is set says that there is something.
        let nothing = start == 0 && length == 0 && digest == [0; 32];
        (!nothing).then_some(Place { start, length, digest })
    }

    fn number(&self, field: Range<usize>) -> u64 {
        let bytes = self.0.get(field).and_then(|bytes| bytes.try_into().ok());
        bytes.map(u64::from_le_bytes).unwrap_or_default()
    }
}

/// What is known of other programs.
#[cfg(any(feature = "bundle", feature = "inspect", test))]
impl Record {
    /// That of the program whose file holds `bytes`, and where in them it lies. `None` if there is none, or more than one.
    pub(super) fn find(bytes: &[u8]) -> Option<(Self, usize)> {
        let mark = Self::own().0;
        let mark = mark.get(MARK)?;
        let mut found = memchr::memmem::find_iter(bytes, mark);
        let at = found.next()?;
        let record = bytes.get(at..at.checked_add(SIZE)?)?;
        let record = Self(record.try_into().ok()?);
        // What a bundle carries may be another Holm.
        let before = record.place().map_or(bytes.len(), |place| usize::try_from(place.start).unwrap_or(usize::MAX));
        found.next().is_none_or(|next| next >= before).then_some((record, at))
    }

    pub(super) fn version(&self) -> String {
        self.text(VERSION)
    }

    pub(super) fn arch(&self) -> String {
        self.text(ARCH)
    }

    pub(super) fn os(&self) -> String {
        self.text(OS)
    }

    fn text(&self, field: Range<usize>) -> String {
        let bytes = self.0.get(field).unwrap_or_default();
        String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()
    }
}

#[cfg(any(feature = "bundle", test))]
impl Record {
    pub(super) fn serves(&self) -> bool {
        self.number(FEATURES) & SERVES != 0
    }
}

#[cfg(any(feature = "bundle", test))]
impl Place {
    /// The bytes that stand for it in a record, at [`OWN`].
    pub(super) fn to_bytes(self) -> [u8; OWN.end - OWN.start] {
        let mut bytes = [0; OWN.end - OWN.start];
        let fields = [&self.start.to_le_bytes()[..], &self.length.to_le_bytes(), &self.digest];
        bytes.iter_mut().zip(fields.concat()).for_each(|(byte, said)| *byte = said);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(place: Option<Place>) -> Vec<u8> {
        let mut bytes = b"\x7fELF and so on \x7f".to_vec();
        let at = bytes.len();
        bytes.extend(Record::own().0);
        if let Some(place) = place {
            bytes[at + OWN.start..at + OWN.end].copy_from_slice(&place.to_bytes());
        }
        bytes.extend(b"code");
        bytes
    }

    const SOME: Place = Place { start: 65_536, length: 7, digest: [3; 32] };

    #[test]
    fn a_plain_holm_knows_what_it_is_and_carries_nothing() {
        let own = Record::own();
        assert_eq!(own.version(), env!("CARGO_PKG_VERSION"));
        assert_eq!((own.arch(), own.os()), (std::env::consts::ARCH.to_owned(), std::env::consts::OS.to_owned()));
        assert_eq!(own.serves(), cfg!(feature = "serve"));
        assert_eq!(own.place(), None);
    }

    #[test]
    fn a_record_is_found_in_a_file_and_says_what_it_was_told() {
        let bytes = program(Some(SOME));
        let (record, at) = Record::find(&bytes).unwrap();
        assert_eq!((record.place(), at), (Some(SOME), 16));
    }

    #[test]
    fn a_file_without_a_record_or_with_two_is_no_holm() {
        assert!(Record::find(b"").is_none());
        assert!(Record::find(&program(None)[..100]).is_none());
        let twice = [program(None), program(None)].concat();
        assert!(Record::find(&twice).is_none());
    }

    #[test]
    fn a_bundle_may_carry_what_looks_like_a_record() {
        let mut bytes = program(Some(SOME));
        bytes.resize(SOME.start as usize, 0);
        bytes.extend(program(None));
        assert_eq!(Record::find(&bytes).unwrap().0.place(), Some(SOME));
    }

    #[test]
    fn a_record_with_one_field_left_is_still_that_of_a_bundle() {
        for place in [Place { start: 0, ..SOME }, Place { length: 0, ..SOME }, Place { digest: [0; 32], ..SOME }] {
            assert_eq!(Record::find(&program(Some(place))).unwrap().0.place(), Some(place));
        }
    }
}
