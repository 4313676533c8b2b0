//! Servers elsewhere that the host speaks to for guests: databases and message brokers.
//!
//! Which a guest may reach is for whoever calls to know; where a name leads is asked of an address policy when it is dialled.

/// Connections to servers, for all guests of one app. Nothing is connected to before a guest uses it.
#[derive(Debug, Default)]
pub struct Servers {}
