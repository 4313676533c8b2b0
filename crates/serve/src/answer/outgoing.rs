//! The requests that a guest makes while it answers one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Instant, SystemTime};

use async_trait::async_trait;
use holm_abi::{Body, CallError, Outbound, Sent};
use holm_admin::AppName;
use http::request::Parts;
use http::uri::{Authority, Uri};
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body_util::BodyExt as _;

use super::call::call;
use super::refusal::Refusal;
use super::underway::{Origin, Underway};
use super::{known_of, respond};
use crate::apps::{App, Found, Guest};
use crate::observe::trace::{TRACEPARENT, Trace, propagate};
use crate::observe::{Client, Level, Observer, RequestId};

/// How many calls between guests one request may lead to, one below the other. More is a loop.
const MOST_HOPS: u8 = 16;

/// What the server has to do with the requests of one guest while it answers one.
pub(super) struct Outgoing {
    pub(super) observer: Arc<Observer>,
    /// Who makes them.
    pub(super) guest: Arc<Guest>,
    /// Its app, if it may call others in it.
    pub(super) app: Option<Arc<App>>,
    /// What it answers with them.
    pub(super) request: RequestId,
    /// How many calls between guests led to that.
    pub(super) hops: u8,
    /// Where that was sent to, which is where the app is served.
    pub(super) authority: Option<Authority>,
    /// The trace that they are part of.
    pub(super) traced: Option<Traced>,
}

#[async_trait]
impl Outbound for Outgoing {
    fn begin(&self, request: &mut Parts) -> Option<Box<dyn Sent>> {
        self.traced.as_ref()?.begin(&self.observer, &self.guest.app, self.request, request)
    }

    async fn call(&self, name: &str, request: Request<Body>) -> Result<Response<Body>, CallError> {
        let app = self.app.as_ref().ok_or(CallError::NotFound)?;
        let named = |guest: &&Arc<Guest>| guest.spec.name.as_deref() == Some(name);
        let guest = app.guests.iter().find(named).ok_or(CallError::NotFound)?;
        self.check_hops(guest)?;
        let account = self.account(&request);
        call(guest, app, request, account).await
    }

    async fn call_app(&self, mut request: Request<Body>) -> Result<Response<Body>, CallError> {
        let app = self.app.as_ref().ok_or(CallError::NotFound)?;
        if let Some(authority) = &self.authority {
            let mut parts = std::mem::take(request.uri_mut()).into_parts();
            parts.authority = Some(authority.clone());
            *request.uri_mut() = Uri::from_parts(parts).map_err(|_| CallError::NotFound)?;
        }
        let path = request.uri().path().to_owned();
        let mut account = self.account(&request);
        let response = match app.find(&path) {
            Some(Found::Guest { guest, matched, prefix, .. }) => {
                self.check_hops(&guest)?;
                account.came_by(prefix, matched);
                return call(&guest, app, request, account).await;
            }
            Some(Found::Known(app)) => known_of(&app, &path, account),
            None => respond(Err(Refusal::NoRoute), account),
        };
        Ok(response.map(|answer| answer.boxed_unsync()))
    }
}

impl Outgoing {
    fn check_hops(&self, asked: &Guest) -> Result<(), CallError> {
        if self.hops < MOST_HOPS {
            return Ok(());
        }
        self.tell_of_loop(asked);
        Err(CallError::Loop)
    }

    fn account(&self, request: &Request<Body>) -> Box<Underway> {
        let origin =
            Origin { peer: None, scheme: "http", caller: Some(self.request), hops: self.hops + 1, occasion: None };
        Box::new(Underway::begin(&self.observer, request, origin))
    }

    fn tell_of_loop(&self, asked: &Guest) {
        let (from, to) = (self.guest.name(), asked.name());
        let text =
            format!("{from} may not call {to}: {MOST_HOPS} calls between guests led to it already, as in a loop");
        self.guest.seen.log.server(Level::Warn, Some(self.guest.version()), Some(self.request), &text);
    }
}

/// Makes the requests of a guest part of the trace of the one it answers.
pub(super) struct Traced {
    trace: Trace,
    state: Option<HeaderValue>,
    /// How many there were.
    number: AtomicU64,
}

impl Traced {
    pub(super) fn new(trace: Trace, state: Option<HeaderValue>) -> Self {
        Self { trace, state, number: AtomicU64::new(0) }
    }

    fn begin(
        &self,
        observer: &Arc<Observer>,
        app: &AppName,
        answers: RequestId,
        request: &mut Parts,
    ) -> Option<Box<dyn Sent>> {
        let recording = observer.spans.is_some();
        let trace = self.trace.child(self.number.fetch_add(1, Relaxed));
        // Without spans of ours in between, what is asked goes on with the client's.
        let parent = if recording { Some(trace.sent()) } else { self.trace.received() };
        // A guest that traces by itself knows better.
        if let Some(parent) = parent.filter(|_| !request.headers.contains_key(TRACEPARENT)) {
            propagate(&mut request.headers, parent, self.state.as_ref());
        }
        if !recording || !trace.is_sampled() {
            return None;
        }
        let client = Client {
            trace,
            trace_state: self.state.clone(),
            method: request.method.clone(),
            uri: request.uri.clone(),
            app: app.clone(),
            request: answers,
            begun: (SystemTime::now(), Instant::now()),
            answered: None,
            failed: None,
        };
        Some(Box::new(Recorded { observer: Arc::clone(observer), client }))
    }
}

/// A request whose span is recorded when it is over.
struct Recorded {
    observer: Arc<Observer>,
    client: Client,
}

impl Sent for Recorded {
    fn answered(&mut self, status: StatusCode, version: Version) {
        self.client.answered = Some((status, version));
    }

    fn failed(&mut self, why: &str) {
        self.client.failed = Some(why.to_owned());
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        if let Some(spans) = &self.observer.spans {
            spans.client(&self.client);
        }
    }
}

#[cfg(test)]
mod tests {
    use holm_manifest::server::{LogFormat, Telemetry};
    use http::Request;

    use super::*;
    use crate::observe::trace::{TRACESTATE, TraceParent};
    use crate::observe::{Log, Spans};

    const SENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn observer(sample: Option<f64>) -> Arc<Observer> {
        let log = Log::to(LogFormat::Text, true, std::io::sink()).unwrap();
        let telemetry = |sample| Telemetry { otlp: "http://127.0.0.1:1".into(), service_name: "holm".into(), sample };
        let spans = sample.map(|sample| Spans::start(&telemetry(sample), log.clone()).unwrap());
        Arc::new(Observer::new(log, spans))
    }

    fn traced(observer: &Observer, sent: Option<&str>) -> Option<Traced> {
        let trace = observer.trace(observer.ids.request(), sent.and_then(TraceParent::parse))?;
        Some(Traced::new(trace, sent.map(|_| HeaderValue::from_static("vendor=1"))))
    }

    /// What a request says that goes out, and whether its span is recorded.
    fn sent(observer: &Arc<Observer>, traced: &Traced, headers: &[(&'static str, &str)]) -> (Vec<String>, bool) {
        let mut request = Request::get("http://a.example/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let app = "app".parse().unwrap();
        let recorded = traced.begin(observer, &app, observer.ids.request(), &mut parts).is_some();
        let said = [TRACEPARENT, TRACESTATE].iter().flat_map(|name| parts.headers.get_all(*name));
        (said.map(|value| value.to_str().unwrap().to_owned()).collect(), recorded)
    }

    #[test]
    fn each_request_of_a_guest_is_a_span_of_its_own() {
        let observer = observer(Some(0.0));
        let traced = traced(&observer, Some(SENT)).unwrap();
        let (first, recorded) = sent(&observer, &traced, &[]);
        let (second, _) = sent(&observer, &traced, &[]);
        let ids = |said: &[String]| TraceParent::parse(&said[0]).map(|sent| (sent.trace, sent.parent)).unwrap();
        let trace = traced.trace;
        assert_eq!((ids(&first), ids(&second)), ((trace.id, trace.child(0).span), (trace.id, trace.child(1).span)));
        assert!(recorded && first[1] == "vendor=1");
    }

    #[test]
    fn what_a_guest_says_of_its_trace_is_left_to_it() {
        let observer = observer(Some(1.0));
        let traced = traced(&observer, Some(SENT)).unwrap();
        let own = "00-11111111111111111111111111111111-2222222222222222-00";
        assert_eq!(sent(&observer, &traced, &[(TRACEPARENT, own)]).0, [own]);
        assert_eq!(sent(&observer, &traced, &[(TRACEPARENT, own), (TRACESTATE, "mine=1")]).0, [own, "mine=1"]);
        let (said, _) = sent(&observer, &traced, &[(TRACESTATE, "stray=1")]);
        assert_eq!(said[1..], ["vendor=1"], "a state without a trace is of none");
    }

    #[test]
    fn who_does_not_record_says_so_and_without_telemetry_nothing_is_added() {
        let with = |sample, client| {
            let observer = observer(sample);
            let traced = traced(&observer, client)?;
            Some(sent(&observer, &traced, &[]))
        };
        let (said, recorded) = with(Some(0.0), None).unwrap();
        assert!(said.len() == 1 && said[0].ends_with("-00") && !recorded, "{said:?}");
        let (said, recorded) = with(Some(1.0), None).unwrap();
        assert!(said.len() == 1 && said[0].ends_with("-01") && recorded, "{said:?}");
        assert!(with(None, None).is_none());
        assert_eq!(with(None, Some(SENT)).unwrap(), (vec![SENT.to_owned(), "vendor=1".to_owned()], false));
    }

    #[test]
    fn about_the_configured_share_of_traces_is_recorded() {
        let observer = observer(Some(0.25));
        let sampled =
            (0..10_000).filter(|_| observer.trace(observer.ids.request(), None).unwrap().is_sampled()).count();
        assert!((2_000..3_000).contains(&sampled), "{sampled}");
    }
}
