//! What a host has to do with the HTTP requests that a guest makes.

use std::fmt;

use http::request::Parts;
use http::{StatusCode, Version};

/// Lent to a guest for the HTTP requests that it makes while it answers one itself.
pub trait Outbound: Send + Sync {
    /// A request that is granted is about to be sent. The host may add headers. Its URI is absolute.
    ///
    /// `None`: nobody wants to know what becomes of it.
    fn begin(&self, request: &mut Parts) -> Option<Box<dyn Sent>>;
}

/// A request that was sent. Dropping it says that it is over, with the body of its response.
pub trait Sent: Send {
    /// The head of the response is there.
    fn answered(&mut self, status: StatusCode, version: Version);

    /// There is no response, or its body broke off. `why` is the name of an error code in `wasi:http/types`.
    fn failed(&mut self, why: &str);
}

impl fmt::Debug for dyn Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbound")
    }
}
