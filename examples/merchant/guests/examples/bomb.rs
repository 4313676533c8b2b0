//! Takes all the memory there is.

use merchant_script::{Cart, Discount, Guest, export};

struct Bomb;
export!(Bomb);

impl Guest for Bomb {
    fn discounts(_: Cart) -> Result<Vec<Discount>, String> {
        let mut taken = Vec::new();
        loop {
            taken.push(std::hint::black_box(vec![1_u8; 64 << 10]));
        }
    }
}
