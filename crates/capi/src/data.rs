//! Data that the caller gets to keep.

use std::ffi::c_char;
use std::ptr::null;

use holm::Dynamic;

use crate::given::taken;
use crate::value::{holm_value, holm_value_kind, written};

/// A value that belongs to the caller: what a call returned, say.
pub struct holm_data {
    kind: holm_value_kind,
    /// Its bytes, and a NUL after them.
    bytes: Vec<u8>,
}

impl From<Dynamic> for holm_data {
    fn from(value: Dynamic) -> Self {
        let (kind, mut bytes) = written(value);
        bytes.push(0);
        Self { kind, bytes }
    }
}

impl holm_data {
    fn without_nul(&self) -> &[u8] {
        self.bytes.split_last().map_or(&[], |(_, bytes)| bytes)
    }
}

/// The value, which points into `data`; nothing for NULL.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_data_value(data: *const holm_data) -> holm_value {
    // SAFETY: as the caller promises.
    match unsafe { data.as_ref() } {
        Some(data) => holm_value::new(data.kind, data.without_nul()),
        None => holm_value { kind: holm_value_kind::Nothing as u32, data: null(), size: 0 },
    }
}

/// Its text, JSON or bytes, with a NUL behind them. Text and bytes may hold further NULs: holm_data_value says where they
/// end. It belongs to `data`; NULL for NULL.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_data_text(data: *const holm_data) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { data.as_ref() }.map_or(null(), |data| data.bytes.as_ptr().cast())
}

/// Frees data. NULL is none.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_data_free(data: *mut holm_data) {
    // SAFETY: as the caller promises.
    drop(unsafe { taken(data) });
}
