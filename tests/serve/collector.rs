//! A collector of OpenTelemetry, which reads what it gets by the official definitions.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;

use crate::support::PATIENCE;

/// Takes spans until the test ends.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    got: Arc<Got>,
}

#[derive(Default)]
struct Got {
    spans: Mutex<Vec<Span>>,
    more: Condvar,
}

/// A span, for people. Ids are hexadecimal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) kind: SpanKind,
    pub(crate) trace: String,
    pub(crate) id: String,
    /// Empty where the trace begins with it.
    pub(crate) parent: String,
    pub(crate) state: String,
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Span {
    #[track_caller]
    pub(crate) fn attribute(&self, key: &str) -> &str {
        self.attributes.get(key).unwrap_or_else(|| panic!("no {key} in {self:?}"))
    }
}

impl Collector {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, got) = (listener.local_addr().unwrap(), Arc::<Got>::default());
        let collector = Self { address, got: Arc::clone(&got) };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let got = Arc::clone(&got);
                thread::spawn(move || got.serve(&stream.unwrap()));
            }
        });
        collector
    }

    /// The table of a server's configuration that has spans sent here.
    pub(crate) fn telemetry(&self, service: &str, more: &str) -> String {
        format!("[telemetry]\notlp = \"http://{}\"\nservice-name = \"{service}\"\n{more}\n", self.address)
    }

    /// All spans, once there are so many.
    #[track_caller]
    pub(crate) fn spans(&self, number: usize) -> Vec<Span> {
        let deadline = Instant::now() + PATIENCE;
        let mut spans = self.got.spans.lock().unwrap();
        while spans.len() < number {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(left > Duration::ZERO, "{number} spans never came: {spans:#?}");
            spans = self.got.more.wait_timeout(spans, left).unwrap().0;
        }
        assert_eq!(spans.len(), number, "{spans:#?}");
        spans.clone()
    }
}

impl Got {
    /// One connection, until it is closed.
    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        loop {
            let (mut length, mut line) = (0, String::new());
            while reader.read_line(&mut line).is_ok_and(|length| length > 2) {
                let declared = line.to_ascii_lowercase();
                length = declared.strip_prefix("content-length: ").map_or(length, |it| it.trim().parse().unwrap());
                line.clear();
            }
            let mut body = vec![0; length];
            if length == 0 || reader.read_exact(&mut body).is_err() {
                return;
            }
            self.take(ExportTraceServiceRequest::decode(body.as_slice()).unwrap());
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            if (&mut &*stream).write_all(answer).is_err() {
                return;
            }
        }
    }

    fn take(&self, request: ExportTraceServiceRequest) {
        let mut spans = self.spans.lock().unwrap();
        for of_resource in request.resource_spans {
            let resource = attributes(&of_resource.resource.unwrap().attributes);
            for span in of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                spans.push(Span {
                    service: resource["service.name"].clone(),
                    kind: span.kind(),
                    trace: hex(&span.trace_id),
                    id: hex(&span.span_id),
                    parent: hex(&span.parent_span_id),
                    attributes: attributes(&span.attributes),
                    name: span.name,
                    state: span.trace_state,
                });
            }
        }
        self.more.notify_all();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attributes(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let attribute = |attribute: &KeyValue| match attribute.value.as_ref().unwrap().value.as_ref().unwrap() {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        Value::DoubleValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    attributes.iter().map(|one| (one.key.clone(), attribute(one))).collect()
}
