//! Apps and clients that misbehave with all their might, and what a neighbour on the same server notices of it.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "serve")]

mod attack;
mod clients;
mod deploys;
mod neighbours;
mod outbound;
mod responses;

#[path = "../serve/client.rs"]
#[allow(dead_code, reason = "shared with the tests of serving")]
mod client;
#[path = "../serve/http2.rs"]
#[allow(dead_code, reason = "shared with the tests of serving")]
mod http2;
#[path = "../serve/server.rs"]
#[allow(dead_code, reason = "shared with the tests of serving")]
mod server;
#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "shared with the tests of commands")]
mod support;
