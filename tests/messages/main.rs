//! Apps of Spin that are told of messages and moments, and that send messages: the real program, real servers, guests made
//! with Spin's SDKs and without.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]
#![cfg(all(feature = "serve", feature = "spin"))]

mod app;
mod cron;
mod mqtt;
mod outbound;
mod redis;

#[path = "../serve/client.rs"]
#[allow(dead_code, reason = "shared with the tests of serving")]
mod client;
#[path = "../serve/server.rs"]
#[allow(dead_code, reason = "shared with the tests of serving")]
mod server;
#[path = "../../crates/services/tests/servers/mod.rs"]
mod servers;
#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "shared with the tests of commands")]
mod support;
