use std::fs;

use holm::{Instances, Kind};

use crate::support::{RUNTIME, file};

#[allow(dead_code, reason = "a program's `main` is not called here")]
#[path = "../../../../examples/merchant/main.rs"]
mod program;

const CHECKOUTS: u32 = 60;

/// What customers save if both scripts that mean well do their work, by the rules that they are there for.
fn expected() -> (u64, u64) {
    let (mut bulk, mut loyal) = (0, 0);
    for cart in (0..CHECKOUTS).map(program::cart) {
        let dozens = cart.items.iter().filter(|item| item.quantity >= 12);
        bulk += dozens.map(|item| item.price * u64::from(item.quantity) / 10).sum::<u64>();
        if cart.orders > 0 && cart.currency == "EUR" {
            loyal += cart.total() / 20;
        }
    }
    assert!(bulk > 0 && loyal > 0);
    (bulk, loyal)
}

#[test]
fn hostile_scripts_cost_their_own_merchants_and_nobody_else() {
    for instances in [Instances::PerCall, Instances::Pooled { most: 2 }] {
        let shop = program::open(&RUNTIME, program::SCRIPTS.as_ref(), instances).unwrap();
        let paid = program::trade(&shop, CHECKOUTS);
        let (bulk, loyal) = expected();
        let full: u64 = (0..CHECKOUTS).map(|number| program::cart(number).total()).sum();
        // The only others that give discounts are those of `trap`, to carts that have a second item.
        let trap = u64::from(CHECKOUTS / 10) * 3200;
        let accounts: std::collections::BTreeMap<_, _> = shop.accounts().collect();
        assert_eq!(accounts.len(), 6);
        for (name, off) in [("bulk", bulk), ("loyal", loyal)] {
            let account = &accounts[name];
            assert_eq!((account.calls, account.failed, account.nonsense), (CHECKOUTS, 0, 0), "{account:?}");
            assert_eq!(account.off, off, "{account:?}");
            assert!(account.fuel > 0 && account.memory >= 65536, "{account:?}");
        }
        for name in ["loop", "bomb"] {
            let account = &accounts[name];
            assert_eq!(account.calls, account.failed, "{account:?}");
            // Five are enough, and the first was at the upload; others may have been under way.
            assert!((4..=7).contains(&account.failed), "{account:?}");
            assert_eq!(account.failed + account.left_alone, CHECKOUTS, "{account:?}");
        }
        assert!(accounts["bomb"].memory <= 2 << 20);
        let most = 1_000_000 * u64::from(accounts["loop"].calls);
        assert!(accounts["loop"].fuel <= most, "{:?}", accounts["loop"]);
        assert!(accounts["trap"].trouble.as_ref().unwrap().contains("unreachable"), "{:?}", accounts["trap"]);
        assert_eq!(accounts["nonsense"].nonsense, CHECKOUTS);
        assert_eq!(accounts["nonsense"].off, 0);
        assert!(accounts["trap"].off <= trap);
        assert_eq!(paid, 6 * full - bulk - loyal - accounts["trap"].off);
    }
}

#[test]
fn the_table_has_a_line_for_each_merchant() {
    let shop = program::open(&RUNTIME, program::SCRIPTS.as_ref(), Instances::PerCall).unwrap();
    program::trade(&shop, 10);
    let mut table = Vec::new();
    program::table(&shop, 10, &mut table).unwrap();
    let table = String::from_utf8(table).unwrap();
    let first: Vec<_> = table.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(first, ["merchant", "bomb", "bulk", "loop", "loyal", "nonsense", "trap"]);
    let bulk = table.lines().find(|line| line.starts_with("bulk")).unwrap();
    assert!(bulk.contains(" KiB ") && bulk.ends_with("none"), "{table}");
    assert!(!table.contains('\u{1b}'), "what a script wrote is not printed as it is: {table}");
}

#[test]
fn what_is_no_script_is_refused_when_it_is_uploaded() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = program::open(&RUNTIME, folder.path(), Instances::PerCall).unwrap();
    let prebuilt = |name: &str| fs::read(file("guests/prebuilt").join(name)).unwrap();
    assert_eq!(shop.upload("junk", b"junk".to_vec()).unwrap_err().kind(), Kind::Invalid);
    assert_eq!(shop.upload("types", prebuilt("types.wasm")).unwrap_err().kind(), Kind::Usage);
    assert_eq!(shop.upload("plugin", prebuilt("plugin.wasm")).unwrap_err().kind(), Kind::MissingImports);
    let other = r#"(module (func (export "discounts") (param i32) (result i32) (local.get 0)))"#;
    assert_eq!(shop.upload("other", other.into()).unwrap_err().kind(), Kind::Usage);
    assert_eq!(shop.accounts().count(), 0);
}
