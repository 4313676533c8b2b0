//! One HTTP request into a fresh instance and its response out again, without a network.

use std::sync::Arc;
use std::time::Duration;

use holm_abi::{Abi as _, Body, Entry, Exchange, Guest, Host, HttpHandler, Observe, Output, Reuse, Sink, Stdio};
use holm_engine::shape::lone_core;
use holm_engine::{Loader, Pool, Runtime, Settings, Source};
use holm_wasi::Wasi;
use http_body_util::{BodyExt as _, Empty};

use crate::measure::{median, timed};

const ROUNDS: usize = 9;
const REQUESTS: u32 = 2_000;

/// How a guest is had.
#[derive(Clone, Copy, Debug)]
enum Form {
    Component,
    LoneCore,
    /// The same, its instance used again.
    Reused,
}

pub fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio starts");
    let (p2, p3) = ("serve-hello.p2.wasm", "serve-hello.p3.wasm");
    for (guest, form) in [(p2, Form::Component), (p2, Form::LoneCore), (p2, Form::Reused), (p3, Form::Component)] {
        let handler = runtime.block_on(async { load(guest, form) });
        let times: Vec<Duration> =
            (0..ROUNDS).map(|_| timed(|| (0..REQUESTS).for_each(|_| runtime.block_on(request(&handler))))).collect();
        let each = median(&times, |time| *time).as_secs_f64() * 1e6 / f64::from(REQUESTS);
        println!("{guest}, {form:?}: {each:.1} us of CPU");
    }
}

fn load(name: &str, form: Form) -> Arc<dyn HttpHandler> {
    let path = format!("{}/../guests/prebuilt/{name}", env!("CARGO_MANIFEST_DIR"));
    let loader = Loader::default();
    let opened = loader.open(Source::read(&path).expect("it is there")).expect("it is Wasm");
    let lone = !matches!(form, Form::Component);
    let concurrency = opened.shape.needs.concurrency;
    let settings = Settings { interruptible: true, concurrency, lone, ..Settings::default() };
    let runtime = Runtime { pool: Some(Pool { instances: 200, memory: 4 << 30 }), ..Runtime::default() };
    let loaded = loader.load(&opened, &settings, true, &runtime).expect("it compiles");
    let core = || lone_core(&opened.source.bytes).expect("it is Wasm").expect("it is one module");
    let lone = lone.then(|| Arc::new(core()));
    let guest = Guest { name: name.into(), shape: Arc::new(opened.shape), code: loaded.code, path: None, lone };
    let again = Reuse { requests: u64::MAX, idle: Duration::from_secs(10) };
    let host = Host { reuse: matches!(form, Form::Reused).then_some(again), ..Host::default() };
    let entries = Wasi::new().load(&guest, &host).expect("it links");
    entries.into_iter().find_map(|entry| if let Entry::Http(http) = entry { Some(http) } else { None }).expect("HTTP")
}

async fn request(handler: &Arc<dyn HttpHandler>) {
    let body: Body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    let request = http::Request::get("http://localhost/").header("host", "localhost").body(body).expect("a request");
    let exchange = Exchange { observer: Some(Arc::new(Nobody)), ..Exchange::default() };
    let response = handler.handle(request, exchange).await.expect("it answers");
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    assert_eq!(&body[..], b"Hello from Holm!\n");
}

/// Where a server would be.
struct Nobody;

impl Observe for Nobody {
    fn stdio(&self) -> Stdio {
        let sink = || Output::Sink(Arc::new(Nowhere));
        Stdio { stdout: sink(), stderr: sink(), ..Stdio::default() }
    }

    fn failed(&self, error: &holm_abi::Error) {
        panic!("{error}");
    }
}

/// Where its log would be.
struct Nowhere;

impl Sink for Nowhere {
    fn write(&self, _: &[u8]) -> std::io::Result<()> {
        Ok(())
    }
}
