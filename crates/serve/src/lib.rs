//! The edge server.

pub mod front;
pub mod observe;
