//! What guests are told of their calls.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use holm_abi::Body;
use holm_engine::Usage;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use super::messages::Inbox;
use super::{INTERNAL, UNAVAILABLE, UNKNOWN, dial};
use crate::head::Head;
use crate::plugin::Plugin;
use crate::site::Site;
use crate::state::ROOT;
use crate::vm::{Inner, Vm};

/// Whom a call belongs to.
pub(super) struct Told {
    pub(super) plugin: Arc<Plugin>,
    pub(super) vm: Weak<Vm>,
    pub(super) token: u32,
    /// That of the exchange in which it began.
    pub(super) usage: Option<Arc<Usage>>,
}

/// How a call ended.
#[derive(Debug)]
struct End {
    status: u32,
    message: String,
    /// Boxed, since ends are errors too.
    trailers: Box<HeaderMap>,
}

impl End {
    fn new(status: u32) -> Self {
        Self { status, message: String::new(), trailers: Box::default() }
    }

    /// As the trailers say, or the head of a response that has none.
    fn of(trailers: HeaderMap) -> Self {
        let text = |name: &str| trailers.get(name).and_then(|value| value.to_str().ok());
        let status = text("grpc-status").and_then(|status| status.parse().ok()).unwrap_or(UNKNOWN);
        let message = text("grpc-message").map(|text| percent_decode_str(text).decode_utf8_lossy().into_owned());
        Self { status, message: message.unwrap_or_default(), trailers: Box::new(trailers) }
    }
}

/// Something that a guest is told.
enum News {
    Initial(HeaderMap),
    Message(Bytes),
    /// Trailers, which come before the end of a stream.
    Trailing(HeaderMap),
    End(u32, String),
}

impl Told {
    /// Says whether the call goes on.
    async fn tell(&self, news: News, last: bool) -> bool {
        let Some(vm) = self.vm.upgrade() else { return false };
        let token = self.token;
        let told = vm.run(self.usage.as_ref(), move |inner| Box::pin(tell(inner, token, news, last)));
        match told.await {
            Ok(goes_on) => goes_on,
            Err(error) => {
                crate::log::failed(&self.plugin, "a call over gRPC", &error);
                false
            }
        }
    }
}

async fn tell(inner: &mut Inner, token: u32, news: News, last: bool) -> wasmtime::Result<bool> {
    let state = inner.store.data_mut();
    if !state.calls.grpc.contains_key(&token) {
        return Ok(false);
    }
    if last {
        state.calls.grpc.remove(&token);
    }
    let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let exports = Arc::clone(&inner.exports);
    let (function, number) = match news {
        News::Initial(headers) => {
            let head = Head::trailers(headers);
            let count = head.len();
            state.answer.grpc_initial = Some(head);
            (&exports.grpc_initial, count)
        }
        News::Message(message) => {
            let size = length(message.len());
            state.answer.grpc_message = Some(message);
            (&exports.grpc_message, size)
        }
        News::Trailing(headers) => {
            let head = Head::trailers(headers);
            let count = head.len();
            state.answer.grpc_trailing = Some(head);
            (&exports.grpc_trailing, count)
        }
        News::End(status, message) => {
            (state.answer.status, state.answer.status_message) = (status, message);
            (&exports.grpc_close, status)
        }
    };
    let told = match function {
        Some(function) => inner.call(ROOT, function, (ROOT, token, number)).await,
        None => Ok(()),
    };
    let state = inner.store.data_mut();
    (state.answer.grpc_initial, state.answer.grpc_trailing, state.answer.grpc_message) = (None, None, None);
    state.answer.status_message.clear();
    let goes_on = state.calls.grpc.contains_key(&token);
    told.map(|()| goes_on)
}

/// A single call: its answer, or how it failed.
pub(super) async fn unary(told: Told, site: Site, request: Request<Body>, limit: Option<Duration>) {
    let asked = answer(&told.plugin, &site, request);
    let answer = match limit {
        Some(limit) => timeout(limit, asked).await.unwrap_or_else(|_| Err(End::new(UNAVAILABLE))),
        None => asked.await,
    };
    let news = match answer {
        Ok(message) => News::Message(message),
        Err(end) => News::End(end.status, end.message),
    };
    told.tell(news, true).await;
}

async fn answer(plugin: &Plugin, site: &Site, request: Request<Body>) -> Result<Bytes, End> {
    let response = dial::send(plugin, site, request).await.ok_or_else(|| End::new(UNAVAILABLE))?;
    let (headers, mut body) = begun(response)?;
    let (mut inbox, mut message) = (Inbox::default(), None);
    let mut end = None;
    while let Some(frame) = body.frame().await {
        match frame.map_err(|_| End::new(INTERNAL))?.into_data() {
            Ok(data) => {
                inbox.add(&data);
                while let Some(next) = inbox.next().map_err(|_| End::new(INTERNAL))? {
                    message = Some(next);
                }
            }
            Err(frame) => end = frame.into_trailers().ok(),
        }
    }
    let end = End::of(end.unwrap_or(headers));
    match message {
        Some(message) if end.status == 0 => Ok(message),
        None if end.status == 0 => Err(End::new(INTERNAL)),
        _ => Err(end),
    }
}

/// The headers of a response that is one of gRPC.
fn begun(response: Response<Body>) -> Result<(HeaderMap, Body), End> {
    let (parts, body) = response.into_parts();
    match parts.status {
        StatusCode::OK => Ok((parts.headers, body)),
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            Err(End::new(UNAVAILABLE))
        }
        _ => Err(End::new(UNKNOWN)),
    }
}

/// A stream: everything that comes, and then its end.
pub(super) async fn stream(told: Told, site: Site, request: Request<Body>) {
    let end = match receive(&told, &site, request).await {
        Ok(Some(end)) | Err(end) => end,
        // The guest does not want to hear more.
        Ok(None) => return,
    };
    if told.tell(News::Trailing(*end.trailers), false).await {
        told.tell(News::End(end.status, end.message), true).await;
    }
}

/// `None`: the guest ended it.
async fn receive(told: &Told, site: &Site, request: Request<Body>) -> Result<Option<End>, End> {
    let response = dial::send(&told.plugin, site, request).await.ok_or_else(|| End::new(UNAVAILABLE))?;
    let (headers, mut body) = begun(response)?;
    // A response without a body says all in its head.
    if headers.contains_key("grpc-status") {
        return Ok(Some(End::of(headers)));
    }
    if !told.tell(News::Initial(headers), false).await {
        return Ok(None);
    }
    let (mut inbox, mut end) = (Inbox::default(), None);
    while let Some(frame) = body.frame().await {
        match frame.map_err(|_| End::new(INTERNAL))?.into_data() {
            Ok(data) => {
                inbox.add(&data);
                while let Some(message) = inbox.next().map_err(|_| End::new(INTERNAL))? {
                    if !told.tell(News::Message(message), false).await {
                        return Ok(None);
                    }
                }
            }
            Err(frame) => end = frame.into_trailers().ok(),
        }
    }
    Ok(Some(end.map_or_else(|| End::new(INTERNAL), End::of)))
}
