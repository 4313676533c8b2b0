//! `holm build` and `holm dev` from outside: the real program, and the compilers that people have.
//!
//! `tests/toolchains/fetch` gets the compilers. Without them the tests that need one skip with a message, and fail where
//! `CI_SERVERS` is set.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]

#[path = "../serve/client.rs"]
#[allow(dead_code, reason = "shared with the tests of the server")]
mod client;
#[path = "../toolchains/compilers.rs"]
#[allow(dead_code, reason = "shared with the tests of templates")]
mod compilers;
mod developing;
mod incremental;
mod languages;
mod mistakes;
mod programs;
mod project;
#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "shared with the tests of commands")]
mod support;
