//! A front with a service that says what it sees.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use holm_serve::front::{
    Address, Connection, Counters, Drained, Front, Limits, Listener, ListenerSpec, Local, RequestBody, Service,
};
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Channel, Full};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

/// Long enough for the slowest machine; waiting for it means that what was waited for does not come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    pub(crate) local: Local,
    pub(crate) url: Arc<str>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) seen: Arc<Seen>,
    pub(crate) warnings: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<Drained>,
}

/// What the service saw.
pub(crate) struct Seen {
    pub(crate) calls: AtomicUsize,
    /// Requests for `/wait` that have come.
    pub(crate) waiting: AtomicUsize,
    /// Requests for `/wait` end by taking one.
    pub(crate) released: Semaphore,
    /// Calls that were dropped before they answered.
    pub(crate) dropped: AtomicUsize,
}

pub(crate) fn at(address: &str) -> ListenerSpec {
    ListenerSpec::new(address.parse::<Address>().unwrap())
}

/// Serves plain HTTP on a free port.
pub(crate) fn serve(limits: Limits) -> Server {
    serve_at(&at("127.0.0.1:0"), limits)
}

pub(crate) fn serve_at(spec: &ListenerSpec, limits: Limits) -> Server {
    serve_listener(Listener::bind(spec).unwrap(), limits)
}

pub(crate) fn serve_listener(listener: Listener, limits: Limits) -> Server {
    let seen = Arc::new(Seen {
        calls: AtomicUsize::new(0),
        waiting: AtomicUsize::new(0),
        released: Semaphore::new(0),
        dropped: AtomicUsize::new(0),
    });
    let warnings = Arc::<Mutex<Vec<String>>>::default();
    let (to, service) = (Arc::clone(&warnings), Probe(Arc::clone(&seen)));
    let front = Front::new(service, limits).on_warning(move |warning| to.lock().unwrap().push(warning.to_string()));
    let (stop, stopped) = oneshot::channel();
    let (local, url, counters) = (listener.local().clone(), Arc::clone(listener.url()), Arc::clone(front.counters()));
    let served = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        front.serve(vec![listener], stopped).await.unwrap()
    });
    Server { local, url, counters, seen, warnings, stop: Some(stop), served }
}

impl Server {
    pub(crate) fn address(&self) -> SocketAddr {
        match &self.local {
            Local::Tcp(address) => *address,
            Local::Unix(path) => panic!("{}", path.display()),
        }
    }

    pub(crate) fn calls(&self) -> usize {
        self.seen.calls.load(Ordering::SeqCst)
    }

    /// Begins to drain.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) async fn drained(mut self) -> Drained {
        self.stop();
        tokio::time::timeout(PATIENCE, &mut self.served).await.expect("the server ends").unwrap()
    }
}

/// Waits until `condition` holds.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("never: {what}"));
}

struct Probe(Arc<Seen>);

type Body = UnsyncBoxBody<Bytes, Infallible>;

impl Service for Probe {
    type Body = Body;

    async fn call(&self, request: Request<RequestBody>, connection: &Arc<Connection>) -> Response<Body> {
        self.0.calls.fetch_add(1, Ordering::SeqCst);
        let mut cut = Cut(&self.0, true);
        let response = match request.uri().path() {
            "/who" => text(who(&request, connection)),
            "/read" => read(request.into_body()).await,
            "/big" => text(vec![b'x'; 64 << 20]),
            "/endless" => endless(),
            "/wait" => self.wait().await,
            _ => text("hello"),
        };
        cut.1 = false;
        response
    }
}

impl Probe {
    async fn wait(&self) -> Response<Body> {
        self.0.waiting.fetch_add(1, Ordering::SeqCst);
        self.0.released.acquire().await.unwrap().forget();
        text("released")
    }
}

struct Cut<'a>(&'a Seen, bool);

impl Drop for Cut<'_> {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(usize::from(self.1), Ordering::SeqCst);
    }
}

fn text(text: impl Into<Bytes>) -> Response<Body> {
    Response::new(Full::new(text.into()).boxed_unsync())
}

fn who(request: &Request<RequestBody>, connection: &Connection) -> String {
    let peer = connection.peer.map_or("unix".to_owned(), |peer| peer.to_string());
    let name = connection.tls.as_ref().map(|tls| tls.server_name.as_deref().unwrap_or("no name"));
    format!("{peer} {:?} {:?} {} {}", connection.protocol, request.version(), connection.scheme(), name.unwrap_or("-"))
}

/// Answers with the length of the body, or with why there is none.
async fn read(body: RequestBody) -> Response<Body> {
    match body.collect().await {
        Ok(body) => text(format!("{} bytes", body.to_bytes().len())),
        Err(error) => {
            let mut response = text(error.to_string());
            *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
            response
        }
    }
}

/// Pieces without end.
fn endless() -> Response<Body> {
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
    tokio::spawn(async move { while sender.send_data(Bytes::from_static(&[b'x'; 4096])).await.is_ok() {} });
    Response::new(body.boxed_unsync())
}
