//! `wasi:http/incoming-handler` of WASI 0.2.

use async_trait::async_trait;
use holm_abi::{Body, Exchange, HttpHandler, Result};
use holm_engine::within_wall;
use http::{Request, Response};
use tokio::sync::oneshot;
use wasmtime::Store;
use wasmtime::component::InstancePre;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::{WasiBody, WasiHttpView as _};

use super::Handled;
use super::response::respond;
use crate::http::incoming;
use crate::state::State;

pub(super) struct Handler {
    handled: Handled,
    pre: ProxyPre<State>,
}

impl Handler {
    pub(super) fn new(handled: Handled, pre: &InstancePre<State>) -> wasmtime::Result<Self> {
        Ok(Self { handled, pre: ProxyPre::new(pre.clone())? })
    }
}

type Answer = Result<Response<WasiBody>, ErrorCode>;

#[async_trait]
impl HttpHandler for Handler {
    async fn handle(&self, request: Request<Body>, exchange: Exchange) -> Result<Response<Body>> {
        let (handled, pre) = (self.handled.clone(), self.pre.clone());
        let mut store = handled.store(pre.engine(), &exchange)?;
        let (send, head) = oneshot::channel();
        let guest = async move {
            let limits = handled.services.host.limits;
            let called = within_wall(&limits, call(&pre, &mut store, request, send)).await;
            handled.ended(&mut store, called)
        };
        respond(Box::pin(guest), head, &exchange, || self.handled.unanswered()).await
    }
}

/// Instantiates the guest and hands it the request.
async fn call(
    pre: &ProxyPre<State>,
    store: &mut Store<State>,
    request: Request<Body>,
    head: oneshot::Sender<Response<WasiBody>>,
) -> wasmtime::Result<Result<(), ErrorCode>> {
    let scheme = match request.uri().scheme_str() {
        Some("https") => Scheme::Https,
        _ => Scheme::Http,
    };
    let (error, mut refused) = oneshot::channel();
    let guest = pre.instantiate_async(&mut *store).await?;
    let mut http = store.data_mut().http();
    let request = http.new_incoming_request(scheme, request.map(incoming))?;
    let out = http.new_response_outparam_from_callback(move |answer: Answer| {
        // Whoever waited may be gone; then nobody is left to tell.
        match answer {
            Ok(response) => _ = head.send(response),
            Err(code) => _ = error.send(code),
        }
    })?;
    guest.wasi_http_incoming_handler().call_handle(&mut *store, request, out).await?;
    Ok(refused.try_recv().map_or(Ok(()), Err))
}
