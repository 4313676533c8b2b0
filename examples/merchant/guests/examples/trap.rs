//! Falls over the second item, which most carts have not.

use merchant_script::{Cart, Discount, Guest, export};

struct Trap;
export!(Trap);

impl Guest for Trap {
    fn discounts(cart: Cart) -> Result<Vec<Discount>, String> {
        let amount = cart.items[1].price;
        Ok(vec![Discount { item: Some(1), amount, reason: "the second is free".into() }])
    }
}
