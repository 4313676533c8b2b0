//! Calls to elsewhere over HTTP, under grants.
//!
//! What the guest is told of those that fail is what Envoy's client tells: a response of the proxy's own where there was
//! none (503, or 504 when time was up), no headers at all where it broke off.

use std::future::ready;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use holm_abi::{Body, BodyError, CallError, Exchange};
use holm_grants::{Ask, Proto, sibling};
use holm_services::http_client::HttpError;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tokio::time::timeout;

use crate::head::Head;
use crate::local::{Asker, LocalReply};
use crate::pairs::Pair;
use crate::plugin::Plugin;
use crate::site::Site;
use crate::state::{CallKind, HttpAnswer, ROOT, State};
use crate::status::{Done, Status};
use crate::vm::Inner;

/// Bytes of a response that are kept for a guest.
const MOST_ANSWERED: usize = 4 << 20;

/// What a guest says when it calls.
pub(crate) struct Wanted<'a> {
    pub(crate) upstream: &'a [u8],
    pub(crate) headers: Vec<Pair<'a>>,
    pub(crate) body: &'a [u8],
    pub(crate) trailers: Vec<Pair<'a>>,
    /// Milliseconds; 0 is no limit of the guest's.
    pub(crate) timeout: u32,
}

/// Begins a call, and returns its token.
pub(crate) fn begin(state: &mut State, wanted: &Wanted<'_>) -> Done<u32> {
    if i32::try_from(wanted.timeout).is_err() {
        return Err(Status::BadArgument.into());
    }
    let (site, request) = request(&state.plugin, wanted).ok_or(Status::BadArgument)?;
    let exchange = state.stream().map(|stream| stream.exchange.clone()).unwrap_or_default();
    let token = state.calls.token(CallKind::Http).ok_or(Status::InternalFailure)?;
    let limit = (wanted.timeout > 0).then(|| Duration::from_millis(wanted.timeout.into()));
    let (plugin, vm) = (Arc::clone(&state.plugin), Weak::clone(&state.vm));
    // Its end is told with the machine to itself, so not before this callback is over.
    let task = tokio::spawn(async move {
        let answer = call(&plugin, &site, request, &exchange, limit).await;
        let Some(vm) = vm.upgrade() else { return };
        let told = vm.run(Some(&exchange.usage), move |inner| Box::pin(tell(inner, token, answer)));
        if let Err(error) = told.await {
            crate::log::failed(&plugin, "the response to a call", &error);
        }
    });
    state.calls.http.insert(token, task.abort_handle());
    Ok(token)
}

/// Makes the request, which must have a method, a path and an authority.
fn request(plugin: &Arc<Plugin>, wanted: &Wanted<'_>) -> Option<(Site, Request<Body>)> {
    let find = |name: &str| {
        let found = wanted.headers.iter().find(|(key, _)| *key == name.as_bytes());
        found.and_then(|(_, value)| std::str::from_utf8(value).ok())
    };
    let (method, path, authority) = (find(":method")?, find(":path")?, find(":authority").or_else(|| find("host"))?);
    let upstream = std::str::from_utf8(wanted.upstream).ok()?;
    let site = Site::of(plugin, upstream, Some(authority), find(":scheme"), path)?;
    let mut headers = headers(&wanted.headers)?;
    // The client's own business, as is where a body ends.
    for name in [http::header::HOST, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    let body = Full::new(Bytes::copy_from_slice(wanted.body));
    let body = match wanted.trailers.as_slice() {
        [] => body.map_err(never).boxed_unsync(),
        trailers => body.with_trailers(ready(Some(Ok(self::headers(trailers)?)))).map_err(never).boxed_unsync(),
    };
    let mut request = Request::new(body);
    *request.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
    *request.uri_mut() = site.uri.clone();
    *request.headers_mut() = headers;
    Some((site, request))
}

fn never(never: std::convert::Infallible) -> BodyError {
    match never {}
}

/// Pairs as headers, pseudo headers left out.
pub(crate) fn headers(pairs: &[Pair<'_>]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs.iter().filter(|(name, _)| !name.starts_with(b":")) {
        let (name, value) = (HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?);
        headers.try_append(name, value).ok()?;
    }
    Some(headers)
}

/// What came of a call; `None`: nothing, or it broke off.
async fn call(
    plugin: &Plugin,
    site: &Site,
    request: Request<Body>,
    exchange: &Exchange,
    limit: Option<Duration>,
) -> Option<HttpAnswer> {
    let began = tokio::time::Instant::now();
    let late = || failure(StatusCode::GATEWAY_TIMEOUT, "upstream request timeout");
    let sent = send(plugin, site, request, exchange);
    let response = match limit {
        Some(limit) => match timeout(limit, sent).await {
            Ok(response) => response,
            Err(_) => return Some(late()),
        },
        None => sent.await,
    };
    let response = match response {
        Ok(response) => response,
        Err(HttpError::ConnectionReadTimeout) => return Some(late()),
        Err(error) => return Some(unanswered(&error)),
    };
    let read = read(response);
    match limit {
        Some(limit) => timeout(limit.saturating_sub(began.elapsed()), read).await.ok().flatten(),
        None => read.await,
    }
}

async fn send(
    plugin: &Plugin,
    site: &Site,
    request: Request<Body>,
    exchange: &Exchange,
) -> Result<Response<Body>, HttpError> {
    let lent = exchange.outbound.as_deref();
    let (mut head, body) = request.into_parts();
    let sent = lent.and_then(|lent| lent.begin(&mut head));
    let request = Request::from_parts(head, body);
    let answer = match (sibling(&site.host), lent) {
        (Some(name), Some(lent)) if site.is_plain() => lent.call(name, request).await.map_err(not_called),
        (Some(_), _) => Err(HttpError::DestinationNotFound { host: site.host.clone() }),
        (None, _) => dial(plugin, site, request).await,
    };
    if let Some(mut sent) = sent {
        match &answer {
            Ok(response) => sent.answered(response.status(), response.version()),
            Err(HttpError::ConnectionReadTimeout) => sent.failed("connection-read-timeout"),
            Err(HttpError::ConnectionRefused) => sent.failed("connection-refused"),
            Err(_) => sent.failed("destination-unavailable"),
        }
    }
    answer
}

fn not_called(error: CallError) -> HttpError {
    match error {
        CallError::NotFound => HttpError::DestinationUnavailable("the app has no guest of this name".into()),
        CallError::Loop => HttpError::DestinationUnavailable("guests call each other in a loop".into()),
        CallError::Failed => HttpError::ConnectionTerminated,
    }
}

async fn dial(plugin: &Plugin, site: &Site, request: Request<Body>) -> Result<Response<Body>, HttpError> {
    let client = plugin.client.as_ref().ok_or_else(|| HttpError::Configuration("there is no client".into()))?;
    let answer = client.send(request, site, &site.options()).await;
    if let Err(HttpError::DestinationIpProhibited { addresses, .. }) = &answer {
        for address in addresses {
            plugin.host.audit.denied(Ask::connect(Proto::Tcp, *address));
        }
    }
    Ok(answer?.map(|body| body.map_err(|error| Box::new(error) as BodyError).boxed_unsync()))
}

/// What Envoy's client answers where there was no response.
fn unanswered(error: &HttpError) -> HttpAnswer {
    let (status, reason) = match error {
        HttpError::ConnectionTerminated | HttpError::HttpResponseIncomplete => {
            (StatusCode::SERVICE_UNAVAILABLE, "connection termination")
        }
        HttpError::HttpProtocolError(_) | HttpError::HttpResponseHeaderSectionSize => {
            (StatusCode::BAD_GATEWAY, "protocol error")
        }
        HttpError::ConnectionLimitReached => (StatusCode::SERVICE_UNAVAILABLE, "overflow"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "remote connection failure"),
    };
    let before = "upstream connect error or disconnect/reset before headers. reset reason: ";
    failure(status, &format!("{before}{reason}"))
}

fn failure(status: StatusCode, body: &str) -> HttpAnswer {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let reply = LocalReply::new(status, body.clone(), "");
    let (mut parts, _) = reply.into_response(Asker::default()).into_parts();
    HttpAnswer { head: Head::response(&mut parts), body, trailers: None }
}

/// The whole response, if it comes to its end and is not too large.
async fn read(response: Response<Body>) -> Option<HttpAnswer> {
    let (mut parts, mut body) = response.into_parts();
    let mut answer = HttpAnswer { head: Head::response(&mut parts), body: Bytes::new(), trailers: None };
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        match frame.ok()?.into_data() {
            Ok(data) if all.len() + data.len() > MOST_ANSWERED => return None,
            Ok(data) => all.extend_from_slice(&data),
            Err(frame) => answer.trailers = frame.into_trailers().ok().map(Head::trailers),
        }
    }
    answer.body = all.freeze();
    Some(answer)
}

/// Tells the guest.
async fn tell(inner: &mut Inner, token: u32, answer: Option<HttpAnswer>) -> wasmtime::Result<()> {
    let (exports, state) = (inner.exports(), inner.store.data_mut());
    let (Some(_), Some(function)) = (state.calls.http.remove(&token), &exports.http_call_response) else {
        return Ok(());
    };
    let (mut headers, mut size, mut trailers) = (0, 0, 0);
    if let Some(answer) = &answer {
        headers = answer.head.len();
        size = u32::try_from(answer.body.len()).unwrap_or(u32::MAX);
        trailers = answer.trailers.as_ref().map_or(0, Head::len);
    } else {
        (state.answer.status, state.answer.status_message) = (Status::BrokenConnection as u32, "reset".into());
    }
    state.answer.http = answer;
    let told = inner.call(ROOT, function, (ROOT, token, headers, size, trailers)).await;
    let answer = &mut inner.store.data_mut().answer;
    answer.http = None;
    answer.status_message.clear();
    told
}
