//! A tenth off whatever is bought by the dozen.

use merchant_script::{Cart, Discount, Guest, export};

struct Bulk;
export!(Bulk);

impl Guest for Bulk {
    fn discounts(cart: Cart) -> Result<Vec<Discount>, String> {
        let dozens = (0..).zip(&cart.items).filter(|(_, item)| item.quantity >= 12);
        let off = |(at, item): (u32, &merchant_script::Item)| Discount {
            item: Some(at),
            amount: item.price * u64::from(item.quantity) / 10,
            reason: format!("{} by the dozen", item.sku),
        };
        Ok(dozens.map(off).collect())
    }
}
