//! Compositions, made and run by the `holm` program.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "compose")]

mod automatic;
mod components;
mod hostile;
mod instances;
mod mismatches;
mod output;
mod parts;
mod parts_gifts;
mod parts_kit;
#[cfg(feature = "serve")]
mod parts_p3;
mod parts_refused;
#[cfg(feature = "serve")]
mod parts_serve;
mod scripts;
mod types;
mod versions;
mod wasi;

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
