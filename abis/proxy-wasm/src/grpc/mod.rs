//! Calls over gRPC, under grants: single ones, and streams.
//!
//! Source: gRPC over HTTP/2 (`PROTOCOL-HTTP2.md`); what guests are told when is Envoy's (`GrpcCallClientHandler` and
//! `GrpcStreamClientHandler` in its `context.h`).

mod dial;
mod messages;
mod service;
mod tell;

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use holm_abi::Body;
use http::header::{CONTENT_TYPE, TE};
use http::{HeaderValue, Method, Request, Version};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::AbortHandle;

use crate::callout::headers;
use crate::pairs::Pair;
use crate::site::Site;
use crate::state::{CallKind, Calls, State};
use crate::status::{Done, Status};
use messages::Outbox;

/// Statuses of gRPC (its `statuscodes.md`).
const UNKNOWN: u32 = 2;
const INTERNAL: u32 = 13;
const UNAVAILABLE: u32 = 14;

/// Bytes of one message, both ways.
const MOST_MESSAGE: usize = 4 << 20;

/// A call that is under way.
pub(crate) struct Call {
    task: AbortHandle,
    /// Where messages go; `None` when nothing more is to.
    outbox: Option<mpsc::UnboundedSender<(Bytes, OwnedSemaphorePermit)>>,
}

impl Call {
    pub(crate) fn abandon(&self) {
        self.task.abort();
    }
}

/// What a guest says when it calls.
pub(crate) struct Wanted<'a> {
    /// Where to, as for calls over HTTP; or Envoy's `GrpcService` that says so.
    pub(crate) upstream: &'a [u8],
    pub(crate) service: &'a [u8],
    pub(crate) method: &'a [u8],
    pub(crate) metadata: Vec<Pair<'a>>,
    /// The only message, and how many milliseconds there are for an answer (0: as many as it takes).
    pub(crate) unary: Option<(&'a [u8], u32)>,
}

/// Begins a call, and returns its token.
pub(crate) fn begin(state: &mut State, wanted: &Wanted<'_>) -> Done<u32> {
    let (site, mut request) = request(state, wanted).ok_or(Status::ParseFailure)?;
    let kind = if wanted.unary.is_some() { CallKind::GrpcCall } else { CallKind::GrpcStream };
    let (sender, outbox) = mpsc::unbounded_channel();
    let mut sender = Some(sender);
    let mut limit = None;
    if let Some((message, timeout)) = wanted.unary {
        put(state, sender.as_ref(), message)?;
        sender = None;
        limit = (timeout > 0).then(|| Duration::from_millis(timeout.into()));
    }
    *request.body_mut() = Outbox(outbox).boxed_unsync();
    let token = state.calls.token(kind).ok_or(Status::InternalFailure)?;
    let usage = state.stream().map(|stream| Arc::clone(&stream.exchange.usage));
    let told = tell::Told { plugin: Arc::clone(&state.plugin), vm: Weak::clone(&state.vm), token, usage };
    let task = match kind {
        CallKind::GrpcStream => tokio::spawn(tell::stream(told, site, request)),
        _ => tokio::spawn(tell::unary(told, site, request, limit)),
    };
    state.calls.grpc.insert(token, Call { task: task.abort_handle(), outbox: sender });
    Ok(token)
}

fn request(state: &State, wanted: &Wanted<'_>) -> Option<(Site, Request<Body>)> {
    let text = |bytes| std::str::from_utf8(bytes).ok();
    let upstream = service::upstream(wanted.upstream)?;
    let path = format!("/{}/{}", text(wanted.service)?, text(wanted.method)?);
    let authority = wanted.metadata.iter().find(|(name, _)| *name == b":authority");
    let authority = authority.and_then(|(_, value)| text(value));
    let site = Site::of(&state.plugin, &upstream, authority, None, &path)?;
    let mut headers = headers(&wanted.metadata)?;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    if let Some((_, timeout @ 1..)) = wanted.unary {
        // Eight digits at most.
        let timeout = timeout.min(99_999_999);
        headers.insert("grpc-timeout", HeaderValue::from_str(&format!("{timeout}m")).ok()?);
    }
    let mut request = Request::new(http_body_util::Empty::new().map_err(|never| match never {}).boxed_unsync());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = site.uri.clone();
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = headers;
    Some((site, request))
}

fn put(state: &State, outbox: Option<&mpsc::UnboundedSender<(Bytes, OwnedSemaphorePermit)>>, message: &[u8]) -> Done {
    let outbox = outbox.ok_or(Status::NotFound)?;
    let framed = messages::framed(message).ok_or(Status::InternalFailure)?;
    let permits = u32::try_from(framed.len()).map_err(|_| Status::InternalFailure)?;
    let room = Arc::clone(&state.plugin.outgoing).try_acquire_many_owned(permits);
    // Nobody takes what is sent after the end, which the guest is about to be told of.
    let _ = outbox.send((framed, room.map_err(|_| Status::InternalFailure)?));
    Ok(())
}

/// Sends a message over a stream.
pub(crate) fn send(state: &mut State, token: u32, message: &[u8], end: bool) -> Done {
    if Calls::kind(token) != Some(CallKind::GrpcStream) {
        return Err(Status::BadArgument.into());
    }
    let call = state.calls.grpc.get(&token).ok_or(Status::NotFound)?;
    put(state, call.outbox.as_ref(), message)?;
    if end {
        close(state, token)?;
    }
    Ok(())
}

/// Sends no more over a stream; of a single call, wants no answer.
pub(crate) fn close(state: &mut State, token: u32) -> Done {
    match Calls::kind(token) {
        Some(CallKind::GrpcStream) => {
            let call = state.calls.grpc.get_mut(&token).ok_or(Status::NotFound)?;
            call.outbox = None;
            Ok(())
        }
        _ => cancel(state, token),
    }
}

/// Ends a call, of which the guest hears no more.
pub(crate) fn cancel(state: &mut State, token: u32) -> Done {
    match Calls::kind(token) {
        Some(CallKind::GrpcCall | CallKind::GrpcStream) => {
            state.calls.grpc.remove(&token).ok_or(Status::NotFound)?.abandon();
            Ok(())
        }
        _ => Err(Status::BadArgument.into()),
    }
}
