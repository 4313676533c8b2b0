//! Responses that are always the same, in the place of a guest.

use async_trait::async_trait;
use bytes::Bytes;
use holm_abi::{Body, Error, Exchange, HttpHandler, Kind, Result};
use holm_manifest::StaticResponse;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};

/// Answers every request with the same response.
pub struct Fixed {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Fixed {
    /// The response that a manifest describes.
    ///
    /// # Errors
    /// Its status or one of its headers is none.
    pub fn new(response: &StaticResponse) -> Result<Self> {
        let wrong = |what: String| Error::new(Kind::Usage, format!("a static response {what}"));
        let status = StatusCode::from_u16(response.status).ok().filter(|status| !status.is_informational());
        let status = status.ok_or_else(|| {
            let why = format!("cannot have the status {}", response.status);
            wrong(why).note("the status of a response is a number from 200 to 999")
        })?;
        let mut headers = HeaderMap::with_capacity(response.headers.len());
        for (name, text) in &response.headers {
            let bad = || wrong(format!("cannot have the header {name:?}: it is none, or its value cannot be sent"));
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
            headers.append(name, HeaderValue::from_str(text).map_err(|_| bad())?);
        }
        Ok(Self { status, headers, body: Bytes::from(response.body.clone()) })
    }
}

#[async_trait]
impl HttpHandler for Fixed {
    async fn handle(&self, _request: Request<Body>, _exchange: Exchange) -> Result<Response<Body>> {
        let body = Full::new(self.body.clone()).map_err(|never| match never {});
        let mut response = Response::new(body.boxed_unsync());
        *response.status_mut() = self.status;
        response.headers_mut().clone_from(&self.headers);
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Empty;

    use super::*;

    fn described(status: u16, headers: &[(&str, &str)]) -> StaticResponse {
        let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        StaticResponse { status, headers, body: b"moved".to_vec() }
    }

    #[tokio::test]
    async fn what_the_manifest_says_is_answered() {
        let fixed =
            Fixed::new(&described(302, &[("Location", "/new"), ("set-cookie", "a"), ("set-cookie", "b")])).unwrap();
        for _ in 0..2 {
            let request = Request::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
            let response = fixed.handle(request, Exchange::default()).await.unwrap();
            assert_eq!((response.status().as_u16(), &response.headers()["location"]), (302, &"/new".parse().unwrap()));
            assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "moved");
        }
    }

    #[test]
    fn what_is_no_response_is_told() {
        for (status, headers) in [(99, &[][..]), (101, &[]), (200, &[("a b", "c")]), (200, &[("a", "b\nc")])] {
            let error = Fixed::new(&described(status, headers)).err().unwrap();
            assert!(error.to_string().contains("a static response cannot have"), "{error}");
        }
    }
}
