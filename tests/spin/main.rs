//! Apps made for Spin, from outside: the real program on folders with a `spin.toml`.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]

mod app;
mod building;
#[path = "../serve/client.rs"]
#[allow(dead_code, reason = "shared with the tests of the server")]
mod client;
mod composing;
mod deploying;
mod files;
mod http;
mod mistakes;
mod running;
#[path = "../serve/server.rs"]
#[allow(dead_code, reason = "shared with the tests of the server")]
mod server;
mod serving;
mod sources;
#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "shared with the tests of commands")]
mod support;
