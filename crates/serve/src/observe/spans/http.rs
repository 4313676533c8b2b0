//! What a span says of an HTTP request, by the semantic conventions of OpenTelemetry
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>), and the message that says it
//! (opentelemetry/proto/trace/v1/trace.proto). The query is nowhere in it, because it may hold secrets.

use std::fmt::Write as _;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use holm_admin::AppName;
use http::{Method, StatusCode, Uri, Version};

use super::wire::{Message, Value};
use crate::observe::access::start;
use crate::observe::trace::Trace;
use crate::observe::{Access, Outcome, RequestId};

const SERVER: u64 = 2;
const CLIENT: u64 = 3;
const STATUS_ERROR: u64 = 2;

/// The numbers of the fields of a `Span`.
mod field {
    pub(super) const TRACE_ID: u32 = 1;
    pub(super) const SPAN_ID: u32 = 2;
    pub(super) const TRACE_STATE: u32 = 3;
    pub(super) const PARENT: u32 = 4;
    pub(super) const NAME: u32 = 5;
    pub(super) const KIND: u32 = 6;
    pub(super) const START: u32 = 7;
    pub(super) const END: u32 = 8;
    pub(super) const ATTRIBUTES: u32 = 9;
    pub(super) const STATUS: u32 = 15;
    pub(super) const FLAGS: u32 = 16;
}

/// Above the flags of the trace: it is known whether the parent is elsewhere, and it is.
const KNOWN_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

/// The span of a request that was answered. `trace` is the one in `access`.
pub(super) fn server(app: Option<&AppName>, access: &Access<'_>, trace: &Trace) -> Message {
    let finished = access.finished;
    let mut span = Span::begin(trace, SERVER, access.trace_state);
    span.name(access.method, access.route);
    let end = SystemTime::now();
    span.time(end.checked_sub(finished.latency).unwrap_or(end), end);
    span.text("url.scheme", access.scheme);
    span.text("url.path", access.path);
    span.server(access.host);
    if let Some(route) = access.route {
        span.text("http.route", route);
    }
    if let Some(peer) = access.peer {
        span.text("client.address", Short::of(peer.ip()).as_str());
    }
    // Between guests of one app none is spoken.
    if access.caller.is_none() {
        span.protocol(access.protocol);
    }
    span.response(finished.status);
    let status = finished.status.filter(StatusCode::is_server_error);
    let error = match finished.outcome {
        Outcome::ClientGone => Some("client_gone"),
        outcome => outcome.problem().map(|(_, name)| name).or_else(|| Some(status.as_ref()?.as_str())),
    };
    if let Some(error) = error {
        span.text("error.type", error);
    }
    span.holm(app, access.request);
    span.guest(access);
    span.end(status.is_some() || matches!(finished.outcome, Outcome::Failed(_)))
}

/// A request that a guest makes.
#[derive(Debug)]
pub(crate) struct Client {
    /// Its place in a trace.
    pub(crate) trace: Trace,
    /// Further words on the trace, as the client of the guest sent them.
    pub(crate) trace_state: Option<http::HeaderValue>,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) app: AppName,
    /// What the guest answers with it.
    pub(crate) request: RequestId,
    pub(crate) begun: (SystemTime, Instant),
    pub(crate) answered: Option<(StatusCode, Version)>,
    /// Why it was not answered, or not wholly.
    pub(crate) failed: Option<String>,
}

impl Client {
    /// Its span, which ends now.
    pub(super) fn span(&self) -> Message {
        let state = self.trace_state.as_ref().and_then(|state| state.to_str().ok());
        let mut span = Span::begin(&self.trace, CLIENT, state);
        span.name(&self.method, None);
        let (begun, since) = self.begun;
        span.time(begun, begun + since.elapsed());
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let scheme = self.uri.scheme_str().unwrap_or_default();
        span.text("url.full", &format!("{scheme}://{host}{}", self.uri.path()));
        span.server(host);
        span.response(self.answered.map(|(status, _)| status));
        let elsewhere =
            self.uri.host().is_none_or(|host| holm_grants::sibling(host).or(holm_grants::chained(host)).is_none());
        if let Some((_, version)) = self.answered.filter(|_| elsewhere) {
            span.protocol(version);
        }
        let status = self.answered.map(|(status, _)| status);
        let status = status.filter(|status| status.is_client_error() || status.is_server_error());
        // Dropped before there was an answer: the guest gave it up, or ended.
        let given_up = self.answered.is_none().then_some("canceled");
        let error = self.failed.as_deref().or(given_up).or_else(|| Some(status.as_ref()?.as_str()));
        if let Some(error) = error {
            span.text("error.type", error);
        }
        span.holm(Some(&self.app), self.request);
        span.end(error.is_some())
    }
}

/// A span that is written.
pub(super) struct Span(Message);

impl Span {
    pub(super) fn begin(trace: &Trace, kind: u64, trace_state: Option<&str>) -> Self {
        let mut span = Message::with_capacity(512);
        span.bytes(field::TRACE_ID, &trace.id.bytes());
        span.bytes(field::SPAN_ID, &trace.span.bytes());
        let mut flags = u32::from(trace.flags);
        if let Some(parent) = trace.parent {
            span.bytes(field::PARENT, &parent.bytes());
            flags |= KNOWN_REMOTE | if kind == SERVER { IS_REMOTE } else { 0 };
        }
        if let Some(state) = trace_state {
            span.text(field::TRACE_STATE, state);
        }
        span.number(field::KIND, kind);
        span.fixed32(field::FLAGS, flags);
        Self(span)
    }

    /// Its name, and the method: `GET /api`. Names are few, so a method that nobody knows is not in it.
    fn name(&mut self, method: &Method, route: Option<&str>) {
        let known = is_known(method);
        let (name, method_name) = if known { (method.as_str(), method.as_str()) } else { ("HTTP", "_OTHER") };
        let route = route.map_or("", start);
        self.0.head(field::NAME, name.len() + if route.is_empty() { 0 } else { 1 + route.len() });
        self.0.0.extend_from_slice(name.as_bytes());
        if !route.is_empty() {
            self.0.0.push(b' ');
            self.0.0.extend_from_slice(route.as_bytes());
        }
        self.text("http.request.method", method_name);
        if !known {
            self.text("http.request.method_original", method.as_str());
        }
    }

    pub(super) fn time(&mut self, start: SystemTime, end: SystemTime) {
        self.0.fixed64(field::START, nanoseconds(start));
        self.0.fixed64(field::END, nanoseconds(end));
    }

    /// Who was asked: a name or an address, and the port where one was named.
    pub(super) fn server(&mut self, host: &str) {
        let (address, port) = split_port(host);
        if !address.is_empty() {
            self.text("server.address", address);
        }
        if let Some(port) = port {
            self.number("server.port", port.into());
        }
    }

    fn protocol(&mut self, version: Version) {
        let version = match version {
            Version::HTTP_10 => "1.0",
            Version::HTTP_11 => "1.1",
            Version::HTTP_2 => "2",
            Version::HTTP_3 => "3",
            _ => return,
        };
        self.text("network.protocol.version", version);
    }

    fn response(&mut self, status: Option<StatusCode>) {
        if let Some(status) = status {
            self.number("http.response.status_code", status.as_u16().into());
        }
    }

    pub(super) fn holm(&mut self, app: Option<&AppName>, request: RequestId) {
        if let Some(app) = app {
            self.text("holm.app", app.as_str());
        }
        self.text("holm.request.id", Short::of(request).as_str());
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.0.attribute(field::ATTRIBUTES, key, Value::Text(start(value)));
    }

    /// What it took, and of whom.
    pub(super) fn guest(&mut self, access: &Access<'_>) {
        if let Some(version) = access.version {
            self.number("holm.version", version);
        }
        if let Some(guest) = access.guest {
            self.text("holm.guest", guest);
        }
        if let Some(cold_start) = access.finished.cold_start {
            self.seconds("holm.cold_start", cold_start);
        }
        self.seconds("holm.cpu_time", access.finished.cpu);
    }

    /// A name that is not made of a method: what is done, and with what.
    pub(super) fn called(&mut self, what: &str, with: &str) {
        let with = start(with);
        self.0.head(field::NAME, what.len() + 1 + with.len());
        self.0.0.extend_from_slice(what.as_bytes());
        self.0.0.push(b' ');
        self.0.0.extend_from_slice(with.as_bytes());
    }

    fn number(&mut self, key: &str, value: u64) {
        self.0.attribute(field::ATTRIBUTES, key, Value::Number(value.cast_signed()));
    }

    fn seconds(&mut self, key: &str, value: Duration) {
        self.0.attribute(field::ATTRIBUTES, key, Value::Double(value.as_secs_f64()));
    }

    pub(super) fn end(mut self, failed: bool) -> Message {
        if failed {
            let mut status = Message::with_capacity(2);
            status.number(3, STATUS_ERROR);
            self.0.message(field::STATUS, &status);
        }
        self.0
    }
}

/// Those of RFC 9110 and RFC 5789.
fn is_known(method: &Method) -> bool {
    [
        Method::GET,
        Method::POST,
        Method::HEAD,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
        Method::PATCH,
        Method::CONNECT,
        Method::TRACE,
    ]
    .contains(method)
}

/// Host and port; an IPv6 address without its brackets.
fn split_port(host: &str) -> (&str, Option<u16>) {
    let (address, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => (address, rest.strip_prefix(':')),
        None => host.rsplit_once(':').map_or((host, None), |(address, port)| (address, Some(port))),
    };
    (address, port.and_then(|port| port.parse().ok()))
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// A short text that needs no allocation: an address or an id.
struct Short {
    bytes: [u8; 48],
    length: usize,
}

impl Short {
    fn of(what: impl std::fmt::Display) -> Self {
        let mut short = Self { bytes: [0; 48], length: 0 };
        // What does not fit is left out.
        let _ = write!(short, "{what}");
        short
    }

    fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl std::fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end).ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
