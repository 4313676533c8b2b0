//! Allocates and touches 1 MiB blocks without end; aborts when the allocator fails.

const BLOCK: usize = 1 << 20;
const PAGE: usize = 4096;

fn main() {
    loop {
        let mut block: Vec<u8> = Vec::with_capacity(BLOCK);
        for page in block.spare_capacity_mut().chunks_mut(PAGE) {
            page[0].write(1);
        }
        std::hint::black_box(block.as_ptr());
        std::mem::forget(block);
    }
}
