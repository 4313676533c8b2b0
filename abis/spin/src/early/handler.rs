//! `handle-http-request`.
//!
//! Source: spinframework/spin, `wit/ephemeral/{spin-http,http-types}.wit`, `crates/trigger-http/src/spin.rs`.

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use holm_abi::{Body, Error, Exchange, HttpHandler, Kind, Result};
use holm_engine::{Metered, within_wall};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Full};
use wasmtime::Store;

use super::HANDLE_HTTP;
use super::args::Reader;
use super::link::settle;
use super::out::{Out, ROOT};
use super::program::Program;
use super::state::State;

/// A guest that is handed HTTP requests, each on an instance of its own.
pub(super) struct Handler {
    program: Arc<Program>,
}

impl Handler {
    pub(super) fn new(program: &Arc<Program>) -> Self {
        Self { program: Arc::clone(program) }
    }
}

/// The methods that there are, in the interface's order.
const METHODS: [Method; 7] =
    [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::HEAD, Method::OPTIONS];

/// The method that the interface has this number for.
pub(super) fn method(number: u32) -> Option<Method> {
    METHODS.get(number as usize).cloned()
}

#[async_trait]
impl HttpHandler for Handler {
    async fn handle(&self, request: Request<Body>, exchange: Exchange) -> Result<Response<Body>> {
        let Some(method) = METHODS.iter().position(|method| method == request.method()) else {
            let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            return Ok(response);
        };
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
    method: usize,
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

/// The request. Nobody puts anything into its parameters any more.
fn laid_out(method: usize, head: &Parts, body: Vec<u8>) -> wasmtime::Result<Out> {
    let mut out = Out::default();
    out.u32(ROOT, 0, u32::try_from(method)?);
    out.bytes(ROOT, 4, head.uri.path_and_query().map_or("/", PathAndQuery::as_str))?;
    let text = |(name, value): (&'_ HeaderName, &'_ HeaderValue)| -> wasmtime::Result<(String, String)> {
        match std::str::from_utf8(value.as_bytes()) {
            Ok(value) => Ok((name.as_str().to_owned(), value.to_owned())),
            Err(_) => {
                let why = format!("the request's header `{name}` is not UTF-8, and the guest takes no other");
                Err(Error::new(Kind::NoResponse, why).into())
            }
        }
    };
    let mut headers = head.headers.iter().map(text).collect::<wasmtime::Result<Vec<_>>>()?;
    // HTTP/2 says it elsewhere.
    if let Some(authority) = head.uri.authority().filter(|_| !head.headers.contains_key(header::HOST)) {
        headers.push((header::HOST.as_str().to_owned(), authority.to_string()));
    }
    out.pairs(ROOT, 12, headers.iter().map(|(name, value)| (name.as_str(), value.as_str())))?;
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
    let Some(status) = StatusCode::from_u16(status).ok().filter(|status| status.as_u16() <= 600) else {
        return Err(no_response(format!("it answered with the status {status}")));
    };
    let mut headers = HeaderMap::new();
    if guest.u8(place(4))? != 0 {
        for (name, value) in guest.pairs(guest.u32(place(8))?, guest.u32(place(12))?)? {
            append(&mut headers, &name, &value)?;
        }
    }
    let body = match guest.u8(place(16))? {
        0 => Bytes::new(),
        _ => Bytes::copy_from_slice(guest.bytes(guest.u32(place(20))?, guest.u32(place(24))?)?),
    };
    let mut response = Response::new(Full::new(body).map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

fn append(headers: &mut HeaderMap, name: &str, value: &str) -> wasmtime::Result<()> {
    let wrong = || no_response(format!("the header `{}` of its response is none", name.escape_debug()));
    let key = HeaderName::try_from(name).map_err(|_| wrong())?;
    let value = HeaderValue::try_from(value).map_err(|_| wrong())?;
    headers.try_append(key, value).map_err(|_| no_response("its response has too many headers".to_owned()))?;
    Ok(())
}

fn no_response(why: String) -> wasmtime::Error {
    Error::new(Kind::NoResponse, why).into()
}
