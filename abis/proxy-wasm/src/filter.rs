//! A filter, in front of whatever answers.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use async_trait::async_trait;
use holm_abi::{Body, Error, Exchange, HttpFilter, HttpHandler, Kind, Result};
use http::{Method, Request, Response, StatusCode, Version};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tokio::runtime::Handle;

use crate::flow::{Flow, Passing, Watched};
use crate::head::Head;
use crate::local::{Asker, LocalReply};
use crate::plugin::{Plugin, new_number};
use crate::pool::Pool;
use crate::session::{Closer, Session, Verdict};
use crate::signals::{Direction, Event, Signals};
use crate::stream::{Facts, Log, SetProperties, Side, Stream};

/// A filter.
pub(crate) struct Filter {
    plugin: Arc<Plugin>,
    pool: Arc<Pool>,
}

impl Filter {
    /// Its first machine is started at once where there is a runtime: it may have ticks to be told of.
    pub(crate) fn new(plugin: &Arc<Plugin>) -> Self {
        let pool = Arc::new(Pool::new(plugin));
        if let Ok(runtime) = Handle::try_current() {
            let pool = Arc::clone(&pool);
            let plugin = Arc::clone(plugin);
            runtime.spawn(async move {
                if let Err(error) = pool.pick().await {
                    crate::log::failed(&plugin, "its start", &error);
                }
            });
        }
        Self { plugin: Arc::clone(plugin), pool }
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        self.pool.end();
    }
}

#[async_trait]
impl HttpFilter for Filter {
    async fn handle(
        &self,
        request: Request<Body>,
        exchange: Exchange,
        next: &Arc<dyn HttpHandler>,
    ) -> Result<Response<Body>> {
        let vm = match self.pool.pick().await {
            Ok(vm) => vm,
            Err(error) if self.plugin.host.filter.fail_open => {
                crate::log::failed(&self.plugin, "its start, so an exchange passes by it", &error);
                return next.handle(request, exchange).await;
            }
            Err(error) => return Err(error),
        };
        let (mut parts, body) = request.into_parts();
        let stream = stream(&mut parts, body.is_end_stream(), &exchange);
        let session = Arc::new(Session::new(vm, &stream));
        let closer = Closer(Arc::clone(&session));
        let verdict = session.open(stream).await?;
        let (response, origin) = ask(&session, verdict, parts, body, exchange, next).await?;
        answer(&session, closer, response, origin).await
    }
}

/// What is kept of an exchange that begins.
fn stream(parts: &mut http::request::Parts, ended: bool, exchange: &Exchange) -> Stream {
    let set = parts.extensions.get_or_insert_default::<SetProperties>().clone();
    let head = Head::request(parts);
    let asker = Asker { grpc: head.is_grpc(), head: parts.method == Method::HEAD };
    let facts = Facts {
        began: SystemTime::now(),
        clock: Instant::now(),
        protocol: parts.version,
        peer: exchange.peer,
        id: new_number(),
        status: None,
        details: None,
        set,
        complete: None,
    };
    let request = Side { head: Some(head), ended, ..Side::default() };
    Stream {
        sides: [request, Side::default()],
        signals: Arc::new(Signals::default()),
        exchange: exchange.clone(),
        facts,
        sent: Log::default(),
        log: None,
        stdio: None,
        asker,
    }
}

/// Who gave a response.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Next,
    Local,
}

/// The response to a request that the guest has seen: its own, or that of who is next.
async fn ask(
    session: &Arc<Session>,
    verdict: Verdict,
    mut parts: http::request::Parts,
    body: Body,
    exchange: Exchange,
    next: &Arc<dyn HttpHandler>,
) -> Result<(Response<Body>, Origin)> {
    let local = |reply: LocalReply| Ok((reply.into_response(session.asker), Origin::Local));
    let head = match verdict {
        Verdict::Pass(head) => head,
        Verdict::Reply(reply) => return local(reply),
        Verdict::Close => return Err(closed(session)),
    };
    if let Err(why) = head.into_request(&mut parts) {
        return local(match why.as_str() {
            "" => LocalReply::new(StatusCode::NOT_FOUND, "", "route_not_found"),
            _ => LocalReply::new(StatusCode::SERVICE_UNAVAILABLE, why, "filter_removed_required_request_headers"),
        });
    }
    let passes = body.is_end_stream() || session.is_bypassed() || !session.plugin.wants.more(Direction::Request);
    let body = if passes {
        body
    } else {
        let knows_end = parts.version >= Version::HTTP_2;
        Passing::new(Flow::new(session, Direction::Request, body, knows_end, None)).boxed_unsync()
    };
    let asked = next.handle(Request::from_parts(parts, body), exchange);
    let event = match session.signals.unless_interrupted(pin!(asked)).await {
        Ok(Ok(response)) => return Ok((response, Origin::Next)),
        // Who is next may have failed for want of the body.
        Ok(Err(error)) => session.signals.interruption().unwrap_or(Event::Failed(error)),
        Err(event) => event,
    };
    match event {
        Event::Reply(reply) => local(reply),
        Event::Failed(error) => Err(error),
        Event::Closed | Event::Continue | Event::Dead => Err(closed(session)),
    }
}

fn closed(session: &Session) -> Error {
    Error::new(Kind::NoResponse, "the filter closed the stream").about(session.plugin.name())
}

/// The response as it leaves the filter.
async fn answer(
    session: &Arc<Session>,
    closer: Closer,
    response: Response<Body>,
    origin: Origin,
) -> Result<Response<Body>> {
    let (mut parts, body) = response.into_parts();
    let ended = body.is_end_stream() || session.asker.head;
    let head = match session.respond(Head::response(&mut parts), ended).await? {
        Verdict::Pass(head) => head,
        Verdict::Close => return Err(closed(session)),
        // A response to the guest's own response, which it does not see.
        Verdict::Reply(reply) => return Ok(watched(reply.into_response(session.asker), closer)),
    };
    if let Err(why) = head.into_response(&mut parts) {
        let reply = LocalReply::new(StatusCode::BAD_GATEWAY, why, "filter_removed_required_response_headers");
        return Ok(watched(reply.into_response(session.asker), closer));
    }
    if ended || session.is_bypassed() || !session.plugin.wants.more(Direction::Response) {
        return Ok(watched(Response::from_parts(parts, body), closer));
    }
    // The body of a local reply is one piece, and the last, in Envoy too.
    let knows_end = parts.version >= Version::HTTP_2 || origin == Origin::Local;
    let flow = Flow::new(session, Direction::Response, body, knows_end, Some(closer));
    Ok(Response::from_parts(parts, Passing::new(flow).boxed_unsync()))
}

fn watched(response: Response<Body>, closer: Closer) -> Response<Body> {
    response.map(|body| Watched { body, closer: Some(closer) }.boxed_unsync())
}
