//! What all apps together may take of the machine.

use std::sync::Arc;

use holm_engine::Account;

use super::Gate;

/// What all apps together may take of the machine.
pub struct Room {
    /// Lets a request in for each instance that may be there.
    pub(crate) gate: Gate,
    pub(crate) memory: Arc<Account>,
}

impl Room {
    /// Room for so many instances, at least one, which have at most `memory` bytes of linear memory together.
    pub fn new(instances: u64, memory: u64) -> Self {
        // Whoever waits here has a place in its own app's gate, so their number is bounded already.
        Self { gate: Gate::new(instances, u64::MAX), memory: Arc::new(Account::new(memory)) }
    }
}
