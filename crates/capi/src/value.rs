//! Values: arguments and results, both ways.

use std::ffi::c_char;

use holm::{Dynamic, Result};

use crate::given::{several, usage};

/// What a value is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum holm_value_kind {
    /// Nothing: what a function without a result returns. As an argument it is JSON's null.
    Nothing = 0,
    /// Text in UTF-8: a `string`; as an argument also bytes, a `char` or a case of an `enum`.
    Text = 1,
    /// Bytes: a `list<u8>`.
    Bytes = 2,
    /// JSON in UTF-8, for anything else: records are objects, lists and tuples arrays, flags arrays of names, an option its
    /// value or null, a result {"ok": …} or {"err": …}, an enum its case, a variant "case" or {"case": …}. As an argument, a
    /// string is the text itself.
    Json = 3,
}

/// An argument or a result.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct holm_value {
    /// One of holm_value_kind.
    pub kind: u32,
    /// Its text or bytes; may be NULL if there are none.
    pub data: *const u8,
    /// How many bytes there are, without any NUL at the end.
    pub size: usize,
}

impl holm_value {
    pub(crate) fn new(kind: holm_value_kind, data: &[u8]) -> Self {
        Self { kind: kind as u32, data: data.as_ptr(), size: data.len() }
    }

    /// # Safety
    /// Its data are what it says they are.
    pub(crate) unsafe fn read(&self, what: &str) -> Result<Dynamic> {
        // SAFETY: as the caller promises.
        let data = unsafe { several(self.data, self.size, what) }?;
        let text = || std::str::from_utf8(data).map_err(|_| usage(format!("{what} is not UTF-8")));
        const NOTHING: u32 = holm_value_kind::Nothing as u32;
        const TEXT: u32 = holm_value_kind::Text as u32;
        const BYTES: u32 = holm_value_kind::Bytes as u32;
        const JSON: u32 = holm_value_kind::Json as u32;
        match self.kind {
            NOTHING => Ok(Dynamic::Nothing),
            TEXT => Ok(Dynamic::Text(text()?.to_owned())),
            BYTES => Ok(Dynamic::Bytes(data.to_vec())),
            JSON => json(text()?, what).map(Dynamic::Json),
            kind => Err(usage(format!("{what} is of the kind {kind}, which is none of holm_value_kind"))),
        }
    }
}

/// Reads JSON.
pub(crate) fn json(text: &str, what: &str) -> Result<serde_json::Value> {
    serde_json::from_str(text).map_err(|error| usage(format!("{what} is not JSON: {error}")))
}

/// A value in the form that C has, and what it points into.
pub(crate) fn written(value: Dynamic) -> (holm_value_kind, Vec<u8>) {
    match value {
        Dynamic::Nothing => (holm_value_kind::Nothing, Vec::new()),
        Dynamic::Text(text) => (holm_value_kind::Text, text.into_bytes()),
        Dynamic::Bytes(bytes) => (holm_value_kind::Bytes, bytes),
        Dynamic::Json(json) => (holm_value_kind::Json, json.to_string().into_bytes()),
    }
}

fn ending_with_nul(kind: holm_value_kind, text: *const c_char) -> holm_value {
    if text.is_null() {
        // A size without data is what every function refuses, and this one has no way to.
        return holm_value { kind: kind as u32, data: std::ptr::null(), size: 1 };
    }
    // SAFETY: the caller gave text that ends with a NUL.
    let text = unsafe { std::ffi::CStr::from_ptr(text) };
    holm_value::new(kind, text.to_bytes())
}

/// Text as a value, which points to it: it must be there for as long as the value is used. NULL is refused where the value
/// is used.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_value_text(text: *const c_char) -> holm_value {
    ending_with_nul(holm_value_kind::Text, text)
}

/// JSON as a value, likewise.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_value_json(text: *const c_char) -> holm_value {
    ending_with_nul(holm_value_kind::Json, text)
}

/// Bytes as a value, likewise.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_value_bytes(data: *const u8, size: usize) -> holm_value {
    holm_value { kind: holm_value_kind::Bytes as u32, data, size }
}
