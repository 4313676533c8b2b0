//! Where panics end, and errors become pointers.

use std::panic::{AssertUnwindSafe, catch_unwind};

use holm::{Error, Kind, Result};

use crate::error::holm_error;

/// Does `work` and says how that went: NULL, or an error that the caller has to free.
pub(crate) fn guard(work: impl FnOnce() -> Result<()>) -> *mut holm_error {
    let error = match caught(work) {
        Some(Ok(())) => return std::ptr::null_mut(),
        Some(Err(error)) => error,
        None => Error::new(Kind::Internal, "Holm itself failed: a panic, told of on standard error"),
    };
    Box::into_raw(Box::new(holm_error::new(error)))
}

/// Does `work`; `None` if it panicked.
///
/// Nothing that is shared is left half done by a panic: locks that are poisoned are taken all the same, and whatever is
/// called next is a fresh instance.
pub(crate) fn caught<R>(work: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        let error = guard(|| panic!("as asked"));
        // SAFETY: it was just made.
        let error = unsafe { Box::from_raw(error) };
        assert_eq!(error.kind(), crate::error::holm_kind::Internal);
    }
}
