//! What is known of a request while it is answered, and told when it ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use holm_abi::{BodyError, Error, Kind, OnFailure, Stdio};
use holm_engine::Usage;
use http::{Method, Request, StatusCode, Version};
use tokio::sync::OwnedSemaphorePermit;

use super::refusal::Refusal;
use super::request::Received;
use crate::apps::Guest;
use crate::front::Connection;

/// Sees what becomes of requests. Called on the way of each of them, so nothing here may take long.
pub trait Observe: Send + Sync + 'static {
    /// A request begins. Its id names it in logs and responses.
    fn begin(&self) -> String;

    /// Where the guest's output goes while it answers this request.
    fn stdio(&self, guest: &Arc<Guest>, id: &str) -> Option<Stdio>;

    /// The guest failed on this request, or could not be loaded for it.
    fn failed(&self, guest: &Arc<Guest>, id: &str, error: &Error);

    /// The guest will be left alone for a while, because it only failed.
    fn broken(&self, guest: &Arc<Guest>);

    /// A request ended, well or not.
    fn ended(&self, ended: &Ended<'_>);
}

/// A request that ended.
#[derive(Debug)]
pub struct Ended<'a> {
    /// Its id.
    pub id: &'a str,
    /// Who should have answered it; `None` where no route led anywhere.
    pub guest: Option<&'a Arc<Guest>>,
    /// Its method.
    pub method: &'a Method,
    /// The host it was sent to, as sent.
    pub host: &'a str,
    /// Its path, without what follows `?`.
    pub path: &'a str,
    /// The protocol it came over.
    pub version: Version,
    /// Who sent it.
    pub peer: Option<SocketAddr>,
    /// The status of the response.
    pub status: StatusCode,
    /// From its arrival to the end of the response.
    pub took: Duration,
    /// Why it was refused, in one word for metrics; `None` if the guest answered it.
    pub refused: Option<&'static str>,
    /// The response was sent to its end.
    pub complete: bool,
    /// How long loading the guest took, if it was not loaded.
    pub cold: Option<Duration>,
    /// CPU time of the guest.
    pub cpu: Duration,
    /// Memory of the guest at most, in bytes.
    pub memory: u64,
    /// Bytes of the request's body that were read.
    pub bytes_in: u64,
    /// Bytes of the response's body.
    pub bytes_out: u64,
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

/// The account of one request. Whatever ends it, dropping this tells the observer.
pub(crate) struct Underway {
    observer: Arc<dyn Observe>,
    id: String,
    start: Instant,
    method: Method,
    host: String,
    path: String,
    version: Version,
    peer: Option<SocketAddr>,
    guest: Option<Arc<Guest>>,
    // Held for as long as the guest is busy with the request.
    _permit: Option<OwnedSemaphorePermit>,
    refused: Option<&'static str>,
    pub(crate) usage: Arc<Usage>,
    pub(crate) received: Option<Arc<Received>>,
    pub(crate) status: StatusCode,
    pub(crate) cold: Option<Duration>,
    pub(crate) bytes_out: u64,
    pub(crate) complete: bool,
}

impl Underway {
    pub(super) fn begin<B>(observer: &Arc<dyn Observe>, request: &Request<B>, connection: &Connection) -> Self {
        let uri = request.uri();
        let host = uri.authority().map(|host| host.as_str().as_bytes());
        let host = host.or_else(|| request.headers().get(http::header::HOST).map(|host| host.as_bytes()));
        Self {
            observer: Arc::clone(observer),
            id: observer.begin(),
            start: Instant::now(),
            method: request.method().clone(),
            host: String::from_utf8_lossy(host.unwrap_or_default()).into_owned(),
            path: uri.path().to_owned(),
            version: request.version(),
            peer: connection.peer,
            guest: None,
            _permit: None,
            refused: None,
            usage: Arc::default(),
            received: None,
            // What a log says of a request whose client left before there was a response, as nginx has it.
            status: StatusCode::from_u16(499).unwrap_or_default(),
            cold: None,
            bytes_out: 0,
            complete: false,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn leads_to(&mut self, guest: &Arc<Guest>) {
        self.guest = Some(Arc::clone(guest));
    }

    pub(super) fn entered(&mut self, permit: OwnedSemaphorePermit) {
        self._permit = Some(permit);
    }

    pub(super) fn stdio(&self) -> Option<Stdio> {
        self.observer.stdio(self.guest.as_ref()?, &self.id)
    }

    /// Told of a guest that fails after its response began.
    pub(super) fn on_failure(&self) -> OnFailure {
        let (observer, guest, id) = (Arc::clone(&self.observer), self.guest.clone(), self.id.clone());
        Arc::new(move |error| {
            if let Some(guest) = &guest {
                observer.failed(guest, &id, error);
                count_failure(&observer, guest);
            }
        })
    }

    pub(super) fn failed(&self, error: &Error) {
        let Some(guest) = &self.guest else { return };
        self.observer.failed(guest, &self.id, error);
        count_failure(&self.observer, guest);
    }

    pub(super) fn not_loaded(&self, error: &Error) {
        if let Some(guest) = &self.guest {
            self.observer.failed(guest, &self.id, error);
        }
    }

    /// The guest gave no response in the time it has.
    pub(super) fn failed_in_time(&self) {
        let limit = self.guest.as_ref().map_or(Duration::ZERO, |guest| guest.first_byte);
        let error = Error::new(Kind::OutOfTime, format!("no response within {limit:?}"))
            .note("limits.first-byte sets the limit");
        self.failed(&error);
    }

    /// The error of a response that is longer than the guest may send.
    pub(super) fn too_much(&self) -> BodyError {
        let limit = self.guest.as_ref().and_then(|guest| guest.spec.limits.max_output).unwrap_or_default();
        let error = Error::new(Kind::OutOfOutput, format!("its response is longer than {limit} bytes"))
            .note("limits.max-output sets the limit");
        self.failed(&error);
        "the response is longer than its limit".into()
    }

    pub(super) fn refused(&mut self, refusal: &Refusal) {
        self.refused = Some(refusal.word());
    }
}

fn count_failure(observer: &Arc<dyn Observe>, guest: &Arc<Guest>) {
    if guest.breaker.failed() {
        observer.broken(guest);
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        if self.complete
            && let Some(guest) = &self.guest
        {
            guest.breaker.succeeded();
        }
        self.observer.ended(&Ended {
            id: &self.id,
            guest: self.guest.as_ref(),
            method: &self.method,
            host: &self.host,
            path: &self.path,
            version: self.version,
            peer: self.peer,
            status: self.status,
            took: self.start.elapsed(),
            refused: self.refused,
            complete: self.complete,
            cold: self.cold,
            cpu: self.usage.cpu(),
            memory: self.usage.memory(),
            bytes_in: self.received.as_ref().map_or(0, |received| received.bytes.load(Relaxed)),
            bytes_out: self.bytes_out,
        });
    }
}
