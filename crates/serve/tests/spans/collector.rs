//! A collector that does as it is told, and requests to record.

use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use holm_manifest::server::{LogFormat, Telemetry};
use holm_serve::observe::trace::TraceParent;
use holm_serve::observe::{Access, Finished, Ids, Log, Outcome, Spans};
use http::{Method, StatusCode, Version};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;

/// Long enough for a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// An HTTP server that answers as `answers` say, one after the other, the last for ever.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    received: Receiver<ExportTraceServiceRequest>,
}

impl Collector {
    pub(crate) fn answering(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, received) = channel();
        let mut answers: Vec<Vec<u8>> = answers.iter().rev().map(|answer| answer.as_bytes().to_vec()).collect();
        thread::spawn(move || {
            for stream in listener.incoming() {
                serve(&stream.unwrap(), &mut answers, &sender);
            }
        });
        Self { address, received }
    }

    /// The next request it got.
    #[track_caller]
    pub(crate) fn next(&self) -> ExportTraceServiceRequest {
        self.received.recv_timeout(PATIENCE).unwrap()
    }

    /// How many more requests it got.
    pub(crate) fn more(&self) -> usize {
        self.received.try_iter().count()
    }

    pub(crate) fn spans(&self, log: &Log) -> Spans {
        spans_to(&format!("http://{}", self.address), log)
    }
}

/// One connection, until it is closed.
fn serve(stream: &TcpStream, answers: &mut Vec<Vec<u8>>, sender: &Sender<ExportTraceServiceRequest>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut head, mut line) = (String::new(), String::new());
        while reader.read_line(&mut line).is_ok_and(|length| length > 2) {
            head += &std::mem::take(&mut line).to_ascii_lowercase();
        }
        if head.is_empty() {
            return;
        }
        assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
        assert!(head.contains("content-type: application/x-protobuf\r\n"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        sender.send(ExportTraceServiceRequest::decode(body.as_slice()).unwrap()).unwrap();
        let answer = if answers.len() > 1 { answers.pop().unwrap() } else { answers[0].clone() };
        if (&mut &*stream).write_all(&answer).is_err() || answer.ends_with(b"close\r\n\r\n") {
            return;
        }
    }
}

pub(crate) fn spans_to(otlp: &str, log: &Log) -> Spans {
    let config = Telemetry { otlp: otlp.to_owned(), service_name: "edge".to_owned(), sample: 1.0 };
    Spans::start(&config, log.clone()).unwrap()
}

/// A log, and what is in it.
pub(crate) fn log() -> (Log, Arc<Mutex<Vec<u8>>>) {
    struct To(Arc<Mutex<Vec<u8>>>);
    impl Write for To {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let text = Arc::<Mutex<Vec<u8>>>::default();
    (Log::to(LogFormat::Text, true, To(Arc::clone(&text))).unwrap(), text)
}

/// What a log has by now.
pub(crate) fn text(log: &Log, text: &Arc<Mutex<Vec<u8>>>) -> String {
    assert!(log.flush(PATIENCE));
    String::from_utf8(text.lock().unwrap().clone()).unwrap()
}

pub(crate) fn finished(status: u16) -> Finished {
    Finished {
        status: Some(StatusCode::from_u16(status).unwrap()),
        latency: Duration::from_millis(180),
        cpu: Duration::from_micros(3500),
        memory: 1_200_000,
        bytes_in: 0,
        bytes_out: 13,
        cold_start: None,
        outcome: Outcome::Answered,
    }
}

/// A request of a trace that is recorded.
pub(crate) fn access(finished: &Finished) -> Access<'_> {
    let sent = TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let ids = Ids::new();
    let request = ids.request();
    Access {
        request,
        caller: None,
        occasion: None,
        trace: Some(ids.trace(request, sent)),
        trace_state: None,
        version: Some(12),
        guest: None,
        route: Some("/api"),
        method: &Method::GET,
        scheme: "http",
        host: "www.example.com",
        path: "/api/v1/things/4711",
        protocol: Version::HTTP_11,
        peer: None,
        finished,
    }
}

/// Records so many requests.
pub(crate) fn record(spans: &Spans, number: usize) {
    let finished = finished(200);
    (0..number).for_each(|_| spans.request(None, &access(&finished)));
}
