//! `wasi-outbound-http`: requests, under the guest's grants. As Spin does, it follows redirects; each is checked like the
//! request itself.
//!
//! Source: spinframework/spin, `wit/ephemeral/{wasi-outbound-http,http-types}.wit`,
//! `crates/factor-outbound-http/src/spin.rs`.

use std::sync::Arc;

use holm_abi::{Body, BodyError, CallError, Outbound, Sent};
use holm_services::http_client::{HttpError, Options};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::BodyExt as _;
use wasmtime::Result;

use super::args::Args;
use super::handler::method;
use super::link::Work;
use super::out::{Out, ROOT};
use super::redirect::{Hop, REDIRECTS, Wrong};
use super::site::Site;
use super::state::{Shared, State};

/// The interface's errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Error {
    DestinationNotAllowed = 1,
    InvalidUrl = 2,
    RequestError = 3,
    RuntimeError = 4,
    TooManyRequests = 5,
}

/// What is answered: the head as it came, and the whole body.
type Answer = std::result::Result<(StatusCode, HeaderMap, Vec<u8>), Error>;

pub(super) fn request(args: &mut Args<'_>) -> Result<Work> {
    let (number, url, headers) = (args.u32()?, args.text()?, args.pairs()?);
    // Deprecated, and never sent by anybody.
    args.pairs()?;
    let body = args.bytes_or_none()?;
    let hop = match method(number) {
        Some(method) => Hop::new(&url, method, &headers, body).map_err(|wrong| match wrong {
            Wrong::Url => Error::InvalidUrl,
            Wrong::Header => Error::RuntimeError,
        }),
        None => Err(Error::RequestError),
    };
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let answer = match hop {
                Ok(hop) => follow(state, hop).await?,
                Err(error) => Err(error),
            };
            let out = laid_out(answer);
            state.keep(0)?;
            out.map(Some)
        })
    }))
}

async fn follow(state: &mut State, mut hop: Hop) -> Result<Answer> {
    let (shared, outbound) = (Arc::clone(&state.shared), state.outbound.clone());
    for _ in 0..=REDIRECTS {
        let (response, sent) = match send(&shared, outbound.as_deref(), &hop).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error)),
        };
        match hop.led_by(&response) {
            Some(next) => hop = next,
            None => return read(state, response, sent).await,
        }
    }
    Ok(Err(Error::RuntimeError))
}

type Watched = Option<Box<dyn Sent>>;

async fn send(
    shared: &Shared,
    outbound: Option<&dyn Outbound>,
    hop: &Hop,
) -> std::result::Result<(Response<Body>, Watched), Error> {
    let site = Site::of(&hop.url, shared);
    if !site.is_granted() {
        return Err(Error::DestinationNotAllowed);
    }
    let (mut head, body) = hop.request().into_parts();
    let mut sent = outbound.and_then(|outbound| outbound.begin(&mut head));
    let request = http::Request::from_parts(head, body);
    let answer = match site.sibling() {
        Some(name) => {
            let request = request.map(|body| body.map_err(|never| match never {}).boxed_unsync());
            call(outbound, &site, name, request).await
        }
        None => dial(shared, &site, request).await,
    };
    match (&answer, &mut sent) {
        (Ok(response), Some(sent)) => sent.answered(response.status(), response.version()),
        (Err((_, why)), Some(sent)) => sent.failed(why),
        _ => {}
    }
    answer.map(|response| (response, sent)).map_err(|(error, _)| error)
}

/// An error, with its name in `wasi:http/types`.
type Named = (Error, &'static str);

/// Hands a request to the guest of the same app that is called `name`.
async fn call(
    outbound: Option<&dyn Outbound>,
    site: &Site<'_>,
    name: &str,
    request: http::Request<Body>,
) -> std::result::Result<Response<Body>, Named> {
    let not_there = (Error::RuntimeError, "destination-not-found");
    if !site.is_where_siblings_answer() {
        return Err((Error::RuntimeError, "connection-refused"));
    }
    let outbound = outbound.ok_or(not_there)?;
    outbound.call(name, request).await.map_err(|error| match error {
        CallError::NotFound => not_there,
        CallError::Loop => (Error::RuntimeError, "loop-detected"),
        CallError::Failed => (Error::RuntimeError, "connection-terminated"),
    })
}

/// Sends a request over the network.
async fn dial(
    shared: &Shared,
    site: &Site<'_>,
    request: http::Request<http_body_util::Full<bytes::Bytes>>,
) -> std::result::Result<Response<Body>, Named> {
    let client = shared.http_client.as_ref().ok_or((Error::RuntimeError, "configuration-error"))?;
    match client.send(request, site, &Options::default()).await {
        Ok(response) => Ok(response.map(|body| body.map_err(BodyError::from).boxed_unsync())),
        Err(HttpError::DestinationIpProhibited { addresses, .. }) => {
            site.refused_at(&addresses);
            Err((Error::DestinationNotAllowed, "destination-IP-prohibited"))
        }
        Err(HttpError::ConnectionLimitReached) => Err((Error::TooManyRequests, "connection-limit-reached")),
        Err(_) => Err((Error::RuntimeError, "internal-error")),
    }
}

/// The whole of a response, which counts as memory of the guest until it has it.
async fn read(state: &mut State, response: Response<Body>, mut sent: Watched) -> Result<Answer> {
    let (head, mut body) = response.into_parts();
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            if let Some(sent) = &mut sent {
                sent.failed("HTTP-response-incomplete");
            }
            return Ok(Err(Error::RuntimeError));
        };
        if let Some(data) = frame.data_ref() {
            state.keep((all.len() as u64).saturating_add(data.len() as u64))?;
            all.extend_from_slice(data);
        }
    }
    Ok(Ok((head.status, head.headers, all)))
}

fn laid_out(answer: Answer) -> Result<Out> {
    let mut out = Out::default();
    let (status, headers, body) = match answer {
        Ok(response) => response,
        Err(error) => {
            out.u8(ROOT, 0, 1);
            out.u8(ROOT, 4, error as u8);
            return Ok(out);
        }
    };
    out.u8(ROOT, 0, 0);
    out.u16(ROOT, 4, status.as_u16());
    // What has no text form is left out, as in Spin.
    let text = |value: &'_ HeaderValue| std::str::from_utf8(value.as_bytes()).ok().map(str::to_owned);
    let headers = headers.iter().filter_map(|(name, value)| Some((name.as_str(), text(value)?)));
    let headers: Vec<_> = headers.collect();
    out.u8(ROOT, 8, 1);
    out.pairs(ROOT, 12, headers.iter().map(|(name, value)| (*name, value.as_str())))?;
    out.u8(ROOT, 20, 1);
    out.bytes(ROOT, 24, body)?;
    Ok(out)
}
