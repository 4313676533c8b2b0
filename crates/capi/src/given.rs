//! What callers give: pointers that may be NULL, text that may be none.
//!
//! All that is assumed of a pointer is what the header says: NULL, or to something of its type that nobody changes
//! meanwhile.

use std::ffi::{CStr, c_char};

use holm::{Error, Kind, Result};

/// The error of a mistake of the caller's.
pub(crate) fn usage(why: impl Into<String>) -> Error {
    Error::new(Kind::Usage, why)
}

/// # Safety
/// `pointer` is NULL or points to a `T` that lives as long as `'a` and is not written meanwhile.
pub(crate) unsafe fn needed<'a, T>(pointer: *const T, what: &str) -> Result<&'a T> {
    // SAFETY: as the caller promises.
    unsafe { pointer.as_ref() }.ok_or_else(|| usage(format!("{what} is NULL")))
}

/// # Safety
/// `pointer` is NULL or points to text that ends with a NUL, lives as long as `'a` and is not written meanwhile.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, what: &str) -> Result<&'a str> {
    if pointer.is_null() {
        return Err(usage(format!("{what} is NULL")));
    }
    // SAFETY: as the caller promises, and it is not NULL.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| usage(format!("{what} is not UTF-8")))
}

/// `size` values from `pointer` on, which may be NULL if there are none.
///
/// # Safety
/// `pointer` is NULL or points to `size` values that live as long as `'a` and are not written meanwhile.
pub(crate) unsafe fn several<'a, T>(pointer: *const T, size: usize, what: &str) -> Result<&'a [T]> {
    if size == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(usage(format!("{what} is NULL, and there are said to be {size}")));
    }
    if size.checked_mul(size_of::<T>().max(1)).is_none_or(|bytes| isize::try_from(bytes).is_err()) {
        return Err(usage(format!("{what} is said to have the size {size}, which nothing has")));
    }
    // SAFETY: as the caller promises; it is neither NULL nor larger than objects can be.
    Ok(unsafe { std::slice::from_raw_parts(pointer, size) })
}

/// A place for a result, which is NULL until there is one.
///
/// # Safety
/// `place` is NULL or can be written to.
pub(crate) unsafe fn place<T>(place: *mut *mut T, what: &str) -> Result<Place<T>> {
    if place.is_null() {
        return Err(usage(format!("the place for {what} is NULL")));
    }
    // SAFETY: as the caller promises, and it is not NULL.
    unsafe { place.write(std::ptr::null_mut()) };
    Ok(Place(place))
}

/// Where a result goes.
pub(crate) struct Place<T>(*mut *mut T);

impl<T> Place<T> {
    /// Hands `value` out.
    pub(crate) fn put(self, value: T) {
        // SAFETY: it was written to when this was made, within the same call from outside.
        unsafe { self.0.write(Box::into_raw(Box::new(value))) };
    }
}

/// Takes back what [`Place::put`] handed out.
///
/// # Safety
/// `pointer` is NULL or was handed out as a `T`, and is not used again.
pub(crate) unsafe fn taken<T>(pointer: *mut T) -> Option<Box<T>> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: as the caller promises, and it is not NULL.
    Some(unsafe { Box::from_raw(pointer) })
}

/// A user pointer, and how to free what it points to. That the callbacks it is given to may run on any thread is in the
/// header.
pub(crate) struct User {
    pointer: *mut std::ffi::c_void,
    free: crate::holm_drop_fn,
}

// SAFETY: the header says that callbacks are called on any thread, several at once, so the caller's pointer can be.
unsafe impl Send for User {}
// SAFETY: likewise.
unsafe impl Sync for User {}

impl User {
    pub(crate) fn new(pointer: *mut std::ffi::c_void, free: crate::holm_drop_fn) -> Self {
        Self { pointer, free }
    }

    pub(crate) fn pointer(&self) -> *mut std::ffi::c_void {
        self.pointer
    }
}

impl Drop for User {
    fn drop(&mut self) {
        if let Some(free) = self.free {
            // SAFETY: the caller gave the two together, and this is the only drop.
            unsafe { free(self.pointer) };
        }
    }
}
