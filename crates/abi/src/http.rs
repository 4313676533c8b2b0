//! Guests that answer HTTP requests.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use holm_engine::{Result, Usage};
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
    /// and [`Exchange::failed`] is told why.
    async fn handle(&self, request: http::Request<Body>, exchange: Exchange) -> Result<http::Response<Body>>;
}

/// What belongs to one request beside the request itself.
#[derive(Clone, Default)]
pub struct Exchange {
    /// Counts what the guest uses, as it does.
    pub usage: Arc<Usage>,
    /// Where the guest's output goes; `None` is where its [`crate::Host`] says.
    pub stdio: Option<Stdio>,
    /// Told of a guest that fails after its response began.
    pub failed: Option<OnFailure>,
    /// What the host has to do with the requests that the guest makes.
    pub outbound: Option<Arc<dyn Outbound>>,
}

/// Told why a guest failed.
pub type OnFailure = Arc<dyn Fn(&holm_engine::Error) + Send + Sync>;
