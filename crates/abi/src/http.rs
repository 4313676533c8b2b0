//! Guests that answer HTTP requests.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use holm_engine::{Error, Result, Usage};
use http_body_util::combinators::UnsyncBoxBody;

use crate::{Outbound, Stdio};

/// A body in either direction. Its frames come as they are asked for; trailers come last.
pub type Body = UnsyncBoxBody<Bytes, BodyError>;

/// Why a body broke off.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A guest that answers HTTP requests.
///
/// Every request is a fresh instance, unless the host was told that instances may be used again.
#[async_trait]
pub trait HttpHandler: Send + Sync {
    /// Hands one request to the guest, and returns as soon as the head of its response is there. The guest goes on
    /// running while the body is read, and only then: who drops the body ends the guest. What it does after the end
    /// of its body goes on by itself, within its limits.
    ///
    /// The request's URI has an authority, or its headers a `host`. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// A trap, a limit, or [`holm_engine::Kind::NoResponse`]. If the guest fails later, its body ends with an error
    /// and [`Exchange::observer`] is told why.
    async fn handle(&self, request: http::Request<Body>, exchange: Exchange) -> Result<http::Response<Body>>;
}

/// What belongs to one request beside the request itself.
#[derive(Clone, Default)]
pub struct Exchange {
    /// Counts what the guest uses, as it does.
    pub usage: Arc<Usage>,
    /// Who sees what the guest does; with `None` its output goes where its [`crate::Host`] says.
    pub observer: Option<Arc<dyn Observe>>,
    /// What the host has to do with the requests that the guest makes.
    pub outbound: Option<Arc<dyn Outbound>>,
    /// Who sent the request, where that has an address.
    pub peer: Option<SocketAddr>,
    /// How many bytes at the start of the request's path its route stands for: 4 of `/api/x` for the route `/api`.
    pub route: usize,
}

/// Sees what a guest does while it answers one request.
pub trait Observe: Send + Sync {
    /// Where its output goes. Asked for when the guest first needs it, which many never do.
    fn stdio(&self) -> Stdio;

    /// It failed after its response began.
    fn failed(&self, error: &Error);
}
