//! The edge server.

pub mod answer;
pub mod apps;
pub mod cgi;
pub mod deployed;
mod fixed;
pub mod front;
mod load;
pub mod observe;
pub mod proxy;
mod spin;
pub mod triggers;

pub use fixed::Fixed;
pub use load::{Common, Load, Loaded};
