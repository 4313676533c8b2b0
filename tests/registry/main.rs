//! Guests on registries: pushed and pulled by the real `holm`, on Debian's `docker-registry`, and from strangers that lie.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]

mod access;
#[allow(dead_code)]
#[path = "../serve/client.rs"]
mod client;
mod hostile;
mod http;
mod interrupted;
mod layouts;
mod naming;
mod proxy;
mod pushing;
mod registry;
#[allow(dead_code)]
#[path = "../serve/server.rs"]
mod server;
mod signing;
mod store;
mod stranger;
#[allow(dead_code)]
#[path = "../e2e/support.rs"]
mod support;
mod tokens;
