//! Panics three frames deep: main, outer, middle, inner.

use std::hint::black_box;

fn main() {
    let answer = outer(black_box(41));
    println!("unexpected: {answer}");
}

#[inline(never)]
fn outer(number: u32) -> u32 {
    middle(number + 1) + 1
}

#[inline(never)]
fn middle(number: u32) -> u32 {
    inner(number) * 2
}

#[inline(never)]
fn inner(number: u32) -> u32 {
    if black_box(number) == 42 {
        panic!("the guest gave up at {number}");
    }
    number
}
