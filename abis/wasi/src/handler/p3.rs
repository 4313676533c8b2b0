//! `wasi:http/handler` of WASI 0.3.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Body, Exchange, HttpHandler, Result};
use holm_engine::within_wall;
use http::{Request, Response};
use tokio::sync::oneshot;
use wasmtime::component::InstancePre;
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::p3::Request as GuestRequest;
use wasmtime_wasi_http::p3::bindings::{Service, ServicePre};

use super::Handled;
use super::response::{Answer, respond};
use super::reuse::{Idle, Ready};
use crate::http::incoming;
use crate::state::State;

pub(super) struct Handler {
    handled: Arc<Handled>,
    pre: ServicePre<State>,
    idle: Option<Arc<Idle<Service>>>,
}

impl Handler {
    pub(super) fn new(handled: Arc<Handled>, pre: &InstancePre<State>) -> wasmtime::Result<Self> {
        let idle = handled.services.host.reuse.as_ref().map(Idle::new);
        Ok(Self { handled, pre: ServicePre::new(pre.clone())?, idle })
    }
}

#[async_trait]
impl HttpHandler for Handler {
    async fn handle(&self, request: Request<Body>, exchange: Exchange) -> Result<Response<Body>> {
        let (handled, pre) = (Arc::clone(&self.handled), self.pre.clone());
        let mut ready = handled.ready(pre.engine(), &exchange, self.idle.as_ref())?;
        let (idle, (send, head)) = (self.idle.clone(), oneshot::channel());
        let guest = async move {
            let limits = &handled.services.host.limits;
            let called = within_wall(limits, pin!(call(&pre, &mut ready, request, send))).await;
            handled.ended(ready, called, idle)
        };
        respond(Box::pin(guest), head, &exchange, &self.handled.guest.name).await
    }
}

/// Hands an instance of the guest, which is made if there is none, the request, and lets it finish what it began.
async fn call(
    pre: &ServicePre<State>,
    ready: &mut Ready<Service>,
    request: Request<Body>,
    head: oneshot::Sender<Answer>,
) -> wasmtime::Result<()> {
    let Ready { store, instance, .. } = ready;
    let guest = match instance {
        Some(instance) => instance,
        None => instance.insert(pre.instantiate_async(&mut *store).await?),
    };
    let (request, sent) = GuestRequest::from_http(store.data_mut().http().hooks, request.map(incoming));
    store
        .run_concurrent(async |accessor| {
            let response = match guest.handle(accessor, request).await? {
                Ok(response) => response,
                Err(code) => {
                    let _ = head.send(Err(format!("{code:?}")));
                    return Ok(());
                }
            };
            // How sending the request's body went is the guest's to know, and it was told.
            let response = accessor.with(|mut store| response.into_http(&mut store, async { Ok(()) }))?;
            // Whoever waited may be gone; then nobody is left to tell.
            let _ = head.send(Ok(response));
            poll_fn(|cx| accessor.poll_no_interesting_tasks(cx)).await;
            drop(sent);
            Ok(())
        })
        .await?
}
