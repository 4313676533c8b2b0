//! One HTTP request into a fresh instance and its response out again, without a network.

use std::sync::Arc;
use std::time::Duration;

use holm_abi::{Abi as _, Body, Entry, Exchange, Guest, Host, HttpHandler};
use holm_engine::shape::lone_core;
use holm_engine::{Loader, Pool, Runtime, Settings, Source};
use holm_wasi::Wasi;
use http_body_util::{BodyExt as _, Empty};

use crate::measure::{median, timed};

const ROUNDS: usize = 9;
const REQUESTS: u32 = 2_000;

pub fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio starts");
    for (guest, lone) in [("serve-hello.p2.wasm", false), ("serve-hello.p2.wasm", true), ("serve-hello.p3.wasm", false)]
    {
        let handler = load(guest, lone);
        let times: Vec<Duration> =
            (0..ROUNDS).map(|_| timed(|| (0..REQUESTS).for_each(|_| runtime.block_on(request(&handler))))).collect();
        let each = median(&times, |time| *time).as_secs_f64() * 1e6 / f64::from(REQUESTS);
        let form = if lone { "its core module" } else { "component" };
        println!("{guest}, {form}: {each:.1} us of CPU");
    }
}

fn load(name: &str, lone: bool) -> Arc<dyn HttpHandler> {
    let path = format!("{}/../guests/prebuilt/{name}", env!("CARGO_MANIFEST_DIR"));
    let loader = Loader::default();
    let opened = loader.open(Source::read(&path).expect("it is there")).expect("it is Wasm");
    let concurrency = opened.shape.needs.concurrency;
    let settings = Settings { interruptible: true, concurrency, lone, ..Settings::default() };
    let runtime = Runtime { pool: Some(Pool { instances: 200, memory: 4 << 30 }), ..Runtime::default() };
    let loaded = loader.load(&opened, &settings, true, &runtime).expect("it compiles");
    let core = || lone_core(&opened.source.bytes).expect("it is Wasm").expect("it is one module");
    let lone = lone.then(|| Arc::new(core()));
    let guest = Guest { name: name.into(), shape: Arc::new(opened.shape), code: loaded.code, path: None, lone };
    let entries = Wasi::new().load(&guest, &Host::default()).expect("it links");
    entries.into_iter().find_map(|entry| if let Entry::Http(http) = entry { Some(http) } else { None }).expect("HTTP")
}

async fn request(handler: &Arc<dyn HttpHandler>) {
    let body: Body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    let request = http::Request::get("http://localhost/").header("host", "localhost").body(body).expect("a request");
    let response = handler.handle(request, Exchange::default()).await.expect("it answers");
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    assert_eq!(&body[..], b"Hello from Holm!\n");
}
