//! Errors.

use std::ffi::{CString, c_char};
use std::ptr::null;

use holm::{Error, Kind};

use crate::given::taken;

/// What went wrong, as far as a caller has to tell cases apart. The numbers stay what they are.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum holm_kind {
    /// The plugin, or a file that was named, does not exist.
    NotFound = 1,
    /// The bytes are not WebAssembly, or are malformed.
    Invalid = 2,
    /// Well-formed, but it needs something that this build or platform lacks.
    Unsupported = 3,
    /// Compiling it takes more time or memory than it may.
    TooCostly = 4,
    /// The plugin imports what nothing here provides; the message names all of it.
    MissingImports = 5,
    /// What the caller asked for makes no sense: no such function, wrong arguments, NULL.
    Usage = 6,
    /// A grant would be needed and was not given, or nobody trusted has signed the plugin.
    Denied = 7,
    /// The limit on CPU time was reached.
    OutOfCpu = 8,
    /// The limit on wall time was reached.
    OutOfTime = 9,
    /// The limit on fuel was reached.
    OutOfFuel = 10,
    /// The plugin failed after the limit on memory had refused it more.
    OutOfMemory = 11,
    /// The host has no room for it: all instances are busy, or a breaker leaves the plugin alone.
    HostFull = 12,
    /// The plugin had the host keep as many things for it as the limit on handles allows.
    OutOfHandles = 13,
    /// The plugin wrote more than the limit on output allows.
    OutOfOutput = 14,
    /// The limit on the stack was reached.
    StackOverflow = 15,
    /// The plugin trapped.
    Trap = 16,
    /// The plugin said that it failed: it returned an error in place of a result.
    Failed = 17,
    /// The plugin ended without an answer.
    NoResponse = 18,
    /// A file or device of the host failed.
    Io = 19,
    /// Whoever read the plugin's output went away.
    BrokenPipe = 20,
    /// The call was cancelled.
    Cancelled = 21,
    /// A mistake in Holm itself.
    Internal = 22,
}

/// The one place that pairs them; the number of a kind that is given is found here too.
const KINDS: [(Kind, holm_kind); 22] = [
    (Kind::NotFound, holm_kind::NotFound),
    (Kind::Invalid, holm_kind::Invalid),
    (Kind::Unsupported, holm_kind::Unsupported),
    (Kind::TooCostly, holm_kind::TooCostly),
    (Kind::MissingImports, holm_kind::MissingImports),
    (Kind::Usage, holm_kind::Usage),
    (Kind::Denied, holm_kind::Denied),
    (Kind::OutOfCpu, holm_kind::OutOfCpu),
    (Kind::OutOfTime, holm_kind::OutOfTime),
    (Kind::OutOfFuel, holm_kind::OutOfFuel),
    (Kind::OutOfMemory, holm_kind::OutOfMemory),
    (Kind::HostFull, holm_kind::HostFull),
    (Kind::OutOfHandles, holm_kind::OutOfHandles),
    (Kind::OutOfOutput, holm_kind::OutOfOutput),
    (Kind::StackOverflow, holm_kind::StackOverflow),
    (Kind::Trap, holm_kind::Trap),
    (Kind::Failed, holm_kind::Failed),
    (Kind::NoResponse, holm_kind::NoResponse),
    (Kind::Io, holm_kind::Io),
    (Kind::BrokenPipe, holm_kind::BrokenPipe),
    (Kind::Cancelled, holm_kind::Cancelled),
    (Kind::Internal, holm_kind::Internal),
];

/// The kind with this number.
pub(crate) fn kind_of(number: u32) -> Option<Kind> {
    KINDS.iter().find(|(_, kind)| *kind as u32 == number).map(|(kind, _)| *kind)
}

/// An error for the person who must act on it.
pub struct holm_error {
    kind: holm_kind,
    message: CString,
    notes: Vec<CString>,
    frames: Vec<CString>,
}

impl holm_error {
    pub(crate) fn new(error: Error) -> Self {
        let kind = KINDS.iter().find(|(kind, _)| *kind == error.kind());
        Self {
            kind: kind.map_or(holm_kind::Internal, |(_, kind)| *kind),
            message: text(&error.to_string()),
            notes: error.notes().iter().map(|note| text(note)).collect(),
            frames: error.frames().iter().map(|frame| text(&frame.to_string())).collect(),
        }
    }

    #[cfg(test)]
    pub(crate) fn kind(&self) -> holm_kind {
        self.kind
    }
}

/// `text` for C, where a NUL would end it.
pub(crate) fn text(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

fn nth(texts: &[CString], at: usize) -> *const c_char {
    texts.get(at).map_or(null(), |text| text.as_ptr())
}

/// What went wrong; HOLM_KIND_INTERNAL for NULL.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_error_kind(error: *const holm_error) -> holm_kind {
    // SAFETY: as the caller promises.
    unsafe { error.as_ref() }.map_or(holm_kind::Internal, |error| error.kind)
}

/// The message: what failed, on which plugin, and why, in one or a few lines. It belongs to the error. NULL for NULL.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_error_message(error: *const holm_error) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { error.as_ref() }.map_or(null(), |error| error.message.as_ptr())
}

/// The note of this number, from 0 on: a line that helps, such as the next step. It belongs to the error. NULL if there are
/// no more.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_error_note(error: *const holm_error, number: usize) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { error.as_ref() }.map_or(null(), |error| nth(&error.notes, number))
}

/// The call of this number in the plugin's stack when it trapped, innermost first, from 0 on: "function at file:line". It
/// belongs to the error. NULL if there are no more.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_error_frame(error: *const holm_error, number: usize) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { error.as_ref() }.map_or(null(), |error| nth(&error.frames, number))
}

/// Frees an error. NULL is none.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_error_free(error: *mut holm_error) {
    // SAFETY: as the caller promises.
    drop(unsafe { taken(error) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_number() {
        for (kind, number) in KINDS {
            assert_eq!(kind_of(number as u32), Some(kind));
            assert_eq!(holm_error::new(Error::new(kind, "a\0b")).kind, number);
        }
        assert_eq!((kind_of(0), kind_of(99)), (None, None));
    }
}
