//! From a prebuilt guest's name to its answers.

use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use holm_abi::{Abi as _, Body, BodyError, Entry, Error, Exchange, Guest, Host, HttpHandler as _, Observe, Stdio};
use holm_engine::{Loader, Runtime, Settings, Source};
use holm_serve::cgi::Cgi;
use holm_wasi::Wasi;
use http::request::Builder;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};

/// `guests/prebuilt/NAME` under this host.
pub(crate) fn program(name: &str, host: &Host) -> Cgi {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/prebuilt").join(name);
    let loader = Loader::default();
    let opened = loader.open(Source::read(path.to_str().unwrap()).unwrap()).unwrap();
    let needs = opened.shape.needs;
    let settings = Settings { interruptible: true, concurrency: needs.concurrency, ..Settings::default() };
    let code = loader.load(&opened, &settings, true, &Runtime::default()).unwrap().code;
    let guest = Guest { name: name.into(), shape: Arc::new(opened.shape), code, path: None, lone: None };
    let entries = Wasi::default().load(&guest, host).unwrap();
    let command = entries.into_iter().find_map(|entry| match entry {
        Entry::Command(command) => Some(command),
        _ => None,
    });
    Cgi::new(command.unwrap(), name)
}

/// The CGI guest, to which the query says what to do.
pub(crate) fn cgi() -> Cgi {
    program("cgi.p1.wasm", &Host::default())
}

/// What is sent to `cat` is what it answers, header block and all.
pub(crate) fn cat() -> Cgi {
    program("cat.p1.wasm", &Host::default())
}

pub(crate) fn get(target: &str) -> Builder {
    Request::get(format!("http://a.example{target}"))
}

pub(crate) fn text(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).map_err(|never| match never {}).boxed_unsync()
}

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Response<()>,
    pub(crate) body: String,
    /// Why the body broke off.
    pub(crate) broken: Option<BodyError>,
    /// What the server was told when the program failed.
    pub(crate) failed: Vec<String>,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.status().as_u16()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.headers().get(name)?.to_str().ok()
    }
}

pub(crate) async fn ask(program: &Cgi, request: Builder, body: impl Into<Bytes>) -> Result<Answer, Error> {
    ask_as(program, request, body, Exchange::default()).await
}

pub(crate) async fn ask_as(
    program: &Cgi,
    request: Builder,
    body: impl Into<Bytes>,
    exchange: Exchange,
) -> Result<Answer, Error> {
    let failures = Failures::default();
    let observer: Option<Arc<dyn Observe>> = Some(Arc::new(failures.clone()));
    let exchange = Exchange { observer, ..exchange };
    let response = program.handle(request.body(text(body)).unwrap(), exchange).await?;
    let (head, mut body) = response.into_parts();
    let (mut bytes, mut broken) = (Vec::new(), None);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend_from_slice(&frame.into_data().unwrap()),
            Err(error) => broken = Some(error),
        }
    }
    let head = Response::from_parts(head, ());
    Ok(Answer { head, body: String::from_utf8(bytes).unwrap(), broken, failed: failures.all() })
}

/// Keeps why guests failed, and has their output go to `stdio`.
#[derive(Clone, Default)]
pub(crate) struct Failures {
    failures: Arc<Mutex<Vec<String>>>,
    stdio: Stdio,
}

impl Failures {
    pub(crate) fn with(stdio: Stdio) -> Self {
        Self { stdio, ..Self::default() }
    }

    pub(crate) fn exchange(&self) -> Exchange {
        Exchange { observer: Some(Arc::new(self.clone())), ..Exchange::default() }
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.failures.lock().unwrap().clone()
    }
}

impl Observe for Failures {
    fn stdio(&self) -> Stdio {
        self.stdio.clone()
    }

    fn failed(&self, error: &Error) {
        self.failures.lock().unwrap().push(error.to_string());
    }
}
