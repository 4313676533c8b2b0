//! Apps that misbehave with all their might, and what their neighbour on the same server notices of it.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "serve")]

mod neighbours;

#[path = "../serve/client.rs"]
#[allow(dead_code, reason = "shared with the tests of serving")]
mod client;
#[path = "../serve/server.rs"]
#[allow(dead_code, reason = "shared with the tests of serving")]
mod server;
#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "shared with the tests of commands")]
mod support;
