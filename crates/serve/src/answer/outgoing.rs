//! The requests that a guest makes while it answers one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Instant, SystemTime};

use holm_abi::{Outbound, Sent};
use holm_admin::AppName;
use http::request::Parts;
use http::{HeaderValue, StatusCode, Version};

use crate::observe::trace::{TRACEPARENT, Trace, propagate};
use crate::observe::{Client, Observer, RequestId};

/// Makes the requests of a guest part of the trace of the one it answers.
pub(super) struct Outgoing {
    observer: Arc<Observer>,
    app: AppName,
    request: RequestId,
    trace: Trace,
    trace_state: Option<HeaderValue>,
    /// How many there were.
    number: AtomicU64,
}

impl Outgoing {
    pub(super) fn new(
        observer: Arc<Observer>,
        app: AppName,
        request: RequestId,
        trace: Trace,
        trace_state: Option<HeaderValue>,
    ) -> Self {
        Self { observer, app, request, trace, trace_state, number: AtomicU64::new(0) }
    }
}

impl Outbound for Outgoing {
    fn begin(&self, request: &mut Parts) -> Option<Box<dyn Sent>> {
        let recording = self.observer.spans.is_some();
        let trace = self.trace.child(self.number.fetch_add(1, Relaxed));
        // Without spans of ours in between, what is asked goes on with the client's.
        let parent = if recording { Some(trace.sent()) } else { self.trace.received() };
        // A guest that traces by itself knows better.
        if let Some(parent) = parent.filter(|_| !request.headers.contains_key(TRACEPARENT)) {
            propagate(&mut request.headers, parent, self.trace_state.as_ref());
        }
        if !recording || !trace.is_sampled() {
            return None;
        }
        let client = Client {
            trace,
            trace_state: self.trace_state.clone(),
            method: request.method.clone(),
            uri: request.uri.clone(),
            app: self.app.clone(),
            request: self.request,
            begun: (SystemTime::now(), Instant::now()),
            answered: None,
            failed: None,
        };
        Some(Box::new(Recorded { observer: Arc::clone(&self.observer), client }))
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

    fn outgoing(observer: &Arc<Observer>, sent: Option<&str>) -> Option<Outgoing> {
        let id = observer.ids.request();
        let trace = observer.trace(id, sent.and_then(TraceParent::parse))?;
        let state = sent.map(|_| HeaderValue::from_static("vendor=1"));
        Some(Outgoing::new(Arc::clone(observer), "app".parse().unwrap(), id, trace, state))
    }

    /// What a request says that goes out, and whether its span is recorded.
    fn sent(outgoing: &Outgoing, headers: &[(&'static str, &str)]) -> (Vec<String>, bool) {
        let mut request = Request::get("http://a.example/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let recorded = outgoing.begin(&mut parts).is_some();
        let said = [TRACEPARENT, TRACESTATE].iter().flat_map(|name| parts.headers.get_all(*name));
        (said.map(|value| value.to_str().unwrap().to_owned()).collect(), recorded)
    }

    #[test]
    fn each_request_of_a_guest_is_a_span_of_its_own() {
        let observer = observer(Some(0.0));
        let outgoing = outgoing(&observer, Some(SENT)).unwrap();
        let (first, recorded) = sent(&outgoing, &[]);
        let (second, _) = sent(&outgoing, &[]);
        let ids = |said: &[String]| TraceParent::parse(&said[0]).map(|sent| (sent.trace, sent.parent)).unwrap();
        let trace = outgoing.trace;
        assert_eq!((ids(&first), ids(&second)), ((trace.id, trace.child(0).span), (trace.id, trace.child(1).span)));
        assert!(recorded && first[1] == "vendor=1");
    }

    #[test]
    fn what_a_guest_says_of_its_trace_is_left_to_it() {
        let observer = observer(Some(1.0));
        let outgoing = outgoing(&observer, Some(SENT)).unwrap();
        let own = "00-11111111111111111111111111111111-2222222222222222-00";
        assert_eq!(sent(&outgoing, &[(TRACEPARENT, own)]).0, [own]);
        assert_eq!(sent(&outgoing, &[(TRACEPARENT, own), (TRACESTATE, "mine=1")]).0, [own, "mine=1"]);
        let (said, _) = sent(&outgoing, &[(TRACESTATE, "stray=1")]);
        assert_eq!(said[1..], ["vendor=1"], "a state without a trace is of none");
    }

    #[test]
    fn who_does_not_record_says_so_and_without_telemetry_nothing_is_added() {
        let (said, recorded) = sent(&outgoing(&observer(Some(0.0)), None).unwrap(), &[]);
        assert!(said.len() == 1 && said[0].ends_with("-00") && !recorded, "{said:?}");
        let (said, recorded) = sent(&outgoing(&observer(Some(1.0)), None).unwrap(), &[]);
        assert!(said.len() == 1 && said[0].ends_with("-01") && recorded, "{said:?}");
        assert!(outgoing(&observer(None), None).is_none());
        assert_eq!(
            sent(&outgoing(&observer(None), Some(SENT)).unwrap(), &[]),
            (vec![SENT.into(), "vendor=1".into()], false)
        );
    }

    #[test]
    fn about_the_configured_share_of_traces_is_recorded() {
        let observer = observer(Some(0.25));
        let sampled =
            (0..10_000).filter(|_| observer.trace(observer.ids.request(), None).unwrap().is_sampled()).count();
        assert!((2_000..3_000).contains(&sampled), "{sampled}");
    }
}
