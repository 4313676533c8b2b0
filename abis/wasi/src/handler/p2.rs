//! `wasi:http/incoming-handler` of WASI 0.2 and of the snapshots before it.

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Body, Exchange, HttpHandler, Result};
use holm_engine::within_wall;
use http::{Request, Response};
use tokio::sync::oneshot;
use wasmtime::component::{ComponentExportIndex, InstancePre, Resource, TypedFunc};
use wasmtime::{Engine, Store, bail};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, IncomingRequest, ResponseOutparam, Scheme};
use wasmtime_wasi_http::p2::bindings::{Proxy, ProxyPre};

use super::Handled;
use super::response::{Answer, respond};
use super::reuse::{Idle, Ready};
use crate::direct::{Program, Running};
use crate::http::incoming;
use crate::state::State;

pub(super) struct Handler {
    handled: Arc<Handled>,
    code: Code,
    idle: Option<Arc<Idle<Instance>>>,
}

/// What requests are handed to.
#[derive(Clone)]
enum Code {
    Component(ProxyPre<State>),
    /// Of a snapshot before the release, and which of its functions is the handler's.
    Snapshot(InstancePre<State>, ComponentExportIndex),
    /// Its only core module.
    Lone(Program),
}

/// What became of it.
enum Instance {
    Component(Proxy),
    Snapshot(Handle),
    Lone(Running),
}

type Handle = TypedFunc<(Resource<IncomingRequest>, Resource<ResponseOutparam>), ()>;

impl Handler {
    /// Of a component that exports the interface under this name.
    pub(super) fn snapshot(handled: Arc<Handled>, pre: &InstancePre<State>, name: &str) -> wasmtime::Result<Self> {
        let component = pre.component();
        let interface = component.get_export_index(None, name);
        match interface.and_then(|interface| component.get_export_index(Some(&interface), "handle")) {
            Some(handle) => Ok(Self::new(handled, Code::Snapshot(pre.clone(), handle))),
            None => bail!("`{name}` has no function `handle`"),
        }
    }

    pub(super) fn component(handled: Arc<Handled>, pre: &InstancePre<State>) -> wasmtime::Result<Self> {
        Ok(Self::new(handled, Code::Component(ProxyPre::new(pre.clone())?)))
    }

    pub(super) fn lone(handled: Arc<Handled>, program: Program) -> Self {
        Self::new(handled, Code::Lone(program))
    }

    fn new(handled: Arc<Handled>, code: Code) -> Self {
        let idle = handled.services.host.reuse.as_ref().map(Idle::new);
        Self { handled, code, idle }
    }
}

impl Code {
    fn engine(&self) -> &Engine {
        match self {
            Code::Component(pre) => pre.engine(),
            Code::Snapshot(pre, _) => pre.component().engine(),
            Code::Lone(program) => program.engine(),
        }
    }

    async fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Instance> {
        Ok(match self {
            Code::Component(pre) => Instance::Component(Box::pin(pre.instantiate_async(store)).await?),
            Code::Snapshot(pre, handle) => {
                let instance = Box::pin(pre.instantiate_async(&mut *store)).await?;
                Instance::Snapshot(instance.get_typed_func(store, handle)?)
            }
            Code::Lone(program) => Instance::Lone(program.instantiate(store).await?),
        })
    }
}

impl Instance {
    async fn handle(
        &self,
        store: &mut Store<State>,
        request: Resource<IncomingRequest>,
        out: Resource<ResponseOutparam>,
    ) -> wasmtime::Result<()> {
        match self {
            Instance::Component(proxy) => {
                Box::pin(proxy.wasi_http_incoming_handler().call_handle(store, request, out)).await
            }
            Instance::Snapshot(handle) => Box::pin(handle.call_async(store, (request, out))).await,
            Instance::Lone(running) => running.call(store, &request, &out).await,
        }
    }
}

#[async_trait]
impl HttpHandler for Handler {
    async fn handle(&self, request: Request<Body>, exchange: Exchange) -> Result<Response<Body>> {
        let (handled, code) = (Arc::clone(&self.handled), self.code.clone());
        let mut ready = handled.ready(code.engine(), &exchange, self.idle.as_ref())?;
        let (idle, (send, head)) = (self.idle.clone(), oneshot::channel());
        let guest = async move {
            let limits = &handled.services.host.limits;
            let called = within_wall(limits, pin!(call(&code, &mut ready, request, send))).await;
            handled.ended(ready, called, idle)
        };
        respond(Box::pin(guest), head, &exchange, &self.handled.guest.name).await
    }
}

/// Hands an instance of the guest, which is made if there is none, the request.
async fn call(
    code: &Code,
    ready: &mut Ready<Instance>,
    request: Request<Body>,
    head: oneshot::Sender<Answer>,
) -> wasmtime::Result<()> {
    let scheme = match request.uri().scheme_str() {
        Some("https") => Scheme::Https,
        _ => Scheme::Http,
    };
    let Ready { store, instance, .. } = ready;
    let instance = match instance {
        Some(instance) => instance,
        None => instance.insert(code.instantiate(store).await?),
    };
    let mut http = store.data_mut().http();
    let request = http.new_incoming_request(scheme, request.map(incoming))?;
    let out = http.new_response_outparam_from_callback(move |answer: Result<_, ErrorCode>| {
        // Whoever waited may be gone; then nobody is left to tell.
        let _ = head.send(answer.map_err(|code| format!("{code:?}")));
    })?;
    instance.handle(store, request, out).await
}
