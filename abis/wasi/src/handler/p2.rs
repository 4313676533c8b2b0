//! `wasi:http/incoming-handler` of WASI 0.2.

use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Body, Exchange, HttpHandler, Result};
use holm_engine::within_wall;
use http::{Request, Response};
use tokio::sync::oneshot;
use wasmtime::component::{InstancePre, Resource};
use wasmtime::{Engine, Store};
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, IncomingRequest, ResponseOutparam, Scheme};
use wasmtime_wasi_http::{WasiBody, WasiHttpView as _};

use super::Handled;
use super::response::respond;
use crate::direct::Program;
use crate::http::incoming;
use crate::state::State;

pub(super) struct Handler {
    handled: Arc<Handled>,
    code: Code,
}

/// What requests are handed to.
#[derive(Clone)]
enum Code {
    Component(ProxyPre<State>),
    /// Its only core module.
    Lone(Program),
}

impl Handler {
    pub(super) fn component(handled: Arc<Handled>, pre: &InstancePre<State>) -> wasmtime::Result<Self> {
        Ok(Self { handled, code: Code::Component(ProxyPre::new(pre.clone())?) })
    }

    pub(super) fn lone(handled: Arc<Handled>, program: Program) -> Self {
        Self { handled, code: Code::Lone(program) }
    }
}

impl Code {
    fn engine(&self) -> &Engine {
        match self {
            Code::Component(pre) => pre.engine(),
            Code::Lone(program) => program.engine(),
        }
    }

    /// Makes an instance and calls it with two resources.
    async fn call(
        &self,
        store: &mut Store<State>,
        request: Resource<IncomingRequest>,
        out: Resource<ResponseOutparam>,
    ) -> wasmtime::Result<()> {
        match self {
            Code::Component(pre) => {
                let guest = pre.instantiate_async(&mut *store).await?;
                guest.wasi_http_incoming_handler().call_handle(store, request, out).await
            }
            Code::Lone(program) => program.instantiate(store).await?.call(store, &request, &out).await,
        }
    }
}

type Answer = Result<Response<WasiBody>, ErrorCode>;

#[async_trait]
impl HttpHandler for Handler {
    async fn handle(&self, request: Request<Body>, exchange: Exchange) -> Result<Response<Body>> {
        let (handled, code) = (Arc::clone(&self.handled), self.code.clone());
        let mut store = handled.store(code.engine(), &exchange)?;
        let (send, head) = oneshot::channel();
        let guest = async move {
            let limits = handled.services.host.limits;
            let called = within_wall(&limits, call(&code, &mut store, request, send)).await;
            handled.ended(&mut store, called)
        };
        respond(Box::pin(guest), head, &exchange, || self.handled.unanswered()).await
    }
}

/// Makes an instance of the guest and hands it the request.
async fn call(
    code: &Code,
    store: &mut Store<State>,
    request: Request<Body>,
    head: oneshot::Sender<Response<WasiBody>>,
) -> wasmtime::Result<Result<(), ErrorCode>> {
    let scheme = match request.uri().scheme_str() {
        Some("https") => Scheme::Https,
        _ => Scheme::Http,
    };
    let (error, mut refused) = oneshot::channel();
    let mut http = store.data_mut().http();
    let request = http.new_incoming_request(scheme, request.map(incoming))?;
    let out = http.new_response_outparam_from_callback(move |answer: Answer| {
        // Whoever waited may be gone; then nobody is left to tell.
        match answer {
            Ok(response) => _ = head.send(response),
            Err(code) => _ = error.send(code),
        }
    })?;
    code.call(store, request, out).await?;
    Ok(refused.try_recv().map_or(Ok(()), Err))
}
