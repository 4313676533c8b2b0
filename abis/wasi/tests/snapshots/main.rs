//! Guests built against snapshots of WASI from before its releases.

#![cfg(all(feature = "http", feature = "stores", feature = "tls"))]
// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]

mod commands;
#[path = "../common/mod.rs"]
mod common;
mod handlers;
mod hostile;
mod linking;
mod october;
#[path = "../services/server.rs"]
#[allow(dead_code, reason = "each test program uses a part of it")]
mod server;
