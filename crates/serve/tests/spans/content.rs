//! What a span says.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use holm_serve::observe::{Access, Failure, Finished, Outcome, Refusal};
use http::{Method, Version};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use crate::collector::{Collector, PATIENCE, access, finished, log};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// Attributes by name, as text.
fn attributes(attributes: &[KeyValue]) -> BTreeMap<&str, String> {
    let attribute = |attribute: &'_ KeyValue| match attribute.value.as_ref().unwrap().value.as_ref().unwrap() {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        Value::DoubleValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    let named: BTreeMap<_, _> = attributes.iter().map(|one| (one.key.as_str(), attribute(one))).collect();
    assert_eq!(named.len(), attributes.len(), "one is there twice: {attributes:?}");
    named
}

/// The span of a request, as a collector reads it.
fn exported(access: &Access<'_>) -> Span {
    let (collector, (log, _)) = (Collector::answering(&[OK]), log());
    let spans = collector.spans(&log);
    spans.request(Some(&"shop".parse().unwrap()), access);
    spans.end(PATIENCE);
    let request = collector.next();
    let [resource_spans] = &request.resource_spans[..] else { panic!("{request:?}") };
    let [scope_spans] = &resource_spans.scope_spans[..] else { panic!("{request:?}") };
    assert_eq!(scope_spans.scope.as_ref().unwrap().name, "holm");
    assert!(resource_spans.schema_url.starts_with("https://opentelemetry.io/schemas/"));
    let resource = attributes(&resource_spans.resource.as_ref().unwrap().attributes);
    assert_eq!((resource["service.name"].as_str(), resource["telemetry.sdk.name"].as_str()), ("edge", "holm"));
    let [span] = &scope_spans.spans[..] else { panic!("{request:?}") };
    span.clone()
}

#[test]
fn a_request_is_described_by_the_semantic_conventions() {
    let cold = Finished { cold_start: Some(Duration::from_millis(250)), ..finished(200) };
    let access = Access {
        host: "www.example.com:8080",
        peer: Some(SocketAddr::from(([192, 0, 2, 1], 50_123))),
        guest: Some("web"),
        trace_state: Some("vendor=1"),
        ..access(&cold)
    };
    let span = exported(&access);
    assert_eq!(span.name, "GET /api");
    assert_eq!(span.kind(), SpanKind::Server);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(&span.trace_id), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(hex(&span.parent_span_id), "b7ad6b7169203331");
    assert_eq!(hex(&span.span_id), access.trace.unwrap().span.to_string());
    assert_eq!((span.trace_state.as_str(), span.flags), ("vendor=1", 0x301));
    assert_eq!(span.end_time_unix_nano - span.start_time_unix_nano, 180_000_000);
    assert!(span.status.is_none());
    let id = access.request.to_string();
    let expected = [
        ("client.address", "192.0.2.1"),
        ("holm.app", "shop"),
        ("holm.cold_start", "0.25"),
        ("holm.cpu_time", "0.0035"),
        ("holm.guest", "web"),
        ("holm.request.id", &id),
        ("holm.version", "12"),
        ("http.request.method", "GET"),
        ("http.response.status_code", "200"),
        ("http.route", "/api"),
        ("network.protocol.version", "1.1"),
        ("server.address", "www.example.com"),
        ("server.port", "8080"),
        ("url.path", "/api/v1/things/4711"),
        ("url.scheme", "http"),
    ];
    let found = attributes(&span.attributes);
    assert_eq!(found.iter().map(|(key, value)| (*key, value.as_str())).collect::<Vec<_>>(), expected);
}

#[test]
fn what_went_wrong_is_the_error_type() {
    let with = |outcome, status| Finished { outcome, ..finished(status) };
    for (finished, error, failed) in [
        (with(Outcome::Answered, 404), None, false),
        (with(Outcome::Answered, 500), Some("500"), true),
        (with(Outcome::Failed(Failure::Trap), 502), Some("trap"), true),
        (with(Outcome::Failed(Failure::Memory), 200), Some("memory"), true),
        (with(Outcome::Refused(Refusal::QueueFull), 503), Some("queue_full"), true),
        (with(Outcome::ClientGone, 200), Some("client_gone"), false),
        (Finished { status: None, ..with(Outcome::ClientGone, 200) }, Some("client_gone"), false),
    ] {
        let span = exported(&access(&finished));
        let attributes = attributes(&span.attributes);
        assert_eq!(attributes.get("error.type").map(String::as_str), error, "{finished:?}");
        let status = finished.status.map(|status| status.as_u16().to_string());
        assert_eq!(attributes.get("http.response.status_code"), status.as_ref());
        let code = span.status.as_ref().map_or(StatusCode::Unset, |status| status.code());
        assert_eq!(code == StatusCode::Error, failed, "{finished:?}");
    }
}

#[test]
fn names_are_few_whatever_a_client_sends() {
    let (finished, method) = (finished(200), Method::from_bytes(b"BREW").unwrap());
    let path = "/ä".repeat(3000);
    let odd = Access { method: &method, route: None, host: "[::1]:81", path: &path, ..access(&finished) };
    let span = exported(&Access { protocol: Version::HTTP_2, ..odd });
    assert_eq!(span.name, "HTTP");
    let attributes = attributes(&span.attributes);
    assert_eq!(attributes["http.request.method"], "_OTHER");
    assert_eq!(attributes["http.request.method_original"], "BREW");
    assert_eq!((attributes["server.address"].as_str(), attributes["server.port"].as_str()), ("::1", "81"));
    assert_eq!(attributes["network.protocol.version"], "2");
    assert!(attributes["url.path"].len() <= 1024 && path.starts_with(&attributes["url.path"]));
    assert!(!attributes.contains_key("http.route"));
}
