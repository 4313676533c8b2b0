//! Rust's values as a guest's, and back.

mod args;
mod dynamic;
mod from;
mod json;
mod to;
mod types;

pub use args::{Args, Results};
pub use dynamic::{Arguments, Dynamic, Returned};
pub use from::FromGuest;
pub(crate) use from::datum_of;
pub use json::Json;
pub use to::ToGuest;
pub use types::GuestType;
