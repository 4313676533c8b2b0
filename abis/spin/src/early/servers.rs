//! The connections to servers that an instance has: one for each address it names, until it ends.

use std::sync::Arc;

use holm_services::connections::Open;

/// Addresses that one instance is connected to at once. The first is left for one too many.
const MOST: usize = 16;

/// A connection.
pub(super) enum Opened {
    Postgres(Arc<holm_services::postgres::Connection>),
    Mysql(Arc<holm_services::mysql::Connection>),
    Redis(Arc<holm_services::redis::RedisConnection>),
}

/// The connections to servers that an instance has.
#[derive(Default)]
pub(super) struct Connections(Vec<(String, Opened, Open)>);

impl Connections {
    /// The one to this address.
    pub(super) fn get(&self, address: &str) -> Option<&Opened> {
        self.0.iter().find(|(known, ..)| known == address).map(|(_, opened, _)| opened)
    }

    /// Keeps one, which was counted among those that the guest may have open.
    pub(super) fn keep(&mut self, address: &str, opened: Opened, counted: Open) {
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push((address.to_owned(), opened, counted));
    }
}
