//! What is bought, and what a script may take off its price. The fields are those of the records in `wit/merchant.wit`.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Item {
    pub(crate) sku: String,
    pub(crate) quantity: u32,
    pub(crate) price: u64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cart {
    pub(crate) currency: String,
    pub(crate) orders: u32,
    pub(crate) items: Vec<Item>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Discount {
    pub(crate) item: Option<u32>,
    pub(crate) amount: u64,
    pub(crate) reason: String,
}

impl Item {
    fn total(&self) -> u64 {
        self.price.saturating_mul(self.quantity.into())
    }
}

impl Cart {
    /// The price before anything comes off.
    pub(crate) fn total(&self) -> u64 {
        self.items.iter().map(Item::total).fold(0, u64::saturating_add)
    }

    /// What these discounts take off. The sandbox keeps a script from doing anything but answer; whether the answer makes
    /// sense only the shop can know.
    pub(crate) fn off(&self, discounts: &[Discount]) -> Result<u64, String> {
        let mut off: u64 = 0;
        for discount in discounts {
            let most = match discount.item.map(|at| self.items.get(at as usize)) {
                None => self.total(),
                Some(Some(item)) => item.total(),
                Some(None) => return Err("a discount on an item that is not in the cart".into()),
            };
            if discount.amount > most || discount.reason.chars().any(char::is_control) {
                return Err("a discount of more than the price, or for a reason that cannot be printed".into());
            }
            off = off.saturating_add(discount.amount);
        }
        if off > self.total() { Err("discounts of more than the price".into()) } else { Ok(off) }
    }
}
