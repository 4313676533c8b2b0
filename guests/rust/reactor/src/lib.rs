//! A reactor: no `_start`, an `_initialize`, and functions that may be called many times on one instance.

use std::sync::atomic::{AtomicI32, Ordering};

static COUNTER: AtomicI32 = AtomicI32::new(0);

unsafe extern "C" {
    fn __wasm_call_ctors();
}

/// Without this the linker makes a command of every export: it would construct and destruct the C library in each call.
#[unsafe(no_mangle)]
pub extern "C" fn _initialize() {
    // SAFETY: a host calls this once, before anything else.
    unsafe { __wasm_call_ctors() }
}

#[unsafe(no_mangle)]
pub extern "C" fn add(left: i32, right: i32) -> i32 {
    left.wrapping_add(right)
}

/// 1 on the first call on an instance, 2 on the second, and so on.
#[unsafe(no_mangle)]
pub extern "C" fn counter() -> i32 {
    COUNTER.fetch_add(1, Ordering::Relaxed) + 1
}

/// Prints a line, so that the reactor uses WASI at all.
#[unsafe(no_mangle)]
pub extern "C" fn greet() {
    println!("Hello from a reactor!");
}
