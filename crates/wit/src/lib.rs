//! WIT, the interfaces of components, as people work on it: read, printed, formatted, and compared.
//!
//! Nothing here runs or compiles WebAssembly. Binary packages of strangers are to be decoded elsewhere, into text: see
//! [`Wit::parse`].
//!
//! Format: the component model's `design/mvp/WIT.md`.

#![forbid(unsafe_code)]

pub mod compare;
mod format;
mod read;

use std::fmt;

pub use format::format;
pub use read::Wit;

/// Why something is not WIT, or not the WIT it should be: one message of one or several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitError(String);

impl WitError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for WitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WitError {}
