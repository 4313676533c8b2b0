//! Does what its path asks for, and answers with what came of it: with 500 and the error's own words where that is an error.
//! README.md beside this folder lists what there is to ask for.

#[path = "../../kit.rs"]
mod kit;
mod newer;
