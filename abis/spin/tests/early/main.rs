//! Core modules as Spin's early SDKs made them.

mod common;
mod hostile;
mod interfaces;
mod requests;
