//! Gives away more than there is.

use merchant_script::{Cart, Discount, Guest, export};

struct Nonsense;
export!(Nonsense);

impl Guest for Nonsense {
    fn discounts(cart: Cart) -> Result<Vec<Discount>, String> {
        let item = cart.items.len() as u32 + 7;
        Ok(vec![Discount { item: Some(item), amount: u64::MAX, reason: "\u{7}\u{1b}[2J all for nothing".into() }])
    }
}
