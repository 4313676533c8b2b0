//! http-wasm guests as filters: one made with an SDK, and modules that no SDK would make.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;
mod hostile;
mod kit;
mod phases;
