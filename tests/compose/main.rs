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
mod scripts;
mod types;
mod versions;
mod wasi;

#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "shared with the tests of commands")]
mod support;
