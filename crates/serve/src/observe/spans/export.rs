//! The thread that sends spans to a collector.
//!
//! A collector may be down, slow or hostile: it gets a bounded time for each batch, of its answers only so much is read,
//! and what it does not take after some attempts is dropped.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use bytes::Bytes;
use holm_manifest::server::Telemetry;
use holm_services::http_client::{Anywhere, ClientConfig, HttpClient, Options};
use http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use tokio::sync::watch;
use tokio::time::timeout;

use super::queue::{Batch, Queue};
use super::wire::{Field, Message, Value, fields};
use crate::observe::printable::printable_text;
use crate::observe::{Ids, Level, Log};

/// How long spans are left to gather.
const GATHER: Duration = Duration::from_secs(1);
/// How long a batch may take, answer included.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often a batch is sent before it is dropped, and how long to wait in between: twice as long each time.
const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How much of an answer is read.
const ANSWER: usize = 64 << 10;
/// How often the log tells of dropped spans.
const TELL: Duration = Duration::from_secs(60);

/// What `ResourceSpans` and `ScopeSpans` say of where spans were made.
const SCHEMA: &str = "https://opentelemetry.io/schemas/1.37.0";

/// Starts the thread. The channel is closed when it ends, which it does some time after `ending` is true.
pub(super) fn start(
    config: &Telemetry,
    queue: Arc<Queue>,
    ending: watch::Receiver<bool>,
    log: Log,
) -> io::Result<Receiver<()>> {
    let client = HttpClient::new(ClientConfig::default()).map_err(io::Error::other)?;
    let url = endpoint(&config.otlp).map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let resource = resource(&config.service_name);
    let told = Told { last: None, dropped: 0, why: None };
    let mut exporter = Exporter { client, policy: Anywhere::default(), url, resource, queue, ending, log, told };
    let (done, is_done) = mpsc::channel();
    std::thread::Builder::new().name("holm-spans".to_owned()).spawn(move || {
        runtime.block_on(exporter.run());
        // A look-up that hangs must not keep the thread, nor who waits for it.
        runtime.shutdown_background();
        drop(done);
    })?;
    Ok(is_done)
}

/// Where spans are sent: below the collector's URL, unless that says so already.
fn endpoint(otlp: &str) -> Result<Uri, http::uri::InvalidUri> {
    const PATH: &str = "/v1/traces";
    let otlp = otlp.trim_end_matches('/');
    if otlp.ends_with(PATH) { otlp.parse() } else { format!("{otlp}{PATH}").parse() }
}

/// The `Resource` that all spans are of.
fn resource(service: &str) -> Message {
    const ATTRIBUTES: u32 = 1;
    let version = env!("CARGO_PKG_VERSION");
    let instance = Ids::new().request().to_string();
    let mut resource = Message::default();
    for (key, value) in [
        ("service.name", service),
        ("service.instance.id", &instance),
        ("telemetry.sdk.name", "holm"),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.version", version),
    ] {
        resource.attribute(ATTRIBUTES, key, Value::Text(value));
    }
    resource
}

struct Exporter {
    client: HttpClient,
    policy: Anywhere,
    url: Uri,
    resource: Message,
    queue: Arc<Queue>,
    ending: watch::Receiver<bool>,
    log: Log,
    told: Told,
}

/// What the log was told of dropped spans.
struct Told {
    last: Option<Instant>,
    dropped: u64,
    /// Why the last ones were dropped.
    why: Option<String>,
}

/// How sending a batch went.
enum Sent {
    /// All but so many spans were taken.
    Taken(u64),
    /// It may be taken later, perhaps after this time.
    Later(Option<Duration>),
    /// It will not be taken.
    Never,
}

impl Exporter {
    /// Sends until the end, and then what is left.
    async fn run(&mut self) {
        loop {
            let waited = tokio::select! {
                waited = timeout(GATHER, self.queue.full.notified()) => waited.is_err(),
                // With nobody left to record, it is the end as well.
                _ = self.ending.wait_for(|ending| *ending) => true,
            };
            while let Some(batch) = self.queue.take(false) {
                self.deliver(batch).await;
            }
            if waited && let Some(batch) = self.queue.take(true) {
                self.deliver(batch).await;
            }
            self.tell();
            if self.is_ending() {
                return;
            }
        }
    }

    fn is_ending(&self) -> bool {
        *self.ending.borrow() || self.ending.has_changed().is_err()
    }

    /// Sends a batch until it is taken or has to be dropped.
    async fn deliver(&mut self, batch: Batch) {
        let body = self.request(&batch);
        let mut pause = FIRST_PAUSE;
        for attempt in 1..=ATTEMPTS {
            match self.send(body.clone()).await {
                Sent::Taken(refused) => return self.queue.settle(batch.count, refused.min(batch.count)),
                Sent::Never => break,
                Sent::Later(_) if attempt == ATTEMPTS || self.is_ending() => break,
                Sent::Later(after) => {
                    self.tell();
                    self.rest(after.unwrap_or(pause).min(LONGEST_PAUSE)).await;
                    pause *= 2;
                }
            }
        }
        self.queue.settle(batch.count, batch.count);
        self.tell();
    }

    /// Waits for so long, or until the end.
    async fn rest(&mut self, pause: Duration) {
        let _ = timeout(pause, self.ending.wait_for(|ending| *ending)).await;
    }

    /// An `ExportTraceServiceRequest` with one `ResourceSpans` of one `ScopeSpans`.
    fn request(&self, batch: &Batch) -> Bytes {
        let mut scope = Message::default();
        scope.text(1, "holm");
        scope.text(2, env!("CARGO_PKG_VERSION"));
        let mut scope_spans = Message::with_capacity(batch.spans.len() + 128);
        scope_spans.message(1, &scope);
        scope_spans.0.extend_from_slice(&batch.spans);
        let mut resource_spans = Message::with_capacity(scope_spans.0.len() + self.resource.0.len() + 128);
        resource_spans.message(1, &self.resource);
        resource_spans.message(2, &scope_spans);
        resource_spans.text(3, SCHEMA);
        let mut request = Message::with_capacity(resource_spans.0.len() + 8);
        request.message(1, &resource_spans);
        request.0.into()
    }

    async fn send(&mut self, body: Bytes) -> Sent {
        let why = match timeout(TIMEOUT, exchange((&self.client, &self.policy), &self.url, body)).await {
            Ok(Ok((status, headers, answer))) => return self.judge(status, &headers, &answer),
            Ok(Err(error)) => format!("cannot be reached: {error}"),
            Err(_) => format!("did not answer within {TIMEOUT:?}"),
        };
        self.told.why = Some(why);
        Sent::Later(None)
    }

    /// What an answer means (OTLP, section "OTLP/HTTP Response").
    fn judge(&mut self, status: StatusCode, headers: &HeaderMap, answer: &[u8]) -> Sent {
        if status.is_success() {
            let (refused, message) = partial_success(answer);
            if refused > 0 {
                self.told.why = Some(format!("refused them: {}", printable_text(&message, 200)));
            }
            return Sent::Taken(refused);
        }
        self.told.why = Some(format!("answered {status}"));
        match status.as_u16() {
            429 | 502 | 503 | 504 => Sent::Later(retry_after(headers)),
            _ => Sent::Never,
        }
    }

    /// Tells the log what was dropped since it was told last, but not more often than once a minute.
    fn tell(&mut self) {
        let dropped = self.queue.counts().dropped;
        if dropped == self.told.dropped || self.told.last.is_some_and(|last| last.elapsed() < TELL) {
            return;
        }
        let spans = dropped - self.told.dropped;
        let why = self.told.why.take().unwrap_or_else(|| "does not take them as fast as they come".to_owned());
        let text = format!("{spans} spans were dropped: the collector at {} {why}", self.url);
        self.log.server(Level::Warn, &text);
        self.told = Told { last: Some(Instant::now()), dropped, why: None };
    }
}

/// Status, headers and the beginning of the body of the answer.
async fn exchange(
    (client, policy): (&HttpClient, &Anywhere),
    url: &Uri,
    body: Bytes,
) -> Result<(StatusCode, HeaderMap, Bytes), String> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(url)
        .header(header::CONTENT_TYPE, "application/x-protobuf")
        .header(header::USER_AGENT, concat!("holm/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(body))
        .map_err(|error| error.to_string())?;
    let answer = client.send(request, policy, &Options::default()).await.map_err(|error| error.to_string())?;
    let (head, body) = answer.into_parts();
    // An answer that is too long, or breaks off, has still said by its status what became of the spans.
    let body = Limited::new(body, ANSWER).collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Ok((head.status, head.headers, body))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

/// How many spans an `ExportTraceServiceResponse` says were refused, and why.
fn partial_success(answer: &[u8]) -> (u64, String) {
    let partial = fields(answer).find_map(|field| match field {
        (1, Field::Bytes(partial)) => Some(partial),
        _ => None,
    });
    let (mut refused, mut message) = (0, String::new());
    for field in fields(partial.unwrap_or_default()) {
        match field {
            (1, Field::Number(number)) => refused = number,
            (2, Field::Bytes(text)) => message = String::from_utf8_lossy(text).into_owned(),
            _ => {}
        }
    }
    (refused, message)
}
