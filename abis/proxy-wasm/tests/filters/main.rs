//! Filters in front of a handler that says what reaches it.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod bodies;
mod calls;
mod failures;
mod grpc;
mod heads;
mod hostile;
mod kit;
mod sdks;
mod shared;
mod streams;
mod tcp;
