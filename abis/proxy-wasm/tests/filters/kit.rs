//! Guests in the text format, and what stands behind them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use holm_abi::{
    Abi as _, Body, BodyError, Entry, Error, Exchange, FilterSettings, Guest, Host, HttpFilter, HttpHandler, Output,
    Result, Stdio,
};
use holm_engine::{Loader, Runtime, Settings, Source};
use holm_proxy_wasm::ProxyWasm;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};

/// What every guest imports and has; what follows is in the same module.
///
/// Text is kept from 16 on, as pointer and size on the stack: `(call $text (i32.const AT) (i32.const SIZE))` is said by
/// the macro of [`module`] `@"text"`. Out-parameters go to 0 and 4.
const PRELUDE: &str = r#"
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_current_time_nanoseconds" (func $now (param i32) (result i32)))
  (import "env" "proxy_get_property" (func $get_property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_property" (func $set_property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_status" (func $get_status (param i32 i32 i32) (result i32)))
  (import "env" "proxy_set_tick_period_milliseconds" (func $tick_every (param i32) (result i32)))
  (import "env" "proxy_set_effective_context" (func $act_for (param i32) (result i32)))
  (import "env" "proxy_done" (func $done (result i32)))
  (import "env" "proxy_call_foreign_function" (func $foreign (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
  (import "env" "proxy_close_stream" (func $close (param i32) (result i32)))
  (import "env" "proxy_send_local_response" (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $get_header (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_add_header_map_value" (func $add_header (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $set_header (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_remove_header_map_value" (func $remove_header (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_pairs" (func $get_headers (param i32 i32 i32) (result i32)))
  (import "env" "proxy_set_header_map_pairs" (func $set_headers (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_size" (func $headers_size (param i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $get_buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_buffer_bytes" (func $set_buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_status" (func $buffer_status (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_shared_data" (func $get_shared (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_shared_data" (func $set_shared (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_register_shared_queue" (func $register_queue (param i32 i32 i32) (result i32)))
  (import "env" "proxy_resolve_shared_queue" (func $resolve_queue (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_enqueue_shared_queue" (func $enqueue (param i32 i32 i32) (result i32)))
  (import "env" "proxy_dequeue_shared_queue" (func $dequeue (param i32 i32 i32) (result i32)))
  (import "env" "proxy_define_metric" (func $define_metric (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_increment_metric" (func $increment_metric (param i32 i64) (result i32)))
  (import "env" "proxy_record_metric" (func $record_metric (param i32 i64) (result i32)))
  (import "env" "proxy_get_metric" (func $get_metric (param i32 i32) (result i32)))
  (import "env" "proxy_http_call"
    (func $http_call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_grpc_call"
    (func $grpc_call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_grpc_stream"
    (func $grpc_stream (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_grpc_send" (func $grpc_send (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_grpc_cancel" (func $grpc_cancel (param i32) (result i32)))
  (import "env" "proxy_grpc_close" (func $grpc_close (param i32) (result i32)))
  (memory (export "memory") 4)
  (global $heap (mut i32) (i32.const 131072))
  (func $bump (param $size i32) (result i32)
    (global.get $heap)
    (global.set $heap (i32.add (global.get $heap) (i32.add (local.get $size) (i32.const 8))))
    (if (i32.gt_u (global.get $heap) (i32.const 250000)) (then (global.set $heap (i32.const 131072)))))
  ;; What was put at 0 and 4 last.
  (func $out (result i32 i32) (i32.load (i32.const 0)) (i32.load (i32.const 4)))
  ;; A digit in the log: a status, mostly.
  (func $say (param $digit i32)
    (i32.store8 (i32.const 12) (i32.add (i32.const 48) (local.get $digit)))
    (drop (call $log (i32.const 2) (i32.const 12) (i32.const 1))))
  (func $say_text (param i32 i32) (drop (call $log (i32.const 2) (local.get 0) (local.get 1))))
"#;

/// The allocator of guests that do not bring their own.
const ALLOCATOR: &str =
    r#"(func (export "proxy_on_memory_allocate") (param i32) (result i32) (call $bump (local.get 0)))"#;

/// A module of this text. In it, `@"text"` is that text's pointer and size as two constants.
pub(crate) fn module(version: &str, text: &str) -> String {
    let (mut out, mut data, mut at) = (String::new(), String::new(), 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@\"") {
        let (literal, after) = after.split_once('"').unwrap();
        // Escapes are those of the text format; only NUL and bytes by number are used.
        let size = literal.split('\\').enumerate().map(|(at, part)| if at == 0 { part.len() } else { part.len() - 1 });
        let size: usize = size.sum();
        out.push_str(before);
        out.push_str(&format!("(i32.const {at}) (i32.const {size})"));
        data.push_str(&format!("(data (i32.const {at}) \"{literal}\")\n"));
        (at, rest) = (at + size + 1, after);
    }
    out.push_str(rest);
    let allocator = if text.contains("memory_allocate") || text.contains("malloc") { "" } else { ALLOCATOR };
    format!("(module {PRELUDE} {allocator} (func (export \"proxy_abi_version_{version}\")) {data} {out})")
}

/// A guest of the newest version.
pub(crate) fn guest(text: &str) -> Guest {
    compile(&module("0_2_1", text), &Settings::default())
}

/// A guest whose time can be limited.
pub(crate) fn interruptible(text: &str) -> Guest {
    compile(&module("0_2_1", text), &Settings { interruptible: true, ..Settings::default() })
}

/// Compiles a whole module.
pub(crate) fn compile(text: &str, settings: &Settings) -> Guest {
    let bytes = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
    let loader = Loader::default();
    let opened = loader.open(Source::from_bytes("filter.wasm", bytes).unwrap()).unwrap();
    let code = loader.load(&opened, settings, true, &Runtime::default()).unwrap().code;
    Guest { name: opened.source.name, shape: Arc::new(opened.shape), code, path: None, lone: None }
}

/// A filter, and where it writes.
pub(crate) struct Loaded {
    pub(crate) filter: Arc<dyn HttpFilter>,
    pub(crate) host: Host,
    log: Arc<Mutex<Vec<u8>>>,
}

/// A host with a log.
pub(crate) fn host() -> (Host, Arc<Mutex<Vec<u8>>>) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let stdio = Stdio { stderr: Output::Capture(Arc::clone(&log)), ..Stdio::default() };
    (Host { stdio, ..Host::default() }, log)
}

/// Loads a guest.
pub(crate) fn load(guest: &Guest) -> Loaded {
    load_with(&ProxyWasm::default(), guest, |_| {})
}

pub(crate) fn load_with(abi: &ProxyWasm, guest: &Guest, change: impl FnOnce(&mut Host)) -> Loaded {
    let (mut host, log) = host();
    change(&mut host);
    let entries = abi.load(guest, &host).unwrap();
    let [Entry::HttpFilter(filter)] = entries.as_slice() else { panic!("not a filter") };
    Loaded { filter: Arc::clone(filter), host, log }
}

/// What its settings are, with everything else as it is.
pub(crate) fn open() -> FilterSettings {
    FilterSettings { fail_open: true, ..FilterSettings::default() }
}

impl Loaded {
    /// Waits for a machine that is amid its end.
    pub(crate) async fn settled(&self) {
        tokio::time::sleep(Duration::from_millis(60)).await;
    }

    /// Drops the filter, but not what it said.
    pub(crate) fn unload(&mut self) {
        self.filter = Arc::new(Nothing);
    }

    /// What the guest wrote, without the level and the line's end.
    pub(crate) fn said(&self) -> Vec<String> {
        let log = String::from_utf8(self.log.lock().unwrap().clone()).unwrap();
        log.lines().map(|line| line.split_once(": ").unwrap().1.to_owned()).collect()
    }

    /// Waits until it wrote this.
    pub(crate) async fn says(&self, line: &str) {
        for _ in 0..2000 {
            if self.said().iter().any(|said| said == line) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never said {line:?}: {:?}", self.said());
    }

    /// Sends a request to [`Echo`] through the filter.
    pub(crate) async fn send(&self, request: Request<Body>) -> Result<Seen> {
        self.send_to(Arc::new(Echo), request).await
    }

    pub(crate) async fn send_to(&self, next: Arc<dyn HttpHandler>, request: Request<Body>) -> Result<Seen> {
        let response = self.filter.handle(request, Exchange::default(), &next).await?;
        Ok(Seen::of(response).await)
    }

    /// Sends a request without a body.
    pub(crate) async fn get(&self) -> Result<Seen> {
        self.send(get()).await
    }
}

struct Nothing;

#[async_trait]
impl HttpFilter for Nothing {
    async fn handle(&self, _: Request<Body>, _: Exchange, _: &Arc<dyn HttpHandler>) -> Result<Response<Body>> {
        Err(failed("the filter was dropped"))
    }
}

/// A request without a body.
pub(crate) fn get() -> Request<Body> {
    let builder = Request::get("http://app.test/a?b").header("host", "app.test").header("x-old", "1");
    builder.body(Full::default().map_err(|never| match never {}).boxed_unsync()).unwrap()
}

/// A request whose body comes in these pieces, with trailers if there are any.
pub(crate) fn post(pieces: &[&'static str], trailers: &[(&'static str, &'static str)]) -> Request<Body> {
    Request::post("http://app.test/a").body(body(pieces, trailers)).unwrap()
}

/// A body in pieces.
pub(crate) fn body(pieces: &[&'static str], trailers: &[(&'static str, &'static str)]) -> Body {
    let mut frames: Vec<Result<Frame<Bytes>, BodyError>> =
        pieces.iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))).collect();
    if !trailers.is_empty() {
        let mut map = HeaderMap::new();
        trailers.iter().for_each(|(name, value)| _ = map.insert(*name, value.parse().unwrap()));
        frames.push(Ok(Frame::trailers(map)));
    }
    StreamBody::new(stream::iter(frames)).boxed_unsync()
}

/// A response, read to its end.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) trailers: Option<HeaderMap>,
    /// Why the body broke off.
    pub(crate) broken: Option<String>,
}

impl Seen {
    pub(crate) async fn of(response: Response<Body>) -> Self {
        let (parts, mut body) = response.into_parts();
        let mut seen = Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::new(),
            trailers: None,
            broken: None,
        };
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) if frame.is_data() => {
                    seen.body.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
                }
                Ok(frame) => seen.trailers = frame.into_trailers().ok(),
                Err(error) => seen.broken = Some(error.to_string()),
            }
        }
        seen
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Answers with what it is asked: the head as text, then the body, with the trailers of the request, and `x-seen: 1`.
pub(crate) struct Echo;

#[async_trait]
impl HttpHandler for Echo {
    async fn handle(&self, request: Request<Body>, _: Exchange) -> Result<Response<Body>> {
        let (parts, body) = request.into_parts();
        let mut headers: Vec<_> =
            parts.headers.iter().map(|(name, value)| format!("{name}={} ", value.to_str().unwrap())).collect();
        headers.sort();
        let head = format!("{} {} {}|", parts.method, parts.uri, headers.concat());
        let collected = body.collect().await.map_err(|error| failed(&error.to_string()))?;
        let trailers = collected.trailers().cloned();
        let text = [head.as_bytes(), &collected.to_bytes()].concat();
        let full = Full::new(Bytes::from(text)).map_err(|never| match never {});
        let body = match trailers {
            Some(trailers) => full.with_trailers(std::future::ready(Some(Ok(trailers)))).boxed_unsync(),
            None => full.boxed_unsync(),
        };
        Ok(Response::builder().header("x-seen", "1").body(body).unwrap())
    }
}

pub(crate) fn failed(why: &str) -> Error {
    Error::new(holm_abi::Kind::NoResponse, why.to_owned())
}

/// Answers with what a function makes.
pub(crate) struct Answers<F>(pub(crate) F);

#[async_trait]
impl<F: Fn(Request<Body>) -> Response<Body> + Send + Sync> HttpHandler for Answers<F> {
    async fn handle(&self, request: Request<Body>, _: Exchange) -> Result<Response<Body>> {
        Ok((self.0)(request))
    }
}

/// Sees what a guest writes and how it fails.
#[derive(Default)]
pub(crate) struct Observer {
    written: Arc<Mutex<Vec<u8>>>,
    pub(crate) failures: Mutex<Vec<String>>,
}

impl Observer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.written.lock().unwrap().clone()).unwrap()
    }
}

impl holm_abi::Observe for Observer {
    fn stdio(&self) -> Stdio {
        Stdio { stderr: Output::Capture(Arc::clone(&self.written)), ..Stdio::default() }
    }

    fn failed(&self, error: &Error) {
        self.failures.lock().unwrap().push(error.to_string());
    }
}
