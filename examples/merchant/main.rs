//! A shop of many merchants, each of whom uploads a script that runs at every checkout.
//!
//! Scripts are of strangers, so they are granted nothing, held to hard limits, and left alone when they only fail. Each
//! file in `scripts/` is one merchant's here: two mean well, and the others do what the shop must survive.

mod cart;
mod shop;

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use cart::{Cart, Item};
use holm::{Instances, Runtime};
use shop::{Account, Shop};

/// Where the scripts are that come with this example.
pub(crate) const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/merchant/scripts");

/// Checkouts at once.
const THREADS: u32 = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut checkouts, mut instances) = (400, Instances::PerCall);
    for arg in std::env::args().skip(1) {
        match arg.as_str() {
            // What a script leaves in memory may then be seen by its next call: of the same merchant, another customer.
            "--pooled" => instances = Instances::Pooled { most: THREADS as usize },
            number => checkouts = number.parse().map_err(|_| "merchant [--pooled] [CHECKOUTS]")?,
        }
    }
    let shop = open(&Runtime::new()?, SCRIPTS.as_ref(), instances)?;
    trade(&shop, checkouts);
    table(&shop, checkouts, &mut std::io::stdout())?;
    Ok(())
}

/// A shop with a merchant for each script in a folder.
pub(crate) fn open(runtime: &Runtime, scripts: &Path, instances: Instances) -> Result<Shop, Box<dyn Error>> {
    let mut shop = Shop::new(runtime, instances);
    for entry in std::fs::read_dir(scripts)? {
        let path = entry?.path();
        let merchant = path.file_stem().unwrap_or_default().to_string_lossy();
        if let Err(error) = shop.upload(&merchant, std::fs::read(&path)?) {
            eprintln!("{merchant}: not taken: {error}");
        }
    }
    Ok(shop)
}

/// So many checkouts for each merchant, several at once. Returns what customers paid.
pub(crate) fn trade(shop: &Shop, checkouts: u32) -> u64 {
    let merchants: Vec<_> = shop.accounts().map(|(name, _)| name.to_owned()).collect();
    let counter = |first: u32| {
        let numbers = (first..checkouts).step_by(THREADS as usize);
        numbers.flat_map(|number| merchants.iter().map(move |name| shop.checkout(name, &cart(number)))).sum::<u64>()
    };
    std::thread::scope(|scope| {
        let counters: Vec<_> = (0..THREADS).map(|first| scope.spawn(move || counter(first))).collect();
        counters.into_iter().filter_map(|counter| counter.join().ok()).sum()
    })
}

/// What the customer of this number buys.
pub(crate) fn cart(number: u32) -> Cart {
    let item = |sku: &str, quantity, price| Item { sku: sku.into(), quantity, price };
    let mut items = vec![item("tea", 1 + number % 24, 450)];
    if number % 10 == 3 {
        items.push(item("pot", 1, 3200));
    }
    Cart { currency: if number % 7 == 6 { "CHF" } else { "EUR" }.into(), orders: number % 3, items }
}

/// What each merchant's script did, and what that cost.
pub(crate) fn table(shop: &Shop, checkouts: u32, output: &mut impl Write) -> std::io::Result<()> {
    writeln!(
        output,
        "{:<10}{:>10}{:>8}{:>8}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}  trouble",
        "merchant", "checkouts", "calls", "failed", "nonsense", "alone", "CPU/call", "fuel/call", "memory", "off"
    )?;
    for (name, account) in shop.accounts() {
        let Account { calls, failed, left_alone, nonsense, cpu, fuel, memory, off, trouble } = account;
        let each = calls.max(1);
        let cpu: Duration = cpu / each;
        writeln!(
            output,
            "{name:<10}{checkouts:>10}{calls:>8}{failed:>8}{nonsense:>10}{left_alone:>10}{:>10}{:>10}{:>10}{:>10}  {}",
            format!("{} µs", cpu.as_micros()),
            fuel / u64::from(each),
            format!("{} KiB", memory >> 10),
            format!("{}.{:02}", off / 100, off % 100),
            trouble.unwrap_or_else(|| "none".into()),
        )?;
    }
    Ok(())
}
