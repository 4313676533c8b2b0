//! The commands that drive a server, run for real against the admin API on real sockets. What is behind the API here
//! only remembers what it was told.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]

mod apps;
mod deploy;
mod doors;
mod logs;
mod server;
#[allow(dead_code)]
#[path = "../e2e/support.rs"]
mod support;
mod terminal;
mod top;
