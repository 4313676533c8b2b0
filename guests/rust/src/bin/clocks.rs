//! Prints `wall NANOSECONDS` since 1970, `monotonic NANOSECONDS` of a small loop, and `random` with 16 bytes in hex.

use std::ffi::{c_int, c_void};
use std::time::{Instant, SystemTime};

// Both targets link this C library.
unsafe extern "C" {
    fn getentropy(buffer: *mut c_void, length: usize) -> c_int;
}

fn main() {
    let start = Instant::now();
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    println!("wall {}", wall.as_nanos());

    for count in 0..1_000_000_u32 {
        std::hint::black_box(count);
    }
    println!("monotonic {}", start.elapsed().as_nanos());

    let mut random = [0_u8; 16];
    // SAFETY: the buffer is as long as we say.
    assert_eq!(unsafe { getentropy(random.as_mut_ptr().cast(), random.len()) }, 0, "random bytes");
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("random {hex}");
}
