//! The admin API and its client over real sockets, with a backend that keeps what it is told.
#![allow(clippy::unwrap_used)]

mod apps;
mod blobs;
mod client;
mod doors;
mod openapi;
mod server;
