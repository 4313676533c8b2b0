//! Cancelling calls.

use holm::{Cancel, Result};

use crate::error::holm_error;
use crate::given::{needed, place, taken};
use crate::guard::{caught, guard};

/// Ends calls from another thread.
pub struct holm_cancel(pub(crate) Cancel);

/// Writes a cancel that has cancelled nothing yet to `cancel`.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_cancel_new(cancel: *mut *mut holm_cancel) -> *mut holm_error {
    guard(|| {
        // SAFETY: as the caller promises.
        unsafe { place(cancel, "the cancel") }?.put(holm_cancel(Cancel::new()));
        Ok(())
    })
}

/// Ends the calls that were given it, and those that will be: they return HOLM_KIND_CANCELLED. A plugin that computes ends
/// within a few milliseconds, one inside a callback of the host when that returns. May be called on any thread, and twice.
/// NULL does nothing.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_cancel_now(cancel: *const holm_cancel) {
    // SAFETY: as the caller promises.
    let cancel: Result<&holm_cancel> = unsafe { needed(cancel, "the cancel") };
    caught(|| cancel.map(|cancel| cancel.0.cancel()).ok());
}

/// Frees a cancel; calls that were given it go on. NULL is none.
///
/// # Safety
/// As the header says of all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn holm_cancel_free(cancel: *mut holm_cancel) {
    // SAFETY: as the caller promises.
    drop(unsafe { taken(cancel) });
}
