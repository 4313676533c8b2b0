//! What guests of Spin export beside what WASI knows. `wasi:http` handlers are WASI's.

mod cron;
mod functions;
mod inbound_http;
mod inbound_redis;
mod mqtt;

use holm_abi::{Entry, Result};
use holm_wasi::Linked;

pub(crate) use functions::TYPES;
pub(crate) use inbound_http::{answer, empty};

/// The way in through one interface, if a component exports it.
type Way = fn(&Linked) -> Option<Entry>;

/// One line for each.
const WAYS: &[Way] = &[inbound_http::entry, inbound_redis::entry, mqtt::entry, cron::entry];

/// The ways into a component.
pub(crate) fn entries(linked: &Linked) -> Result<Vec<Entry>> {
    Ok(WAYS.iter().filter_map(|way| way(linked)).collect())
}
