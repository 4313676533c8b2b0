//! From hyper's requests to the service, and back.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;

use super::body::{RequestBody, ResponseBody};
use super::check::check;
use super::counters::count;
use super::link::{Link, Underway};
use super::{Connection, Service};

/// The service, as one connection calls it. One of these is shared by the requests of a connection, so that a request
/// does not touch what all connections share.
pub(super) struct Exchange<S> {
    pub(super) service: Arc<S>,
    pub(super) link: Arc<Link>,
}

impl<S: Service> Exchange<S> {
    async fn respond(&self, request: Request<Incoming>, underway: Underway) -> Response<ResponseBody<S::Body>> {
        if let Err(refusal) = check(&request, &self.link.limits) {
            count(&self.link.counters.malformed);
            self.link.activity.leave_unfinished();
            return refusal.response(|reason| ResponseBody::text(reason, underway));
        }
        let request = request.map(|incoming| RequestBody::new(incoming, Arc::clone(&self.link)));
        let connection: &Arc<Connection> = &self.link.connection;
        let response = self.service.call(request, connection).await;
        response.map(|body| ResponseBody::service(body, underway))
    }
}

/// The service in hyper's form.
#[allow(clippy::type_complexity, reason = "hyper's trait has that many parts")]
pub(super) fn service<S: Service>(
    exchange: Exchange<S>,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response<ResponseBody<S::Body>>,
    Error = Infallible,
    Future: Future<Output = Result<Response<ResponseBody<S::Body>>, Infallible>> + Send + 'static,
> + Send
+ 'static
where
    ResponseBody<S::Body>: Body<Data = Bytes>,
{
    let exchange = Arc::new(exchange);
    service_fn(move |request| {
        let exchange = Arc::clone(&exchange);
        // Counted now, not when its task first runs.
        let underway = Underway::new(Arc::clone(&exchange.link));
        async move { Ok(exchange.respond(request, underway).await) }
    })
}
