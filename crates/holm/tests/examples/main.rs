//! The programs in `examples/` do what their READMEs say.
#![allow(clippy::unwrap_used)]

mod editor;
mod merchant;
mod support;
mod tasks;
