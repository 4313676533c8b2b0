//! Programs that answer as CGI: real guests, and real sockets where it matters.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod answers;
mod faults;
mod limits;
mod program;
mod streaming;
mod wire;
