//! What guests made for Spin are told of a request, and what is answered for them.
//!
//! What Spin does is read from its sources: `crates/trigger-http` and `crates/routes` of github.com/spinframework/spin.

mod headers;
pub(crate) mod known;
mod matched;

pub(crate) use headers::tell;
pub(crate) use matched::Matched;
