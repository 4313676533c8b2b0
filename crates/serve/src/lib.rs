//! The edge server.

pub mod answer;
pub mod apps;
pub mod cgi;
pub mod deployed;
pub mod front;
mod load;
pub mod observe;
pub mod proxy;

pub use load::{Common, Load, Loaded};
