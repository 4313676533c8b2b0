//! What components get under grants beyond the basics.
#![cfg(all(feature = "http", feature = "stores", feature = "tls"))]
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod blobstore;
mod config;
mod http;
mod keyvalue;
mod linking;
mod server;
mod swap;
