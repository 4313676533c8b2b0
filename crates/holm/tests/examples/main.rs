//! The programs in `examples/` do what their READMEs say.

mod editor;
mod merchant;
mod support;
mod tasks;
