//! What is known of a request while it is answered, and told when it ends.

use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use holm_abi::{BodyError, Error, Kind, OnFailure, Outbound, Stdio};
use holm_engine::Usage;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version};
use tokio::sync::OwnedSemaphorePermit;

use super::outgoing::{Outgoing, Traced};
use super::refusal::Refusal;
use super::request::Received;
use crate::apps::{App, Guest};
use crate::front::Connection;
use crate::observe::trace::{Trace, TraceParent, propagate, state_of};
use crate::observe::{Access, Failure, Finished, Held, Level, Observer, Outcome, RequestId};

/// Where a request comes from.
pub(super) struct Origin {
    pub(super) peer: Option<SocketAddr>,
    pub(super) scheme: &'static str,
    /// The request that a guest answers with it; `None` for one from a client.
    pub(super) caller: Option<RequestId>,
    /// How many calls between guests led to it.
    pub(super) hops: u8,
}

impl Origin {
    /// Of a client's request.
    pub(super) fn of(connection: &Connection) -> Self {
        Self { peer: connection.peer, scheme: connection.scheme(), caller: None, hops: 0 }
    }
}

/// The account of one request. Whatever ends it, dropping this tells the observer.
pub(crate) struct Underway {
    observer: Arc<Observer>,
    pub(super) id: RequestId,
    trace: Option<Trace>,
    trace_state: Option<HeaderValue>,
    start: Instant,
    route: Option<String>,
    pub(super) method: Method,
    host: String,
    path: String,
    version: Version,
    origin: Origin,
    guest: Option<Arc<Guest>>,
    /// That of the guest, if it may call others in it.
    app: Option<Arc<App>>,
    // Held for as long as the response goes on.
    _in_flight: Option<Held>,
    /// How the guest failed after its response began, which was told.
    told: Arc<OnceLock<Kind>>,
    /// What became of it, where it is known before the end.
    outcome: Option<Outcome>,
    pub(crate) usage: Arc<Usage>,
    pub(crate) received: Arc<Received>,
    pub(crate) status: Option<StatusCode>,
    pub(crate) cold: Option<Duration>,
    pub(crate) bytes_out: u64,
    pub(crate) complete: bool,
}

impl Underway {
    pub(super) fn begin<B>(observer: &Arc<Observer>, request: &Request<B>, origin: Origin) -> Self {
        let uri = request.uri();
        let host = uri.authority().map(|host| host.as_str().as_bytes());
        let host = host.or_else(|| request.headers().get(http::header::HOST).map(|host| host.as_bytes()));
        let id = observer.ids.request();
        let sent = TraceParent::of(request.headers());
        Self {
            observer: Arc::clone(observer),
            id,
            trace: observer.trace(id, sent),
            trace_state: sent.and_then(|_| state_of(request.headers())),
            start: Instant::now(),
            route: None,
            method: request.method().clone(),
            host: String::from_utf8_lossy(host.unwrap_or_default()).into_owned(),
            path: uri.path().to_owned(),
            version: request.version(),
            origin,
            guest: None,
            app: None,
            _in_flight: None,
            told: Arc::default(),
            outcome: None,
            usage: Arc::default(),
            received: Arc::default(),
            status: None,
            cold: None,
            bytes_out: 0,
            complete: false,
        }
    }

    /// It is for `guest`, which may call the guests of `app`, if any.
    pub(super) fn leads_to(&mut self, guest: &Arc<Guest>, app: Option<Arc<App>>) {
        self.guest = Some(Arc::clone(guest));
        self.app = app;
    }

    /// Whether a guest asks, and no client.
    pub(super) fn is_inner(&self) -> bool {
        self.origin.caller.is_some()
    }

    /// It came by a route with this path.
    pub(super) fn came_by(&mut self, prefix: &str) {
        if self.is_recorded() {
            self.route = Some(if prefix.is_empty() { "/" } else { prefix }.to_owned());
        }
    }

    /// Whether a span will say what became of it.
    fn is_recorded(&self) -> bool {
        self.observer.spans.is_some() && self.trace.is_some_and(|trace| trace.is_sampled())
    }

    /// Tells the guest of the span that its own are part of, if there is one.
    pub(super) fn introduce(&self, headers: &mut HeaderMap) {
        if let (Some(_), Some(trace)) = (&self.observer.spans, self.trace) {
            propagate(headers, trace.sent(), self.trace_state.as_ref());
        }
    }

    /// What the server has to do with the requests of the guest, if it makes any.
    pub(super) fn outbound(&self) -> Option<Arc<dyn Outbound>> {
        let guest = self.guest.as_ref().filter(|guest| !guest.spec.grants.http.is_empty())?;
        if self.trace.is_none() && self.app.is_none() {
            return None;
        }
        Some(Arc::new(Outgoing {
            observer: Arc::clone(&self.observer),
            guest: Arc::clone(guest),
            app: self.app.clone(),
            request: self.id,
            hops: self.origin.hops,
            traced: self.trace.map(|trace| Traced::new(trace, self.trace_state.clone())),
        }))
    }

    /// It is the request's turn, and its guest has these places until its instance is gone, which may be long after
    /// the response has ended.
    pub(super) fn entered(&mut self, guest: &Guest, places: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>)) {
        self.usage = Arc::new(Usage::of(&guest.seen.account).holding(places));
        self._in_flight = Some(guest.seen.stats.begin());
    }

    pub(super) fn stdio(&self) -> Option<Stdio> {
        let guest = self.guest.as_ref()?;
        Some(guest.seen.log.stdio(guest.version(), self.id))
    }

    /// Told of a guest that fails after its response began.
    pub(super) fn on_failure(&self) -> OnFailure {
        let (guest, id) = (self.guest.clone(), self.id);
        let (told, received) = (Arc::clone(&self.told), Arc::clone(&self.received));
        Arc::new(move |error| {
            let kind = error.kind();
            let _ = told.set(kind);
            // A client that reads slowly can use up the time that the guest has.
            let of_others = fault(&received, kind).is_some() || kind == Kind::OutOfTime;
            if let Some(guest) = &guest {
                guest_failed(guest, id, error, !of_others);
            }
        })
    }

    /// The guest failed before its response began.
    pub(super) fn failed(&mut self, error: &Error) -> Refusal {
        if let Some(guest) = &self.guest {
            guest_failed(guest, self.id, error, fault(&self.received, error.kind()).is_none());
        }
        self.refuse(error.kind())
    }

    /// What to answer in the place of a guest that failed like this.
    fn refuse(&mut self, kind: Kind) -> Refusal {
        let refusal = fault(&self.received, kind).unwrap_or(Refusal::Guest(kind));
        self.outcome = Some(refusal.outcome().unwrap_or(Outcome::Failed(Failure::from(kind))));
        refusal
    }

    pub(super) fn not_loaded(&mut self, error: &Error) {
        self.outcome = Some(Outcome::Failed(Failure::Load));
        if let Some(guest) = &self.guest {
            guest.seen.failed(guest.version(), self.id, error);
        }
    }

    /// The guest gave no response in the time it has.
    pub(super) fn failed_in_time(&mut self) -> Refusal {
        let limit = self.guest.as_ref().map_or(Duration::ZERO, |guest| guest.first_byte);
        let error = Error::new(Kind::OutOfTime, format!("no response within {limit:?}"));
        self.failed(&error.note("limits.first-byte sets the limit"))
    }

    /// The error of a response that is longer than the guest may send.
    pub(super) fn too_much(&mut self) -> BodyError {
        let limit = self.guest.as_ref().and_then(|guest| guest.spec.limits.max_output).unwrap_or_default();
        let error = Error::new(Kind::OutOfOutput, format!("its response is longer than {limit} bytes"));
        self.failed(&error.note("limits.max-output sets the limit"));
        "the response is longer than its limit".into()
    }

    /// The response broke off. What to answer in its place, if nothing of it was sent.
    pub(super) fn broke(&mut self, error: &BodyError) -> Refusal {
        if let Some(kind) = self.told.get() {
            return self.refuse(*kind);
        }
        let why = format!("the body of its response ended with the error: {error}");
        self.failed(&Error::new(Kind::NoResponse, why))
    }

    pub(super) fn refused(&mut self, refusal: &Refusal) {
        self.outcome = self.outcome.or(refusal.outcome());
        // Its answer is our own, and short.
        self.complete = true;
    }
}

/// Why a guest failed in this way, if it may be for something that is not its own.
fn fault(received: &Received, kind: Kind) -> Option<Refusal> {
    if kind == Kind::HostFull { Some(Refusal::ServerFull) } else { received.fault(kind) }
}

/// `counts`: it is the guest's own doing, and not what any client could bring about.
fn guest_failed(guest: &Guest, id: RequestId, error: &Error, counts: bool) {
    guest.seen.failed(guest.version(), id, error);
    if counts && guest.breaker.failed() {
        let text = "it only fails, so it is left alone for a while";
        guest.seen.log.server(Level::Warn, Some(guest.version()), None, text);
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        if let (false, None, Some(kind)) = (self.complete, self.outcome, self.told.get().copied()) {
            self.refuse(kind);
        }
        let outcome = self.outcome.unwrap_or(if self.complete { Outcome::Answered } else { Outcome::ClientGone });
        let finished = Finished {
            status: self.status,
            latency: self.start.elapsed(),
            cpu: self.usage.cpu(),
            memory: self.usage.memory(),
            bytes_in: self.received.bytes.load(Relaxed),
            bytes_out: self.bytes_out,
            cold_start: self.cold,
            outcome,
        };
        let access = Access {
            request: self.id,
            caller: self.origin.caller,
            trace: self.trace,
            trace_state: self.trace_state.as_ref().and_then(|state| state.to_str().ok()),
            version: self.guest.as_ref().map(|guest| guest.version()),
            guest: self.guest.as_ref().and_then(|guest| guest.spec.name.as_deref()),
            route: self.route.as_deref(),
            method: &self.method,
            scheme: self.origin.scheme,
            host: &self.host,
            path: &self.path,
            protocol: self.version,
            peer: self.origin.peer,
            finished: &finished,
        };
        if let Some(spans) = &self.observer.spans {
            spans.request(self.guest.as_ref().map(|guest| &guest.app), &access);
        }
        match &self.guest {
            Some(guest) => {
                if outcome == Outcome::Answered {
                    guest.breaker.succeeded();
                }
                guest.seen.stats.finished(&finished);
                guest.seen.log.access(&access);
            }
            None => self.observer.log.access(&access),
        }
    }
}
