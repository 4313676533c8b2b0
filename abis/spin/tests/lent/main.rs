//! What guests of Spin are lent, and how they are told of requests and messages.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod http;
mod key_value;
mod llm;
mod messages;
mod recognised;
mod variables;
