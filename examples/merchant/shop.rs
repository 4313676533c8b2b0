//! Merchants and their scripts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use holm::{Breaker, Instances, Json, Kind, Limits, Plugin, Record, Result, Runtime};

use super::cart::{Cart, Discount};

/// What one call of a script may use. Fuel is the same on every machine, so that a script which is tested by its merchant
/// does not fail in a shop that is busy; CPU time is what the shop pays for.
fn limits() -> Limits {
    Limits::new().fuel(1_000_000).cpu(Duration::from_millis(5)).wall(Duration::from_secs(1)).memory(2 << 20)
}

/// After so many failures in a row a script is left alone: each has cost its limits.
const BREAKER: Breaker = Breaker { failures: 5, pause: Duration::from_secs(60) };

/// A shop of many merchants.
pub(crate) struct Shop {
    runtime: Runtime,
    instances: Instances,
    merchants: BTreeMap<String, Merchant>,
}

struct Merchant {
    script: Plugin,
    account: Arc<Mutex<Account>>,
}

/// What a merchant's script did, and what that cost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    /// Calls of the script, and those that ended in a trap or at a limit.
    pub(crate) calls: u32,
    pub(crate) failed: u32,
    /// Checkouts that went without the script because it only failed.
    pub(crate) left_alone: u32,
    /// Checkouts whose answer made no sense.
    pub(crate) nonsense: u32,
    pub(crate) cpu: Duration,
    pub(crate) fuel: u64,
    /// The most that a call had, in bytes.
    pub(crate) memory: u64,
    /// What came off all prices.
    pub(crate) off: u64,
    pub(crate) trouble: Option<String>,
}

impl Account {
    /// Every call, whether it went well or not.
    fn called(&mut self, record: &Record<'_>) {
        self.calls += 1;
        self.cpu += record.report.cpu;
        self.fuel += record.report.fuel;
        self.memory = self.memory.max(record.report.memory);
        if let Some(error) = record.error {
            self.failed += 1;
            self.trouble = Some(error.to_string());
        }
    }
}

impl Shop {
    pub(crate) fn new(runtime: &Runtime, instances: Instances) -> Self {
        Self { runtime: runtime.clone(), instances, merchants: BTreeMap::new() }
    }

    /// Takes a merchant's script, in the place of the one before. It is granted nothing: what it gets is the cart.
    ///
    /// # Errors
    /// It is no WebAssembly, wants what is not there, or has no function `discounts` of the right type.
    pub(crate) fn upload(&mut self, merchant: &str, script: Vec<u8>) -> Result<()> {
        let account = Arc::new(Mutex::new(Account::default()));
        let kept = Arc::clone(&account);
        let script = self
            .runtime
            .plugin_from(merchant, script)
            .limits(limits())
            .instances(self.instances)
            .breaker(BREAKER)
            .on_call(move |record| locked(&kept).called(record))
            .load()?;
        // A script may fail this call. That it cannot even be called its merchant should hear at once, and not customers.
        let empty = Cart { currency: "EUR".into(), orders: 0, items: Vec::new() };
        if let Err(error) = discounts(&script, &empty)
            && error.kind() == Kind::Usage
        {
            return Err(error);
        }
        *locked(&account) = Account::default();
        self.merchants.insert(merchant.into(), Merchant { script, account });
        Ok(())
    }

    /// What a customer of `merchant` pays for a cart. A script that fails costs its merchant the discount, and nobody the
    /// checkout.
    pub(crate) fn checkout(&self, merchant: &str, cart: &Cart) -> u64 {
        let total = cart.total();
        let Some(Merchant { script, account }) = self.merchants.get(merchant) else { return total };
        let answer = discounts(script, cart);
        let mut account = locked(account);
        match answer.map(|discounts| cart.off(&discounts)) {
            Ok(Ok(off)) => {
                account.off += off;
                return total - off;
            }
            Ok(Err(why)) => {
                account.nonsense += 1;
                account.trouble = Some(why);
            }
            Err(error) if error.kind() == Kind::HostFull => account.left_alone += 1,
            // The account has heard of it already, or the script said that there are no discounts.
            Err(_) => {}
        }
        total
    }

    /// Every merchant's account.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (&str, Account)> {
        self.merchants.iter().map(|(name, merchant)| (name.as_str(), locked(&merchant.account).clone()))
    }
}

fn discounts(script: &Plugin, cart: &Cart) -> Result<Vec<Discount>> {
    // Structs are records. Where only the value is wanted, an error that the script returns is one of the call.
    script.call::<Json<Vec<Discount>>>("discounts", Json(cart)).map(|Json(discounts)| discounts)
}

fn locked<T>(account: &Mutex<T>) -> MutexGuard<'_, T> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}
