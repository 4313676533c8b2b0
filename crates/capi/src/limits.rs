//! Limits.

use std::time::Duration;

use holm::{Limits, Result};

use crate::given::{needed, usage};

/// How much a plugin may use. 0 leaves a bound to the library's default; it never means "unlimited".
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct holm_limits {
    /// sizeof(holm_limits), so that there may be more later.
    pub size: usize,
    /// All linear memories of an instance together, in bytes.
    pub memory: u64,
    /// Time that a call spends executing the plugin's code, in nanoseconds.
    pub cpu_ns: u64,
    /// Time from the start of a call to its end, waiting included, in nanoseconds.
    pub wall_ns: u64,
    /// Units of work of a call, about one per WebAssembly instruction.
    pub fuel: u64,
    /// The plugin's call stack, in bytes.
    pub stack: u64,
    /// What the plugin may print, in bytes.
    pub max_output: u64,
    /// All tables together, in elements.
    pub table_elements: u64,
    /// What the host keeps for the plugin and the plugin has a handle to.
    pub handles: u64,
}

impl holm_limits {
    /// # Safety
    /// `limits` is NULL or points to as many bytes as its first field says.
    pub(crate) unsafe fn read(limits: *const holm_limits) -> Result<Limits> {
        // SAFETY: as the caller promises; the size comes first in every version.
        let given = unsafe { read_sized(limits, "limits") }?;
        let some = |value: u64| (value > 0).then_some(value);
        Ok(Limits {
            memory: some(given.memory),
            cpu: some(given.cpu_ns).map(Duration::from_nanos),
            wall: some(given.wall_ns).map(Duration::from_nanos),
            fuel: some(given.fuel),
            stack: some(given.stack),
            max_output: some(given.max_output),
            table_elements: some(given.table_elements),
            handles: some(given.handles),
        })
    }
}

/// A structure of which the caller may know fewer fields, or more. What the caller does not know is zero.
///
/// # Safety
/// `T` is `repr(C)`, begins with its size as a `usize`, and all zeros are one; `pointer` is NULL or points to as many
/// bytes as that size says.
pub(crate) unsafe fn read_sized<T: Default>(pointer: *const T, what: &str) -> Result<T> {
    // SAFETY: the size is there in every version.
    let size = *unsafe { needed(pointer.cast::<usize>(), what) }?;
    if size < size_of::<usize>() {
        return Err(usage(format!("the size in {what} is {size}; it has to be sizeof of their type")));
    }
    let mut read = T::default();
    let known = size.min(size_of::<T>());
    // SAFETY: the caller has `size` bytes, and `T` has room for `known` of them, of which any are a `T`'s.
    unsafe { std::ptr::copy_nonoverlapping(pointer.cast::<u8>(), (&raw mut read).cast::<u8>(), known) };
    Ok(read)
}
