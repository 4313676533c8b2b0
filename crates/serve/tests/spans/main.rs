//! Spans on their way to a collector: what is said, by the official definitions, and what becomes of it where the
//! collector is not as it should be.

// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]

mod collector;
mod content;
mod trouble;
