//! End-to-end tests: the real `holm`, the guests of `guests/`, and what a user sees.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]

mod bad_files;
mod bindgen;
mod cache;
mod cache_crash;
mod call;
mod compiling;
mod completions;
mod determinism;
mod errors;
mod extism;
mod features;
mod files;
mod grants;
mod inspect;
mod interrupt;
mod malformed;
mod manifest;
mod precompiled;
mod run;
#[path = "../../crates/services/tests/servers/mod.rs"]
mod servers;
mod services;
mod support;
