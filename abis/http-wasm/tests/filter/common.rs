//! From a guest to what comes out behind it and in front of it.

use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use holm_abi::{Abi as _, Body, Entry, Exchange, Guest, Host, HttpFilter, HttpHandler, Kind, Stdio};
use holm_engine::{Error, Loader, Result, Runtime, Settings, Source, Usage};
use holm_http_wasm::HttpWasm;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};

/// Compiles `guests/prebuilt/http-wasm-kit.wasm`.
pub(crate) fn kit() -> Guest {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/prebuilt/http-wasm-kit.wasm");
    compile(Source::read(path.to_str().unwrap()).unwrap())
}

/// Compiles a module in the text format.
pub(crate) fn module(text: &str) -> Guest {
    compile(Source::from_bytes("test.wasm", wat::parse_str(text).unwrap()).unwrap())
}

fn compile(source: Source) -> Guest {
    let (loader, opened) = (Loader::default(), Loader::default().open(source).unwrap());
    let settings = Settings { interruptible: true, ..Settings::default() };
    let code = loader.load(&opened, &settings, true, &Runtime::default()).unwrap().code;
    Guest { name: opened.source.name, shape: Arc::new(opened.shape), code, path: opened.source.path, lone: None }
}

/// A filter, and what it has logged.
pub(crate) struct Filter {
    filter: Arc<dyn HttpFilter>,
    log: Arc<Mutex<Vec<u8>>>,
}

/// What came out at both ends.
#[derive(Debug)]
pub(crate) struct Passed {
    /// What reached whom the filter stands in front of.
    pub(crate) asked: Option<Message<http::request::Parts>>,
    pub(crate) answer: Result<Message<http::response::Parts>>,
}

/// A message that has come to its end, or not.
#[derive(Debug)]
pub(crate) struct Message<H> {
    pub(crate) head: H,
    pub(crate) body: String,
    pub(crate) trailers: HeaderMap,
}

impl Filter {
    pub(crate) fn new(guest: &Guest, host: Host) -> Self {
        Self::try_new(guest, host).unwrap()
    }

    pub(crate) fn try_new(guest: &Guest, mut host: Host) -> Result<Self> {
        let (output, log) = holm_wasi::capture();
        host.stdio = Stdio { stdout: output.clone(), stderr: output, ..Stdio::default() };
        let entries = HttpWasm.load(guest, &host)?;
        let [Entry::HttpFilter(filter)] = entries.as_slice() else { panic!("not one filter") };
        Ok(Self { filter: Arc::clone(filter), log })
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8(self.log.lock().unwrap().clone()).unwrap()
    }

    /// Passes a request to somebody who answers with what is asked, under the header `x-next`.
    pub(crate) async fn pass(&self, request: Request<Body>) -> Passed {
        self.pass_to(request, |asked| {
            Ok(Response::builder().header("x-next", "seen").body(full(asked.body.clone())).unwrap())
        })
        .await
    }

    pub(crate) async fn pass_to(
        &self,
        request: Request<Body>,
        answer: impl Fn(&Message<http::request::Parts>) -> Result<Response<Body>> + Send + Sync + 'static,
    ) -> Passed {
        self.pass_counted(request, Arc::default(), answer).await
    }

    /// Likewise, where `usage` counts what it takes.
    pub(crate) async fn pass_counted(
        &self,
        request: Request<Body>,
        usage: Arc<Usage>,
        answer: impl Fn(&Message<http::request::Parts>) -> Result<Response<Body>> + Send + Sync + 'static,
    ) -> Passed {
        let next = Arc::new(Next { answer: Box::new(answer), asked: Mutex::default() });
        let handler: Arc<dyn HttpHandler> = Arc::<Next>::clone(&next);
        let peer = Some("192.0.2.7:4711".parse().unwrap());
        let exchange = Exchange { peer, usage, ..Exchange::default() };
        let answer = match self.filter.handle(request, exchange, &handler).await {
            Ok(response) => {
                let (head, body) = response.into_parts();
                Ok(taken(head, body).await)
            }
            Err(error) => Err(error),
        };
        let asked = next.asked.lock().unwrap().take();
        Passed { asked, answer }
    }

    /// Passes a request that has `x-test` say this.
    pub(crate) async fn told(&self, test: &str, body: &str) -> Passed {
        let request = Request::post("http://shop.example/a?b=c").header("x-test", test).body(full(body.to_owned()));
        self.pass(request.unwrap()).await
    }
}

impl Passed {
    #[track_caller]
    pub(crate) fn asked(&self) -> &Message<http::request::Parts> {
        self.asked.as_ref().unwrap_or_else(|| panic!("it did not go on: {:?}", self.answer))
    }

    #[track_caller]
    pub(crate) fn answer(&self) -> &Message<http::response::Parts> {
        self.answer.as_ref().unwrap()
    }

    /// The error with which it ended, in front of anybody else.
    #[track_caller]
    pub(crate) fn failed(&self) -> (Kind, String) {
        let error = self.answer.as_ref().unwrap_err();
        (error.kind(), error.to_string())
    }
}

type Answer = dyn Fn(&Message<http::request::Parts>) -> Result<Response<Body>> + Send + Sync;

struct Next {
    answer: Box<Answer>,
    asked: Mutex<Option<Message<http::request::Parts>>>,
}

#[async_trait]
impl HttpHandler for Next {
    async fn handle(&self, request: Request<Body>, _: Exchange) -> Result<Response<Body>> {
        let (head, body) = request.into_parts();
        let asked = taken(head, body).await;
        let answer = (self.answer)(&asked);
        *self.asked.lock().unwrap() = Some(asked);
        answer
    }
}

async fn taken<H>(head: H, body: Body) -> Message<H> {
    let body = body.collect().await.unwrap();
    let trailers = body.trailers().cloned().unwrap_or_default();
    Message { head, body: String::from_utf8(body.to_bytes().to_vec()).unwrap(), trailers }
}

pub(crate) fn full(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).map_err(|never| match never {}).boxed_unsync()
}

pub(crate) fn no_response() -> Error {
    Error::new(Kind::NoResponse, "nobody is there")
}
