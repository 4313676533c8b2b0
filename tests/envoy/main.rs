//! The same filter in Envoy and in Holm: each case is a request to both, through the same filters to the same kind of
//! upstream, and what came of it, which is written down here. Where Envoy agrees and Holm does, they agree.
//!
//! `tests/real/fetch` gets Envoy. Without it these tests skip with a message, except in CI, where they fail.
//! `ENVOY_ALONE=1` leaves Holm out: do the cases say what Envoy does?

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "serve")]

mod ask;
mod bodies;
mod calls;
mod cases;
mod chains;
mod differences;
mod echo;
mod envoy;
mod failures;
mod grpc;
mod headers;
mod languages;
mod pauses;
mod properties;
mod replies;
mod state;
mod statuses;
mod upstream;
mod wire;

#[path = "../serve/client.rs"]
#[allow(dead_code, reason = "shared with the tests of serving")]
mod client;
#[path = "../serve/server.rs"]
#[allow(dead_code, reason = "shared with the tests of serving")]
mod server;
#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "shared with the tests of commands")]
mod support;
