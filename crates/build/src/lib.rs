//! Guests from sources: each language by its own tool, and what that makes turned into a component where it has to be.
//!
//! [`build`] makes the file that a manifest names, if anything has changed since it was made. No engine inside: nothing
//! that is built here is run.
#![forbid(unsafe_code)]

mod error;
mod files;
mod inputs;
mod job;
mod languages;
mod make;
mod project;
mod record;
mod run;
mod tool;
mod wit;

pub use error::BuildError;
pub use inputs::Inputs;
pub use job::{Cancel, How, Listener};
pub use make::{Built, build};
pub use project::{Project, recognise};
