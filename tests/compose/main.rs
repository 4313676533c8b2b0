//! Compositions from outside: the real program, and the guests of `guests/`.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "compose")]

mod parts;
mod parts_gifts;
mod parts_kit;
mod parts_refused;
#[cfg(feature = "serve")]
mod parts_serve;

#[cfg(feature = "serve")]
#[path = "../serve/client.rs"]
#[allow(dead_code, reason = "shared with the tests of serving")]
mod client;
#[cfg(feature = "serve")]
#[path = "../serve/server.rs"]
#[allow(dead_code, reason = "shared with the tests of serving")]
mod server;
#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "shared with the tests of commands")]
mod support;
