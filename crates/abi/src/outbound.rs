//! What a host has to do with the HTTP requests that a guest makes.

use std::fmt;

use async_trait::async_trait;
use http::request::Parts;
use http::{Request, Response, StatusCode, Version};

use crate::Body;

/// Lent to a guest for the HTTP requests that it makes while it answers one itself.
#[async_trait]
pub trait Outbound: Send + Sync {
    /// A request that is granted is about to be sent, wherever to. The host may add headers. Its URI is absolute.
    ///
    /// `None`: nobody wants to know what becomes of it.
    fn begin(&self, request: &mut Parts) -> Option<Box<dyn Sent>>;

    /// Hands a request to the guest of the same app that is called `name`, which is whatever stands before
    /// [`holm_grants::INTERNAL`] or [`holm_grants::CHAINED`] in the host. Returns as soon as the head of the response is there. Who drops the body, or
    /// this future, ends what was asked. A server's own refusal is a response like any other.
    ///
    /// # Errors
    /// See [`CallError`].
    async fn call(&self, name: &str, request: Request<Body>) -> Result<Response<Body>, CallError>;

    /// Hands a request to the guest of the same app that its path leads to, by the app's own routes; else as
    /// [`Outbound::call`]. Its host says nothing ([`holm_grants::is_own_app`]).
    ///
    /// # Errors
    /// See [`CallError`]. A path that leads nowhere is a response.
    async fn call_app(&self, _request: Request<Body>) -> Result<Response<Body>, CallError> {
        Err(CallError::NotFound)
    }
}

/// A request that was sent. Dropping it says that it is over, with the body of its response.
pub trait Sent: Send {
    /// The head of the response is there.
    fn answered(&mut self, status: StatusCode, version: Version);

    /// There is no response, or its body broke off. `why` is the name of an error code in `wasi:http/types`.
    fn failed(&mut self, why: &str);
}

/// Why a guest was not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The app has no guest of this name.
    NotFound,
    /// The guests of the app called each other too often already to answer one request.
    Loop,
    /// The host failed.
    Failed,
}

impl fmt::Debug for dyn Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbound")
    }
}
