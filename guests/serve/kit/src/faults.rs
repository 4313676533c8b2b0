//! Guests that do not come back, in every phase of a response.

use std::hint::black_box;
use std::io;

use wasip2::http::types::ResponseOutparam;

use crate::reply::{Reply, text};

pub fn spin() -> ! {
    let mut count = 0_u64;
    loop {
        count = black_box(count.wrapping_add(1));
    }
}

pub fn loop_after_head(out: ResponseOutparam) -> io::Result<()> {
    let mut reply = Reply::plain(out, 200);
    reply.send(b"the last chunk\n")?;
    spin()
}

pub fn loop_after_body(out: ResponseOutparam) -> io::Result<()> {
    text(out, 200, "complete\n")?;
    spin()
}

/// Takes and touches 1 MiB after another; aborts when the allocator fails.
pub fn grow() -> ! {
    loop {
        let mut block: Vec<u8> = Vec::with_capacity(1 << 20);
        for page in block.spare_capacity_mut().chunks_mut(4096) {
            page[0].write(1);
        }
        black_box(block.as_ptr());
        std::mem::forget(block);
    }
}

/// Calls itself until the stack ends. Keeps nothing in linear memory, so it is the engine's stack that ends.
pub fn recurse() -> u64 {
    #[inline(never)]
    fn down(depth: u64) -> u64 {
        if depth == u64::MAX { depth } else { down(depth + 1).wrapping_mul(3) ^ depth }
    }
    down(black_box(1))
}

pub fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

/// Traps with an open body of which nothing was written.
pub fn trap_after_head(out: ResponseOutparam) -> io::Result<()> {
    let _reply = Reply::plain(out, 200);
    trap()
}

pub fn trap_after_body(out: ResponseOutparam) -> io::Result<()> {
    text(out, 200, "complete\n")?;
    trap()
}
