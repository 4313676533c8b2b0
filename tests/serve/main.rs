//! `holm serve` from outside: the real program, real sockets, and the guests of `guests/`.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "serve")]

mod basics;
mod ceilings;
mod client;
mod collector;
mod connections;
mod deploying;
mod failures;
mod filters;
mod guests;
mod http2;
mod proxy;
mod reloading;
#[allow(dead_code, reason = "shared with the tests of attacks")]
mod server;
#[path = "../../crates/services/tests/servers/mod.rs"]
mod servers;
mod siblings;
mod stores;
mod tracing;
mod upstream;

#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "shared with the tests of commands")]
mod support;
