//! Never answers.

use merchant_script::{Cart, Discount, Guest, export};

struct Loop;
export!(Loop);

impl Guest for Loop {
    fn discounts(_: Cart) -> Result<Vec<Discount>, String> {
        loop {
            std::hint::black_box(());
        }
    }
}
