//! HTTP as Spin had it before `wasi:http`: requests out, and the types that requests in are made of too.
//!
//! Signatures and which error is which: spinframework/spin, `wit/deps/spin@unversioned/http.wit` and `http-types.wit`,
//! `crates/factor-outbound-http/src/spin.rs`.

mod hop;
mod types;

use holm_abi::Body;
use holm_wasi::{Requests, State};
use http_body_util::BodyExt as _;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;
use wasmtime_wasi_http::Error as WasiError;

use hop::Hop;
pub(crate) use types::{HttpError, Method, Request, Response, lines};

pub(crate) const OUTBOUND: &str = "fermyon:spin/http";

/// The most bytes of one body, which is whole in the host's memory and in the guest's.
const MOST_BODY: usize = 64 << 20;
/// How often a request is led elsewhere, as in Spin's client.
const REDIRECTS: usize = 10;

pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.instance(OUTBOUND)?.func_wrap_async(
        "send-request",
        |state: StoreContextMut<'_, State>, (request,): (Request,)| {
            let requests = state.data().requests();
            Box::new(async move { Ok((send(&requests, request).await,)) })
        },
    )
}

/// Sends a request, and follows where it leads. Every hop is checked like the first.
pub(crate) async fn send(requests: &Requests, asked: Request) -> Result<Response, HttpError> {
    let mut hop = Hop::of(asked)?;
    for _ in 0..=REDIRECTS {
        let response = requests.send(hop.request()?).await.map_err(refusal)?;
        match hop.led_by(&response)? {
            Some(next) => hop = next,
            None => return read(response).await,
        }
    }
    Err(HttpError::RuntimeError)
}

async fn read(response: ::http::Response<Body>) -> Result<Response, HttpError> {
    let (head, body) = response.into_parts();
    let body = whole(body).await.map_err(|_| HttpError::RuntimeError)?;
    Ok(Response { status: head.status.as_u16(), headers: Some(lines(&head.headers)), body: Some(body) })
}

/// A body that broke off, or has more than [`MOST_BODY`] bytes.
pub(crate) struct NotWhole;

/// All of a body.
pub(crate) async fn whole(mut body: Body) -> Result<Vec<u8>, NotWhole> {
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| NotWhole)?;
        let Some(data) = frame.data_ref() else { continue };
        if all.len() + data.len() > MOST_BODY {
            return Err(NotWhole);
        }
        all.extend_from_slice(data);
    }
    Ok(all)
}

fn refusal(error: WasiError) -> HttpError {
    match error {
        WasiError::HttpRequestDenied | WasiError::DestinationIpProhibited => HttpError::DestinationNotAllowed,
        WasiError::HttpRequestUriInvalid => HttpError::InvalidUrl,
        WasiError::ConnectionLimitReached => HttpError::TooManyRequests,
        _ => HttpError::RuntimeError,
    }
}
