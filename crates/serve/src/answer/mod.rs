//! A request's way: route, breaker, gate, code, guest, response.

mod begun;
mod call;
mod event;
mod outgoing;
mod refusal;
mod request;
mod response;
mod served;
mod underway;

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use holm_abi::{BodyError, Error, Kind};
use holm_engine::until;
use http::uri::{Authority, Scheme, Uri};
use http::{Request, Response, StatusCode, header};

pub(crate) use event::{admit, tell};
pub use response::Answer;
use underway::Origin;
pub(crate) use underway::Underway;

use crate::apps::{App, Found, Guest, Site, Turned};
use crate::front::{Connection, RequestBody, Service};
use crate::observe::Observer;
use crate::spin::known;
use begun::Begun;
use refusal::Refusal;
use request::bounded;
use served::Served;

/// Answers the requests of all apps of a site.
pub struct Answers {
    site: Arc<Site>,
    observer: Arc<Observer>,
}

impl Answers {
    /// Answers from the apps of `site`, and tells `observer` of each request.
    pub fn new(site: Arc<Site>, observer: Arc<Observer>) -> Self {
        Self { site, observer }
    }

    /// Answers one request that came over `connection`.
    ///
    /// Generic over the body, so that requests can come from elsewhere than the network.
    pub async fn answer<B>(&self, mut request: Request<B>, connection: &Connection) -> Response<Answer>
    where
        B: http_body::Body<Data = Bytes, Error: Into<BodyError>> + Send + Unpin + 'static,
    {
        complete_target(&mut request, connection);
        let mut account = Box::new(Underway::begin(&self.observer, &request, Origin::of(connection)));
        let host = request.uri().authority().map_or("", Authority::as_str);
        let answered = match self.site.find(host, request.uri().path()) {
            Some(Found::Guest { guest, app, matched, prefix }) => {
                account.leads_to(&guest, app);
                account.came_by(prefix, matched);
                handle(guest, request, &mut account).await
            }
            Some(Found::Known(app)) => return known_of(&app, request.uri().path(), account),
            None => Err(Refusal::NoRoute),
        };
        respond(answered, account)
    }
}

/// What an app of Spin's answers without its guests.
fn known_of(app: &App, path: &str, mut account: Box<Underway>) -> Response<Answer> {
    let response = known::answer(path, app.info.as_ref().unwrap_or(&Bytes::new()));
    account.told_by_server(response.status());
    response.map(Answer::text)
}

type Answered = Result<(Response<Begun>, u64), Refusal>;

/// Lets the guest answer, when it is the request's turn.
async fn handle<B>(guest: Arc<Guest>, request: Request<B>, account: &mut Underway) -> Answered
where
    B: http_body::Body<Data = Bytes, Error: Into<BodyError>> + Send + Unpin + 'static,
{
    if let Some(left) = guest.breaker.open_for() {
        return Err(Refusal::Failing(left));
    }
    if declared_length(&request).is_some_and(|length| length > guest.request_body) {
        return Err(Refusal::TooLarge);
    }
    let now = Instant::now();
    // A bound beyond what a clock can say is none.
    let deadline = now.checked_add(guest.first_byte).unwrap_or_else(|| now + A_YEAR);
    let waiting = (guest.gate.is_full() || guest.room.gate.is_full()).then(|| guest.seen.stats.queue());
    let place = guest.gate.enter(deadline).await.map_err(|turned| match turned {
        Turned::QueueFull => Refusal::QueueFull,
        Turned::TooLate => Refusal::TooLate,
    })?;
    let room = match account.is_inner() {
        // Who asks has a place and waits for the answer: were it to wait for another, all might wait for each other.
        true => guest.room.gate.try_enter(),
        false => Some(guest.room.gate.enter(deadline).await.map_err(|_| Refusal::ServerFull)?),
    };
    drop(waiting);
    let served = account.entered(&guest, (place, room));
    let answered = until(deadline, pin!(run(&guest, request, &served, account))).await;
    match answered {
        Some(Ok(response)) => Ok((response, guest.spec.limits.max_output.unwrap_or(u64::MAX))),
        Some(Err(refusal)) => Err(refusal),
        None => Err(account.failed_in_time()),
    }
}

/// What the client gets.
fn respond(answered: Answered, mut account: Box<Underway>) -> Response<Answer> {
    match answered {
        Ok((response, limit)) => Answer::guest(response, account, limit),
        Err(refusal) => {
            let response = refusal.response(&account.id.to_string(), account.is_spin());
            account.status = Some(response.status());
            account.refused(&refusal);
            response.map(Answer::text)
        }
    }
}

const A_YEAR: std::time::Duration = std::time::Duration::from_secs(365 * 24 * 60 * 60);

/// Loads the guest if need be, and hands it the request.
async fn run<B>(
    guest: &Arc<Guest>,
    request: Request<B>,
    served: &Arc<Served>,
    account: &mut Underway,
) -> Result<Response<Begun>, Refusal>
where
    B: http_body::Body<Data = Bytes, Error: Into<BodyError>> + Send + Unpin + 'static,
{
    let (loaded, cold) = guest.code.get().await.map_err(|error| {
        account.not_loaded(&error);
        Refusal::NotLoaded
    })?;
    account.cold = cold;
    let mut request = request.map(|body| bounded(body, guest.request_body, served));
    account.introduce(&mut request);
    let exchange = account.exchange(served);
    let answered = loaded.handler.handle(request, exchange).await;
    // A guest that was not given all of the request may have answered anything.
    if served.received.is_too_large() {
        return Err(Refusal::TooLarge);
    }
    let (head, body) = answered.map_err(|error| account.failed(&error))?.into_parts();
    if head.status.is_informational() {
        return Err(account.failed(&not_final(head.status)));
    }
    // Nothing was sent yet, so a guest that fails now may still be told of as one that has no response.
    let body = Begun::new(body, &head.headers).await.map_err(|error| account.broke(&error))?;
    Ok(Response::from_parts(head, body))
}

/// The error of a guest that answers with a status that ends no request (RFC 9110, section 15.2).
fn not_final(status: StatusCode) -> Error {
    let why = format!("its response has the status {status}, after which another one has to follow");
    Error::new(Kind::NoResponse, why)
}

/// Gives the request's URI the scheme and the authority that HTTP/1 sends elsewhere, or not at all.
fn complete_target<B>(request: &mut Request<B>, connection: &Connection) {
    if request.uri().authority().is_some() && request.uri().scheme().is_some() {
        return;
    }
    let host = request.headers().get(header::HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.authority = parts.authority.or(host).or_else(|| Some(Authority::from_static("localhost")));
    parts.scheme = Some(if connection.tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP });
    parts.path_and_query.get_or_insert_with(|| http::uri::PathAndQuery::from_static("/"));
    // All three parts are there, which is all that could be wrong.
    *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
}

fn declared_length<B: http_body::Body>(request: &Request<B>) -> Option<u64> {
    request.body().size_hint().exact()
}

impl Service for Answers {
    type Body = Answer;

    async fn call(&self, request: Request<RequestBody>, connection: &Arc<Connection>) -> Response<Answer> {
        self.answer(request, connection).await
    }
}
