//! Core modules as Spin's early SDKs made them.

mod common;
mod hostile;
mod interfaces;
#[path = "../../../../crates/services/tests/servers/mod.rs"]
mod real;
mod requests;
mod servers;
