//! Apps of Spin from outside: the real program on their `spin.toml`, real sockets, and the guests of `guests/`.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]

mod http;

#[path = "../serve/client.rs"]
#[allow(dead_code, reason = "shared with the tests of the server")]
mod client;
#[path = "../serve/server.rs"]
#[allow(dead_code, reason = "shared with the tests of the server")]
mod server;
#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "shared with the tests of commands")]
mod support;
