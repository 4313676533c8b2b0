//! OpenTelemetry traces, from clients through guests to other servers, as a collector gets them.

use std::net::TcpListener;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use rustix::process::Signal;

use crate::client::Response;
use crate::collector::{Collector, Span};
use crate::server::{Server, manifest, serve, serve_as};
use crate::support::guest;

const KITS: [&str; 2] = ["serve-kit.p2.wasm", "serve-kit.p3.wasm"];
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// A kit under `/kit`, which may ask `upstream`.
fn kit(file: &str, upstream: &str) -> String {
    manifest("kit", file, &format!("routes = \"/fetch\"\n[grants]\nhttp = \"{upstream}\""))
}

/// The response to a request with these further headers.
#[track_caller]
fn get_with(server: &Server, path: &str, headers: &str) -> Response {
    let mut client = server.client();
    client.send(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n"));
    client.response()
}

fn traceparent(flags: &str) -> String {
    format!("traceparent: 00-{TRACE}-{PARENT}-{flags}\r\ntracestate: vendor=1\r\n")
}

/// The only span of this service and kind.
#[track_caller]
fn only<'s>(spans: &'s [Span], service: &str, kind: SpanKind) -> &'s Span {
    let found: Vec<_> = spans.iter().filter(|span| span.service == service && span.kind == kind).collect();
    assert_eq!(found.len(), 1, "{service} {kind:?}: {spans:#?}");
    found[0]
}

#[test]
fn a_trace_goes_from_the_client_through_a_guest_to_the_next_server() {
    for file in KITS {
        let collector = Collector::start();
        let upstream = manifest("upstream", "serve-kit.p2.wasm", "");
        let upstream = serve_as(&collector.telemetry("upstream", ""), &[upstream]);
        let url = format!("http://{}", upstream.address());
        let edge = serve_as(&collector.telemetry("edge", ""), &[kit(file, &url)]);
        let response = get_with(&edge, &format!("/fetch?url={url}/headers"), &traceparent("01"));
        let (status, seen) = response.said();
        assert_eq!(status, 200, "{seen}");

        let spans = collector.spans(3);
        assert!(spans.iter().all(|span| span.trace == TRACE && span.state == "vendor=1"), "{spans:#?}");
        let server = only(&spans, "edge", SpanKind::Server);
        let client = only(&spans, "edge", SpanKind::Client);
        let next = only(&spans, "upstream", SpanKind::Server);
        assert_eq!((server.parent.as_str(), &client.parent, &next.parent), (PARENT, &server.id, &client.id));
        // What the guest upstream sees is the span that answers it.
        assert!(seen.contains(&format!("traceparent: 00-{TRACE}-{}-01\n", next.id)), "{seen}");
        assert!(seen.contains("tracestate: vendor=1\n"), "{seen}");

        assert_eq!((server.name.as_str(), client.name.as_str()), ("GET /fetch", "GET"));
        assert_eq!((server.attribute("http.route"), server.attribute("url.path")), ("/fetch", "/fetch"));
        assert_eq!((server.attribute("holm.app"), next.attribute("holm.app")), ("kit", "upstream"));
        assert_eq!(client.attribute("url.full"), format!("{url}/headers"));
        assert_eq!(client.attribute("server.port"), upstream.address().port().to_string());
        for span in [server, client, next] {
            assert_eq!(span.attribute("http.response.status_code"), "200");
            assert_eq!(span.attribute("network.protocol.version"), "1.1");
        }
        assert_eq!(client.attribute("holm.request.id"), server.attribute("holm.request.id"));
        let line = edge.logs(&["/fetch 200", &format!("trace={TRACE} span={}", server.id)]);
        assert!(line.contains(server.attribute("holm.request.id")), "{line}");
    }
}

#[test]
fn a_call_between_guests_of_an_app_is_a_part_of_the_trace() {
    let kit = guest(KITS[0]).display().to_string();
    let app = format!(
        "holm = 1\nname = \"shop\"\n[grants]\nhttp = \"http://images.holm.internal\"\n[guest.web]\nfile = \"{kit}\"\n\
         routes = \"/\"\n[guest.images]\nfile = \"{kit}\""
    );
    let collector = Collector::start();
    let server = serve_as(&collector.telemetry("edge", ""), &[app]);
    let response = get_with(&server, "/fetch?url=http://images.holm.internal/counter", &traceparent("01"));
    assert_eq!(response.said(), (200, "1\n"));
    let spans = collector.spans(3);
    let of = |guest: &str| spans.iter().find(|span| span.attributes.get("holm.guest").is_some_and(|it| it == guest));
    let (web, images) = (of("web").unwrap(), of("images").unwrap());
    let client = only(&spans, "edge", SpanKind::Client);
    assert_eq!((web.parent.as_str(), &client.parent, &images.parent), (PARENT, &web.id, &client.id));
    assert_eq!(images.kind, SpanKind::Server);
    assert_eq!(images.attribute("server.address"), "images.holm.internal");
    for key in ["http.route", "network.protocol.version", "client.address"] {
        assert!(!images.attributes.contains_key(key), "{images:?}");
    }
    let line = server.logs(&["images.holm.internal/counter", &format!("trace={TRACE} span={}", images.id)]);
    assert!(line.contains(&format!("caller={}", web.attribute("holm.request.id"))), "{line}");
}

#[test]
fn a_guest_that_fails_and_one_that_is_not_there_are_told_from_others() {
    let collector = Collector::start();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let any = manifest("kit", KITS[0], &format!("[grants]\nhttp = \"http://{free}\""));
    let server = serve_as(&collector.telemetry("edge", ""), &[any]);
    assert_eq!(server.get("/trap").head.status, 502);
    assert_eq!(server.get(&format!("/fetch?url=http://{free}/")).head.status, 502);
    assert_eq!(server.get("/fetch?url=http://elsewhere.example/").head.status, 502, "not granted, not sent");
    server.signal(Signal::TERM);
    assert_eq!(server.ends().0, Some(0));

    let spans = collector.spans(4);
    let trapped = spans.iter().find(|span| span.attribute("url.path") == "/trap").unwrap();
    assert_eq!((trapped.attribute("error.type"), trapped.parent.as_str()), ("trap", ""));
    let client = only(&spans, "edge", SpanKind::Client);
    assert_eq!(client.attribute("error.type"), "connection-refused");
    let asked = spans.iter().find(|span| span.id == client.parent).unwrap();
    assert_eq!(asked.trace, client.trace);
}

#[test]
fn the_client_decides_and_without_one_the_configured_share_does() {
    let collector = Collector::start();
    let upstream = serve("serve-kit.p2.wasm", &[]);
    let url = format!("http://{}", upstream.address());
    let never = serve_as(&collector.telemetry("edge", "sample = 0"), &[kit(KITS[0], &url)]);
    let fetch = format!("/fetch?url={url}/headers");

    let response = get_with(&never, &fetch, "");
    assert!(response.body.contains("-00\n"), "what is not recorded here is not recorded further on: {response:?}");
    assert!(get_with(&never, &fetch, &traceparent("00")).body.contains(&format!("traceparent: 00-{TRACE}-")));
    get_with(&never, &fetch, "traceparent: 00-nonsense\r\ntracestate: vendor=1\r\n");
    assert!(get_with(&never, &fetch, &traceparent("01")).body.contains("-01\n"));
    never.signal(Signal::TERM);
    assert_eq!(never.ends().0, Some(0));
    let spans = collector.spans(2);
    assert!(spans.iter().all(|span| span.trace == TRACE), "{spans:#?}");
}

#[test]
fn without_telemetry_a_trace_goes_through_as_it_came() {
    let upstream = serve("serve-kit.p2.wasm", &[]);
    let url = format!("http://{}", upstream.address());
    for file in KITS {
        let server = serve(file, &["--http", &url]);
        let fetch = format!("/fetch?url={url}/headers");
        let response = get_with(&server, &fetch, &traceparent("01"));
        let sent = format!("traceparent: 00-{TRACE}-{PARENT}-01\n");
        assert!(response.body.contains(&sent) && response.body.contains("tracestate: vendor=1\n"), "{response:?}");
        assert!(!get_with(&server, &fetch, "").body.contains("traceparent"));
        assert!(get_with(&server, "/headers", &traceparent("01")).body.contains(&sent));
    }
}

#[test]
fn a_collector_that_is_down_costs_nothing_but_spans() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let telemetry = format!("[telemetry]\notlp = \"http://{}\"", silent.local_addr().unwrap());
    let server = serve_as(&telemetry, &[manifest("kit", KITS[0], "")]);
    let mut client = server.client();
    for _ in 0..50 {
        assert_eq!(client.get("/counter").said(), (200, "1\n"));
    }
    drop(client);
    server.signal(Signal::TERM);
    let (code, log) = server.ends();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("50 spans were not exported before the end"), "{log}");
}
