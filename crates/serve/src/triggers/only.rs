use async_trait::async_trait;
use holm_abi::{Body, Error, Exchange, HttpHandler, Kind, Result};
use http::{Request, Response};

/// Stands where requests are answered, for a guest that is only told of events.
pub struct OnlyEvents;

#[async_trait]
impl HttpHandler for OnlyEvents {
    async fn handle(&self, _: Request<Body>, _: Exchange) -> Result<Response<Body>> {
        Err(Error::new(Kind::NoResponse, "it answers no requests: it is told of events only"))
    }
}
