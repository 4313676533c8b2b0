//! What components get under grants beyond the basics.

#[path = "../common/mod.rs"]
mod common;

mod config;
mod http;
mod keyvalue;
mod linking;
mod server;
mod swap;
