//! Handlers that are had as a component and as their only core module answer in the same way.

#![cfg(feature = "http")]
// `allow-unwrap-in-tests` does not reach the helpers of integration tests.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use holm_abi::{Abi as _, Body, Entry, Exchange, Guest, Host, HttpHandler, Observe, Output, Reuse, Sink, Stdio};
use holm_engine::shape::lone_core;
use holm_engine::{Loader, Runtime, Settings, Source};
use holm_grants::Limits;
use holm_wasi::Wasi;
use http::Request;
use http_body_util::{BodyExt as _, Full};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Component,
    Lone,
}

fn load(form: Form, host: &Host) -> Arc<dyn HttpHandler> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/prebuilt/serve-kit.p2.wasm");
    let loader = Loader::default();
    let opened = loader.open(Source::read(path.to_str().unwrap()).unwrap()).unwrap();
    let lone = (form == Form::Lone).then(|| Arc::new(lone_core(&opened.source.bytes).unwrap().unwrap()));
    assert!(lone.as_ref().is_none_or(|lone| Wasi::new().takes_lone(lone, host)));
    // Not interruptible: a guest that lets others have their turn before it fails may have answered by then.
    let settings = Settings { lone: lone.is_some(), ..Settings::default() };
    let code = loader.load(&opened, &settings, true, &Runtime::default()).unwrap().code;
    let guest = Guest { name: "kit".into(), shape: Arc::new(opened.shape), code, path: None, lone };
    let entries = Wasi::new().load(&guest, host).unwrap();
    entries.into_iter().find_map(|entry| if let Entry::Http(http) = entry { Some(http) } else { None }).unwrap()
}

/// Keeps what a guest writes.
#[derive(Default)]
struct Kept(Mutex<Vec<u8>>);

impl Sink for Kept {
    fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(())
    }
}

struct Observer {
    stdio: Stdio,
    failure: Mutex<String>,
}

impl Observe for Observer {
    fn stdio(&self) -> Stdio {
        self.stdio.clone()
    }

    fn failed(&self, error: &holm_abi::Error) {
        *self.failure.lock().unwrap() = format!("{:?}", error.kind());
    }
}

fn request(path: &str, body: &str) -> Request<Body> {
    let body: Body = Full::from(body.to_owned()).map_err(|never| match never {}).boxed_unsync();
    let request = Request::post(format!("http://localhost{path}")).header("x-a", "1").header("x-a", "2");
    request.header("content-type", "text/x-kit").body(body).unwrap()
}

/// What a handler says and writes, and how it ends.
async fn answer(handler: &Arc<dyn HttpHandler>, path: &str, body: &str) -> String {
    let kept = Arc::<Kept>::default();
    let sink = || Output::Sink(Arc::<Kept>::clone(&kept));
    let stdio = Stdio { stdout: sink(), stderr: sink(), ..Stdio::default() };
    let observer = Arc::new(Observer { stdio, failure: Mutex::default() });
    let exchange = Exchange { observer: Some(Arc::<Observer>::clone(&observer)), ..Exchange::default() };
    let said = match handler.handle(request(path, body), exchange).await {
        Err(error) => format!("{:?}: {}", error.kind(), error.to_string().replace("index 0", "")),
        Ok(response) => {
            let (head, body) = response.into_parts();
            let body = match body.collect().await {
                Ok(body) => format!("{:?} {:?}", body.trailers().cloned(), body.to_bytes()),
                Err(error) => format!("broken: {error}"),
            };
            format!("{} {:?}\n{body}", head.status, head.headers)
        }
    };
    let (failure, kept) = (observer.failure.lock().unwrap().clone(), kept.0.lock().unwrap().clone());
    format!("{said}\n{failure}\n{}", String::from_utf8_lossy(&kept))
}

const PATHS: &[&str] = &[
    "/echo",
    "/count",
    "/never-read",
    "/trailers",
    "/sse",
    "/large/100",
    "/status/418",
    "/headers?a=b",
    "/env",
    "/args",
    "/counter",
    "/sleep/5",
    "/log/20",
    "/after",
    "/fetch?http://localhost:1/",
    "/tcp/1?127.0.0.1:1",
    "/udp/1",
    "/recurse",
    "/trap",
    "/trap-after-head",
    "/trap-after-body",
    "/panic",
    "/exit/3",
    "/no-response",
    "/error",
    "/length-too-long",
    "/length-too-short",
    "/forbidden-headers",
    "/crlf",
    "/nothing",
];

fn host() -> Host {
    let limits = Limits { wall: Some(Duration::from_secs(20)), ..Limits::default() };
    Host { args: vec!["an".into(), "argument".into()], limits, ..Host::default() }
}

#[tokio::test]
async fn both_forms_answer_in_the_same_way() {
    let (component, lone) = (load(Form::Component, &host()), load(Form::Lone, &host()));
    let long = "0123456789".repeat(10_000);
    for path in PATHS {
        for body in ["", "a body", &long] {
            let (expected, said) = (answer(&component, path, body).await, answer(&lone, path, body).await);
            // Functions have other numbers where the engine's own stand between them.
            assert_eq!(said, expected, "{path} with {} bytes", body.len());
        }
    }
}

#[tokio::test]
async fn a_guest_that_answers_twice_is_ended_in_both_forms() {
    for form in [Form::Component, Form::Lone] {
        let said = answer(&load(form, &host()), "/twice", "").await;
        assert!(said.contains("unknown handle"), "{said}");
    }
}

#[tokio::test]
async fn instances_are_used_again_only_where_the_app_chose_that() {
    for form in [Form::Component, Form::Lone] {
        let fresh = load(form, &host());
        let again = load(form, &Host { reuse: Some(Reuse { requests: 3, idle: Duration::from_secs(60) }), ..host() });
        let mut counts = Vec::new();
        for _ in 0..5 {
            assert!(answer(&fresh, "/counter", "").await.contains("\"1\\n\""));
            let said = answer(&again, "/counter", "").await;
            counts.push(said.split('"').filter(|part| part.ends_with("\\n")).map(str::to_owned).collect::<String>());
        }
        assert_eq!(counts, ["1\\n", "2\\n", "3\\n", "1\\n", "2\\n"]);
    }
}

#[tokio::test]
async fn an_instance_that_is_used_again_writes_to_the_log_of_its_request() {
    let again = load(Form::Lone, &Host { reuse: Some(Reuse { requests: 9, idle: Duration::from_secs(60) }), ..host() });
    let first = answer(&again, "/log/1", "").await;
    let second = answer(&again, "/log/1", "").await;
    assert_eq!(first, second);
    assert!(answer(&again, "/counter", "").await.ends_with("\n\n"), "nothing is left over");
}

#[tokio::test]
async fn a_failed_instance_is_not_used_again() {
    let again = load(Form::Lone, &Host { reuse: Some(Reuse { requests: 9, idle: Duration::from_secs(60) }), ..host() });
    for failing in ["/trap", "/panic", "/exit/0", "/trap-after-head"] {
        answer(&again, "/counter", "").await;
        answer(&again, failing, "").await;
        assert!(answer(&again, "/counter", "").await.contains("\"1\\n\""), "{failing}");
        // That one is used again, and made to fail by the next.
    }
}

#[tokio::test]
async fn an_instance_without_requests_is_ended() {
    let again =
        load(Form::Lone, &Host { reuse: Some(Reuse { requests: 9, idle: Duration::from_millis(50) }), ..host() });
    answer(&again, "/counter", "").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(answer(&again, "/counter", "").await.contains("\"1\\n\""));
}
