//! The edge server.

pub mod front;
