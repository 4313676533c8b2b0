//! What plugins can look up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::bindings::acme::tasks::store::Host;

/// The host's side of one instance of the world. Instances share what is behind it.
#[derive(Clone)]
#[allow(unreachable_pub, reason = "what implements a world's imports is as public as the world")]
pub struct Store(Arc<HashMap<String, String>>);

impl Store {
    pub(crate) fn of_customers() -> Self {
        let customers = [("ada", "Ada", "London"), ("emmy", "Emmy", "Erlangen"), ("grace", "Grace", "New York")];
        let pairs = customers.into_iter().flat_map(|(key, name, city)| {
            [(format!("{key}/name"), name.to_owned()), (format!("{key}/city"), city.to_owned())]
        });
        Self(Arc::new(pairs.collect()))
    }
}

/// Asynchronous on this side and an ordinary function on the plugin's: while one task waits, others go on.
impl Host for Store {
    async fn lookup(&mut self, key: String) -> Option<String> {
        // A database would be asked here.
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.0.get(&key).cloned()
    }
}
