//! The C interface of Holm: what is documented in `include/holm.h`, which is made of this.
//!
//! Names are C's throughout. Every function that can fail goes through `guard`, where panics end and errors become
//! pointers; what callers give is looked at in `given` alone.
#![allow(non_camel_case_types, reason = "types are called what they are called in C")]
#![allow(unreachable_pub, reason = "what C sees is what is exported, whichever module it is in")]

mod builder;
mod call;
mod cancel;
mod data;
mod error;
mod given;
mod guard;
mod host;
mod limits;
mod log;
mod plugin;
mod report;
mod runtime;
mod session;
mod value;

use std::ffi::{c_char, c_void};

/// Frees what a user pointer points to, when nobody will use it any more; on whatever thread that is. May be NULL.
pub type holm_drop_fn = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// The version of this interface. It changes when something that was there changes its meaning; what is added leaves it.
pub const HOLM_ABI_VERSION: u32 = 1;

/// The version of the interface that the library has, to be compared with HOLM_ABI_VERSION of the header.
#[unsafe(no_mangle)]
pub extern "C" fn holm_abi_version() -> u32 {
    HOLM_ABI_VERSION
}

/// The version of Holm: "0.1.0". It belongs to the library.
#[unsafe(no_mangle)]
pub extern "C" fn holm_version() -> *const c_char {
    const { concat!(env!("CARGO_PKG_VERSION"), "\0") }.as_ptr().cast()
}
