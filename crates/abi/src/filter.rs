//! Guests that see and change the HTTP traffic of others.

use std::sync::Arc;

use async_trait::async_trait;
use holm_engine::Result;

use crate::{Body, Exchange, HttpHandler};

/// A guest that stands between clients and what answers them.
#[async_trait]
pub trait HttpFilter: Send + Sync {
    /// Hands it a request on its way to `next`, and the response on its way back, which it may change, hold, answer itself
    /// or refuse. Bodies pass while they are read. Must be called within a tokio runtime; who drops the future or the
    /// response's body ends the exchange.
    ///
    /// The request's URI is absolute.
    ///
    /// # Errors
    /// Those of `next`; and where the filter is closed ([`FilterSettings::fail_open`] is not set), its own: a trap or a
    /// limit.
    async fn handle(
        &self,
        request: http::Request<Body>,
        exchange: Exchange,
        next: &Arc<dyn HttpHandler>,
    ) -> Result<http::Response<Body>>;
}

/// What a filter is told of itself, and what becomes of traffic when it fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterSettings {
    /// Its name among the filters of the host.
    pub name: String,
    /// Which of its plugins a guest with several is to be: proxy-wasm's `root_id`.
    pub root_id: String,
    /// Guests of one `vm_id` share data and queues: proxy-wasm's.
    pub vm_id: String,
    /// Its configuration, for it alone to understand.
    pub configuration: Arc<[u8]>,
    /// Configuration of the machine it runs in, likewise: proxy-wasm's `vm_config`.
    pub vm_configuration: Arc<[u8]>,
    /// Traffic passes by a filter that failed. Otherwise it fails too.
    pub fail_open: bool,
}

/// What answers behind a filter.
pub struct Filtered {
    /// Sees what passes first.
    pub filter: Arc<dyn HttpFilter>,
    /// What it stands in front of: a handler, or another filter with its own.
    pub next: Arc<dyn HttpHandler>,
}

#[async_trait]
impl HttpHandler for Filtered {
    async fn handle(&self, request: http::Request<Body>, exchange: Exchange) -> Result<http::Response<Body>> {
        self.filter.handle(request, exchange, &self.next).await
    }
}
