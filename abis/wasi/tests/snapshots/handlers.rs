//! Guests that answer HTTP.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use holm_abi::{Abi as _, Body, Entry, Exchange, Guest, Host, HttpHandler, Reuse};
use holm_engine::shape::lone_core;
use holm_engine::{Loader, Runtime, Settings, Source};
use holm_grants::Limits;
use holm_wasi::Wasi;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use wit_component::ComponentEncoder;

use crate::common::{guest, guest_from, refused};
use crate::server::Server;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Component,
    /// Its only core module.
    Lone,
}

pub(crate) fn host() -> Host {
    Host { limits: Limits { wall: Some(Duration::from_secs(20)), ..Limits::default() }, ..Host::default() }
}

/// The handler that `guests/prebuilt/NAME` is.
pub(crate) fn handler(name: &str, form: Form, host: &Host) -> Arc<dyn HttpHandler> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/prebuilt").join(name);
    handler_of(std::fs::read(path).unwrap(), form, host)
}

fn handler_of(bytes: Vec<u8>, form: Form, host: &Host) -> Arc<dyn HttpHandler> {
    let guest = match form {
        Form::Component => guest_from(bytes),
        Form::Lone => lone(bytes, host),
    };
    let entries = Wasi::new().load(&guest, host).unwrap();
    entries.into_iter().find_map(|entry| if let Entry::Http(http) = entry { Some(http) } else { None }).unwrap()
}

fn lone(bytes: Vec<u8>, host: &Host) -> Guest {
    let loader = Loader::default();
    let opened = loader.open(Source::from_bytes("lone.wasm", bytes).unwrap()).unwrap();
    let lone = lone_core(&opened.source.bytes).unwrap().expect("it is one module");
    assert!(Wasi::new().takes_lone(&lone, host));
    let code = loader.load(&opened, &Settings { lone: true, ..Settings::default() }, true, &Runtime::default());
    let (shape, code) = (Arc::new(opened.shape), code.unwrap().code);
    Guest { name: "lone".into(), shape, code, path: None, lone: Some(Arc::new(lone)) }
}

/// What it answers to a path and a body: status, headers, text, trailers.
pub(crate) async fn ask(handler: &Arc<dyn HttpHandler>, path: &str, body: &str) -> String {
    let body: Body = Full::from(body.to_owned()).map_err(|never| match never {}).boxed_unsync();
    let request = Request::post(format!("http://app.test{path}")).header("x-given", "1").header("x-given", "2");
    match handler.handle(request.body(body).unwrap(), Exchange::default()).await {
        Err(error) => format!("{:?}: {error}", error.kind()),
        Ok(response) => {
            let (head, body) = response.into_parts();
            let body = body.collect().await.unwrap();
            let trailers = body.trailers().cloned().unwrap_or_default();
            let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
            format!("{} {:?} {text} {trailers:?}", head.status.as_u16(), head.headers)
        }
    }
}

/// The text alone.
pub(crate) async fn text(handler: &Arc<dyn HttpHandler>, path: &str) -> String {
    let said = ask(handler, path, "").await;
    let text = said.split_once("} ").map_or(said.as_str(), |(_, rest)| rest);
    without_numbers(text.strip_suffix(" {}").unwrap_or(text))
}

/// Names alone of the error codes that guests print with a number and a message.
fn without_numbers(text: &str) -> String {
    let mut parts = text.split("ErrorCode { code: ");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(", name: \"").and_then(|(_, rest)| rest.split_once('"')).unwrap();
        plain += name;
        plain += rest.split_once(" }").unwrap().1;
    }
    plain
}

pub(crate) fn granted(server: &Server) -> Host {
    let mut host = host();
    Arc::make_mut(&mut host.grants).http = vec![server.url("").parse().unwrap()];
    host
}

const ALL: [(&str, &str, Form); 5] = [
    ("snapshots-october.wasm", "Hello from October: /", Form::Component),
    ("snapshots-october.wasm", "Hello from October: /", Form::Lone),
    ("snapshots-november.wasm", "Hello from November: /", Form::Component),
    ("snapshots-november.wasm", "Hello from November: /", Form::Lone),
    ("snapshots-candidate.wasm", "Hello from the candidate: /", Form::Component),
];

#[tokio::test]
async fn guests_of_every_snapshot_answer() {
    for (name, hello, form) in ALL {
        assert_eq!(text(&handler(name, form, &host()), "/").await, hello, "{name} {form:?}");
    }
}

#[tokio::test]
async fn guests_of_every_snapshot_are_used_again_where_the_app_chose_that() {
    let host = Host { reuse: Some(Reuse { requests: 3, idle: Duration::from_secs(60) }), ..host() };
    for (name, hello, form) in ALL {
        let handler = handler(name, form, &host);
        for _ in 0..4 {
            assert_eq!(text(&handler, "/").await, hello, "{name} {form:?}");
        }
    }
}

#[tokio::test]
async fn guests_of_every_snapshot_are_held_to_limits() {
    let host = Host { limits: Limits { memory: Some(64 << 10), ..Limits::default() }, ..host() };
    for (name, _, form) in ALL {
        let said = text(&handler(name, form, &host), "/").await;
        assert!(said.contains("memory"), "{name} {form:?}: {said}");
    }
}

#[test]
fn what_a_handler_of_a_snapshot_is_recognised_by_is_said() {
    for (name, by) in [
        ("snapshots-october.wasm", "wasi:cli/run@0.2.0-rc-2023-10-18"),
        ("snapshots-candidate.wasm", "wasi:http/handler@0.3.0-rc-2026-03-15"),
    ] {
        let because = Wasi::new().recognise(&guest(name).shape).unwrap().because;
        assert!(because.contains(by), "{because}");
    }
}

#[tokio::test]
async fn what_novembers_guests_found_is_there() {
    let server = Server::start().await;
    let site = server.address;
    for form in [Form::Component, Form::Lone] {
        let handler = handler("snapshots-november.wasm", form, &granted(&server));
        let long = "0123456789".repeat(50_000);
        assert!(ask(&handler, "/echo", &long).await.contains(&format!("{long} false true")), "{form:?}");
        assert_eq!(text(&handler, "/fields").await, "Err(HeaderError::Forbidden) Err(HeaderError::InvalidSyntax) true");
        assert_eq!(text(&handler, "/options").await, "Some(5000000) Some(6000000) None");
        assert_eq!(text(&handler, &format!("/fetch?{site}")).await, format!("200 GET /\n{site}\n"));
        assert_eq!(text(&handler, "/fetch?127.0.0.1:1").await, "ErrorCode::HttpRequestDenied");
        assert_eq!(text(&handler, "/clocks").await, "true true");
        assert_eq!(text(&handler, "/files").await, "no directory");
        let sockets = text(&handler, "/sockets").await;
        let only = "Err(not-supported) Ok(true) Err(not-supported) Ok(true) Ok(())";
        assert_eq!(sockets, format!("Err(access-denied) {only}"), "{form:?}");
    }
}

#[tokio::test]
async fn a_guest_of_the_candidate_sends_requests_under_its_grants() {
    let server = Server::start().await;
    let host = granted(&server);
    let handler = handler("snapshots-candidate.wasm", Form::Component, &host);
    assert_eq!(text(&handler, &format!("/fetch?{}", server.url("/a"))).await, "200");
    assert_eq!(text(&handler, "/fetch?http://127.0.0.1:1/").await, "ErrorCode::HttpRequestDenied");
    assert_eq!(refused(&host), ["--http http://127.0.0.1:1"]);
}

/// A guest of an SDK that leaves it to the host to make a component of its core module.
fn of_sdk(name: &str) -> Vec<u8> {
    use wasi_preview1_component_adapter_provider as provided;

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/prebuilt").join(name);
    let adapter = (provided::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, provided::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER);
    let encoder = ComponentEncoder::default().module(&std::fs::read(path).unwrap()).unwrap();
    encoder.adapter(adapter.0, adapter.1).unwrap().encode().unwrap()
}

#[tokio::test]
async fn guests_of_spins_sdks_answer_with_and_without_the_adapter_to_wasi_0_1() {
    for name in ["spin-sdk2-hello.wasm", "spin-sdk3-hello.wasm"] {
        let bytes = of_sdk(name);
        for form in [Form::Component, Form::Lone] {
            let handler = handler_of(bytes.clone(), form, &host());
            let said = ask(&handler, "/", "").await;
            assert!(said.starts_with("200") && said.contains("Hello from the edge!"), "{name} {form:?}: {said}");
        }
    }
}
