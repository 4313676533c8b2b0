//! `fermyon:spin/inbound-http`: requests as Spin handed them on before `wasi:http`, whole.
//!
//! Source: spinframework/spin, `wit/deps/spin@unversioned/inbound-http.wit`, `crates/trigger-http/src/spin.rs`.

use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Body, Entry, Error, Exchange, HttpHandler, Kind, Result};
use holm_wasi::{Export, Linked};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, Empty, Full};

use crate::http::{Method, Request, Response, lines, whole};

const INTERFACE: &str = "fermyon:spin/inbound-http";

struct Handler {
    linked: Linked,
    export: Export,
}

pub(super) fn entry(linked: &Linked) -> Option<Entry> {
    let export = linked.export(INTERFACE, "handle-request")?;
    Some(Entry::Http(Arc::new(Handler { linked: linked.clone(), export })))
}

#[async_trait]
impl HttpHandler for Handler {
    async fn handle(&self, request: http::Request<Body>, exchange: Exchange) -> Result<http::Response<Body>> {
        let (head, body) = request.into_parts();
        let Some(method) = Method::of(&head.method) else { return Ok(empty(StatusCode::METHOD_NOT_ALLOWED)) };
        // Whoever broke off does not wait for an answer.
        let Ok(body) = whole(body).await else { return Ok(empty(StatusCode::PAYLOAD_TOO_LARGE)) };
        let uri = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let request = Request { method, uri, headers: lines(&head.headers), params: Vec::new(), body: Some(body) };
        let (response,) = self.linked.call::<_, (Response,)>(&self.export, &exchange, (request,)).await?;
        answer(response).map_err(|why| Error::new(Kind::NoResponse, format!("{}: {why}", self.linked.name())))
    }
}

/// A response without a body.
pub(crate) fn empty(status: StatusCode) -> http::Response<Body> {
    let mut response = http::Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}

/// What a guest answered with, or what is wrong with it.
pub(crate) fn answer(response: Response) -> Result<http::Response<Body>, String> {
    let status = response.status;
    let known = (100..600).contains(&status).then(|| StatusCode::from_u16(status).ok()).flatten();
    let mut answer =
        empty(known.ok_or_else(|| format!("it answered with the status {status}, and they go from 100 to 599"))?);
    for (name, value) in response.headers.unwrap_or_default() {
        let wrong = || format!("it answered with the header `{}`, which is none", name.escape_debug());
        let field: HeaderName = name.parse().map_err(|_| wrong())?;
        let value = HeaderValue::from_str(&value).map_err(|_| wrong())?;
        // How long the body is, is known.
        if field != CONTENT_LENGTH && field != TRANSFER_ENCODING {
            answer.headers_mut().try_append(field, value).map_err(|_| "it answered with too many headers")?;
        }
    }
    let body = response.body.unwrap_or_default();
    *answer.body_mut() = Full::new(body.into()).map_err(|never| match never {}).boxed_unsync();
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_none_is_said_to_be() {
        let with = |status, name: &str, value: &str| {
            let headers = Some(vec![(name.to_owned(), value.to_owned())]);
            answer(Response { status, headers, body: None })
        };
        assert_eq!(with(204, "x-a", "b").unwrap().headers()["x-a"], "b");
        for (status, name, value, why) in [
            (99, "a", "b", "it answered with the status 99, and they go from 100 to 599"),
            (1000, "a", "b", "it answered with the status 1000, and they go from 100 to 599"),
            (200, "a b", "c", "it answered with the header `a b`, which is none"),
            (200, "a", "b\r\nc: d", "it answered with the header `a`, which is none"),
        ] {
            assert_eq!(with(status, name, value).unwrap_err(), why);
        }
    }
}
