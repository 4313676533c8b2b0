//! Calls itself until the stack ends. Keeps nothing in linear memory, so it is the engine's stack that ends.

fn main() {
    let seed = std::env::args().count() as u64;
    println!("unexpected: {}", down(seed));
}

#[inline(never)]
fn down(depth: u64) -> u64 {
    if depth == u64::MAX {
        return depth;
    }
    down(depth + 1).wrapping_mul(3) ^ depth
}
