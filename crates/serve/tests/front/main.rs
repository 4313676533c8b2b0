//! The HTTP front over real sockets.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod drain;
mod http2;
mod limits;
mod listeners;
mod proxy;
mod server;
mod slow;
mod smuggling;
mod tls;
mod wire;
