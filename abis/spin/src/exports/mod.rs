//! What guests of Spin export beside what WASI knows. `wasi:http` handlers are WASI's.

mod inbound_http;
mod inbound_redis;

use holm_abi::{Entry, Result};
use holm_wasi::Linked;

pub(crate) use inbound_http::{answer, empty};

/// The way in through one interface, if a component exports it.
type Way = fn(&Linked) -> Option<Entry>;

/// One line for each.
const WAYS: &[Way] = &[inbound_http::entry, inbound_redis::entry];

/// The ways into a component.
pub(crate) fn entries(linked: &Linked) -> Result<Vec<Entry>> {
    Ok(WAYS.iter().filter_map(|way| way(linked)).collect())
}
