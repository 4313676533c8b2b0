//! Core modules as Spin's early SDKs made them.
#![allow(clippy::unwrap_used)]

mod common;
mod hostile;
mod interfaces;
#[path = "../../../../crates/services/tests/servers/mod.rs"]
mod real;
mod requests;
mod servers;
