//! The edge server.

pub mod answer;
pub mod apps;
pub mod front;
mod load;

pub use load::{Load, Loaded};
