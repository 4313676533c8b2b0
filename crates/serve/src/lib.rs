//! The edge server.

pub mod cgi;
pub mod front;
