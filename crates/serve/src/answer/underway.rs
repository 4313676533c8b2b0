//! What is known of a request while it is answered, and told when it ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use holm_abi::{BodyError, Error, Exchange, Kind, Outbound};
use holm_engine::Usage;
use http::uri::{Authority, Uri};
use http::{HeaderValue, Method, Request, StatusCode, Version};
use tokio::sync::OwnedSemaphorePermit;

use super::outgoing::{Outgoing, Traced};
use super::refusal::Refusal;
use super::served::Served;
use crate::apps::{App, Guest, asks};
use crate::front::Connection;
use crate::observe::trace::{Trace, TraceParent, propagate, state_of};
use crate::observe::{Access, Failure, Finished, Held, Observer, Occasion, Outcome, RequestId};
use crate::spin::{self, Matched};

/// Where a request comes from.
pub(super) struct Origin {
    pub(super) peer: Option<SocketAddr>,
    pub(super) scheme: &'static str,
    /// The request that a guest answers with it; `None` for one from a client.
    pub(super) caller: Option<RequestId>,
    /// How many calls between guests led to it.
    pub(super) hops: u8,
    /// What it really is, where it is no request.
    pub(super) occasion: Option<Occasion>,
}

impl Origin {
    /// Of a client's request.
    pub(super) fn of(connection: &Connection) -> Self {
        Self { peer: connection.peer, scheme: connection.scheme(), caller: None, hops: 0, occasion: None }
    }

    /// Of an event.
    pub(super) fn event(occasion: Occasion) -> Self {
        Self { peer: None, scheme: "", caller: None, hops: 0, occasion: Some(occasion) }
    }
}

/// The account of one request. Whatever ends it, dropping this tells the observer.
pub(crate) struct Underway {
    observer: Arc<Observer>,
    pub(super) id: RequestId,
    trace: Option<Trace>,
    trace_state: Option<HeaderValue>,
    start: Instant,
    /// Bytes of its path that its route stands for, if it came by one.
    route: Option<usize>,
    /// That route, in an app of Spin's.
    matched: Option<Arc<Matched>>,
    pub(super) method: Method,
    uri: Uri,
    version: Version,
    origin: Origin,
    guest: Option<Arc<Guest>>,
    /// That of the guest, if it may call others in it.
    app: Option<Arc<App>>,
    // Held for as long as the response goes on.
    _in_flight: Option<Held>,
    /// What its guest has to do with, once it is its turn.
    served: Option<Arc<Served>>,
    /// What became of it, where it is known before the end.
    outcome: Option<Outcome>,
    pub(crate) status: Option<StatusCode>,
    pub(crate) cold: Option<Duration>,
    pub(crate) bytes_out: u64,
    pub(crate) complete: bool,
}

impl Underway {
    pub(super) fn begin<B>(observer: &Arc<Observer>, request: &Request<B>, origin: Origin) -> Self {
        let id = observer.ids.request();
        let sent = TraceParent::of(request.headers());
        Self {
            observer: Arc::clone(observer),
            id,
            trace: observer.trace(id, sent),
            trace_state: sent.and_then(|_| state_of(request.headers())),
            start: Instant::now(),
            route: None,
            matched: None,
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            origin,
            guest: None,
            app: None,
            _in_flight: None,
            served: None,
            outcome: None,
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
    pub(super) fn came_by(&mut self, prefix: &str, matched: Option<Arc<Matched>>) {
        self.route = Some(prefix.len());
        self.matched = matched;
    }

    /// Whether it is for a guest that was made for Spin.
    pub(super) fn is_spin(&self) -> bool {
        self.guest.as_ref().is_some_and(|guest| guest.is_spin())
    }

    /// Tells the guest of the span that its own are part of, if there is one; and one that was made for Spin, by which route
    /// the request came.
    pub(super) fn introduce<B>(&self, request: &mut Request<B>) {
        if let (Some(_), Some(trace)) = (&self.observer.spans, self.trace) {
            propagate(request.headers_mut(), trace.sent(), self.trace_state.as_ref());
        }
        if self.is_spin() {
            let matched = self.matched.as_deref().unwrap_or(Matched::called());
            spin::tell(request, matched, self.route.unwrap_or(0), self.origin.peer);
        }
    }

    /// What the server has to do with the requests of the guest, if it makes any.
    fn outbound(&self) -> Option<Arc<dyn Outbound>> {
        let guest = self.guest.as_ref().filter(|guest| asks(&guest.spec))?;
        if self.trace.is_none() && self.app.is_none() {
            return None;
        }
        Some(Arc::new(Outgoing {
            observer: Arc::clone(&self.observer),
            guest: Arc::clone(guest),
            app: self.app.clone(),
            request: self.id,
            hops: self.origin.hops,
            authority: self.uri.authority().cloned(),
            traced: self.trace.map(|trace| Traced::new(trace, self.trace_state.clone())),
        }))
    }

    /// It is the request's turn, and its guest has these places until its instance is gone, which may be long after
    /// the response has ended.
    pub(super) fn entered(
        &mut self,
        guest: &Guest,
        places: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>),
    ) -> Arc<Served> {
        self._in_flight = Some(guest.seen.stats.begin());
        let served = Served::new(guest, self.id, Usage::of(&guest.seen.account).holding(places));
        self.served = Some(Arc::clone(&served));
        served
    }

    /// What the guest gets beside the request.
    pub(super) fn exchange(&self, served: &Arc<Served>) -> Exchange {
        Exchange {
            usage: Arc::clone(&served.usage),
            observer: Some(Arc::<Served>::clone(served)),
            outbound: self.outbound(),
            peer: self.origin.peer,
            route: self.route.unwrap_or(0),
        }
    }

    /// The guest failed before its response began.
    pub(super) fn failed(&mut self, error: &Error) -> Refusal {
        if let Some(served) = &self.served {
            served.guest_failed(error, served.fault(error.kind()).is_none());
        }
        self.refuse(error.kind())
    }

    /// What to answer in the place of a guest that failed like this.
    fn refuse(&mut self, kind: Kind) -> Refusal {
        let fault = self.served.as_ref().and_then(|served| served.fault(kind));
        let refusal = fault.unwrap_or(Refusal::Guest(kind));
        self.outcome = Some(refusal.outcome().unwrap_or(Outcome::Failed(Failure::from(kind))));
        refusal
    }

    pub(super) fn not_loaded(&mut self, error: &Error) {
        self.outcome = Some(Outcome::Failed(Failure::Load));
        if let Some(served) = &self.served {
            served.guest_failed(error, false);
        }
    }

    /// The guest gave no response in the time it has.
    pub(super) fn failed_in_time(&mut self) -> Refusal {
        let limit = self.guest.as_ref().map_or(Duration::ZERO, |guest| guest.first_byte);
        let upstream = self.guest.as_ref().and_then(|guest| guest.spec.upstream.as_ref());
        let why = match upstream {
            Some(upstream) => format!("the upstream {upstream} gave no response within {limit:?}"),
            None => format!("no response within {limit:?}"),
        };
        let error = Error::new(Kind::OutOfTime, why);
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
        if let Some(kind) = self.told() {
            return self.refuse(kind);
        }
        let why = format!("the body of its response ended with the error: {error}");
        self.failed(&Error::new(Kind::NoResponse, why))
    }

    /// The guest says that it failed, which is no reason to leave it alone.
    pub(super) fn failed_at(&mut self, error: &Error) -> Refusal {
        if let Some(served) = &self.served {
            served.guest_failed(error, false);
        }
        self.refuse(error.kind())
    }

    fn told(&self) -> Option<Kind> {
        self.served.as_ref().and_then(|served| served.told())
    }

    /// It was answered without a guest.
    pub(super) fn told_by_server(&mut self, status: StatusCode) {
        self.status = Some(status);
        self.complete = true;
    }

    pub(super) fn refused(&mut self, refusal: &Refusal) {
        self.outcome = self.outcome.or(refusal.outcome());
        // Its answer is our own, and short.
        self.complete = true;
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        if let (false, None, Some(kind)) = (self.complete, self.outcome, self.told()) {
            self.refuse(kind);
        }
        let outcome = self.outcome.unwrap_or(if self.complete { Outcome::Answered } else { Outcome::ClientGone });
        let served = self.served.as_ref();
        let finished = Finished {
            status: self.status,
            latency: self.start.elapsed(),
            cpu: served.map_or(Duration::ZERO, |served| served.usage.cpu()),
            memory: served.map_or(0, |served| served.usage.memory()),
            bytes_in: served.map_or(0, |served| served.received.bytes.load(Relaxed)),
            bytes_out: self.bytes_out,
            cold_start: self.cold,
            outcome,
        };
        let occasion = self.origin.occasion.as_ref();
        let path = occasion.map_or(self.uri.path(), |occasion| &occasion.name);
        let host = self.uri.authority().map_or("", Authority::as_str);
        let access = Access {
            request: self.id,
            caller: self.origin.caller,
            trace: self.trace,
            trace_state: self.trace_state.as_ref().and_then(|state| state.to_str().ok()),
            version: self.guest.as_ref().map(|guest| guest.version()),
            guest: self.guest.as_ref().and_then(|guest| guest.spec.name.as_deref()),
            route: self.route.map(|length| path.get(..length).filter(|route| !route.is_empty()).unwrap_or("/")),
            method: &self.method,
            scheme: self.origin.scheme,
            host: occasion.map_or(host, |occasion| &occasion.server),
            path,
            occasion,
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
