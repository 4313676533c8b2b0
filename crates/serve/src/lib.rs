//! The edge server.

pub mod answer;
pub mod apps;
pub mod deployed;
pub mod front;
mod load;

pub use load::{Load, Loaded};
