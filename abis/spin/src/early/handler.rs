//! `handle-http-request`.
//!
//! Source: spinframework/spin, `wit/ephemeral/{spin-http,http-types}.wit`, `crates/trigger-http/src/spin.rs`.

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Body, Error, Exchange, HttpHandler, Kind, Result};
use holm_engine::{Metered, within_wall};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use wasmtime::Store;

use super::HANDLE_HTTP;
use super::args::Reader;
use super::link::settle;
use super::out::{Out, ROOT};
use super::program::Program;
use super::state::State;
use crate::exports::{answer, empty};
use crate::http::Method;

/// A guest that is handed HTTP requests, each on an instance of its own.
pub(super) struct Handler {
    program: Arc<Program>,
}

impl Handler {
    pub(super) fn new(program: &Arc<Program>) -> Self {
        Self { program: Arc::clone(program) }
    }
}

#[async_trait]
impl HttpHandler for Handler {
    async fn handle(&self, request: Request<Body>, exchange: Exchange) -> Result<Response<Body>> {
        let Some(method) = Method::of(request.method()) else { return Ok(empty(StatusCode::METHOD_NOT_ALLOWED)) };
        let program = &*self.program;
        let mut store = program.store(&exchange)?;
        let guest = Metered::new(Arc::clone(&exchange.usage), Box::pin(call(program, &mut store, method, request)));
        let called = within_wall(&program.shared.host.limits, pin!(guest)).await;
        program.ended(&mut store, called)
    }
}

/// What the guest takes: a number for the method; URI, headers and parameters, each an address and a length; whether there is
/// a body, its address and its length.
type Taken = (u32, u32, u32, u32, u32, u32, u32, u32, u32, u32);

async fn call(
    program: &Program,
    store: &mut Store<State>,
    method: Method,
    request: Request<Body>,
) -> wasmtime::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let body = read(store, body).await?;
    let (instance, link) = program.start(store).await?;
    let handle = instance.get_typed_func::<Taken, u32>(&mut *store, HANDLE_HTTP)?;
    let root = settle(&mut *store, &link, laid_out(method, &head, body)?).await?;
    store.data_mut().keep(0)?;
    let at = handle.call_async(&mut *store, taken(&Reader::new(&root))?).await?;
    response(&Reader::new(link.memory()?.data(&*store)), at)
}

/// The whole body, which counts as memory of the guest until it has it.
async fn read(store: &mut Store<State>, mut body: Body) -> wasmtime::Result<Vec<u8>> {
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Error::new(Kind::NoResponse, format!("the body of the request broke off before the guest had it: {error}"))
        })?;
        if let Some(data) = frame.data_ref() {
            store.data_mut().keep((all.len() as u64).saturating_add(data.len() as u64))?;
            all.extend_from_slice(data);
        }
    }
    Ok(all)
}

/// The request. Nobody puts anything into its parameters any more. Headers that are no text are left out.
fn laid_out(method: Method, head: &Parts, body: Vec<u8>) -> wasmtime::Result<Out> {
    let mut out = Out::default();
    out.u32(ROOT, 0, method as u32);
    out.bytes(ROOT, 4, head.uri.path_and_query().map_or("/", PathAndQuery::as_str))?;
    let text = |value: &HeaderValue| std::str::from_utf8(value.as_bytes()).ok().map(str::to_owned);
    let headers = head.headers.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?)));
    let mut headers: Vec<_> = headers.collect();
    // HTTP/2 says it elsewhere.
    if let Some(authority) = head.uri.authority().filter(|_| !head.headers.contains_key(header::HOST)) {
        headers.push((header::HOST.as_str().to_owned(), authority.to_string()));
    }
    out.pairs(ROOT, 12, headers)?;
    out.list(ROOT, 20, 0, 16, 4)?;
    out.u32(ROOT, 28, 1);
    out.bytes(ROOT, 32, body)?;
    Ok(out)
}

fn taken(root: &Reader<'_>) -> wasmtime::Result<Taken> {
    let n = |number: u32| root.u32(number * 4);
    Ok((n(0)?, n(1)?, n(2)?, n(3)?, n(4)?, n(5)?, n(6)?, n(7)?, n(8)?, n(9)?))
}

/// The response that lies there: a status, headers or none, a body or none.
fn response(guest: &Reader<'_>, at: u32) -> wasmtime::Result<Response<Body>> {
    let place = |offset: u32| at.saturating_add(offset);
    let status = guest.u16(place(0))?;
    let headers = match guest.u8(place(4))? {
        0 => None,
        _ => Some(guest.pairs(guest.u32(place(8))?, guest.u32(place(12))?)?),
    };
    let body = match guest.u8(place(16))? {
        0 => None,
        _ => Some(guest.bytes_at(place(20))?),
    };
    let response = answer(crate::http::Response { status, headers, body });
    response.map_err(|why| Error::new(Kind::NoResponse, why).into())
}
