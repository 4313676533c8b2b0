//! One request and its answer.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{Client, ClientError, Target};
use crate::wire::{ErrorAnswer, ErrorInfo};

pub(super) type RequestBody = UnsyncBoxBody<Bytes, io::Error>;

/// How long most answers may take.
pub(super) const QUICK: Duration = Duration::from_secs(60);
/// How long loading a new version may take, which includes compiling it.
pub(super) const SLOW: Duration = Duration::from_secs(1800);
/// The most bytes of an answer that is kept in memory: a list of 100,000 apps fits.
const MAX_ANSWER: usize = 64 << 20;

/// A body of nothing.
pub(super) fn nothing() -> RequestBody {
    whole(Bytes::new())
}

fn whole(bytes: Bytes) -> RequestBody {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

impl Client {
    /// Sends a request and answers the JSON of a successful answer.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: RequestBody,
        time: Duration,
    ) -> Result<T, ClientError> {
        let bytes = self.call_bytes(method, path, body, time).await?;
        serde_json::from_slice(&bytes).map_err(|error| self.not_holm(error.to_string()))
    }

    /// Sends a JSON document.
    pub(super) async fn call_json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        value: &impl Serialize,
        time: Duration,
    ) -> Result<T, ClientError> {
        let bytes = serde_json::to_vec(value).map_err(|error| self.not_holm(error.to_string()))?;
        self.call(method, path, whole(bytes.into()), time).await
    }

    /// Sends a request and answers the bytes of a successful answer.
    pub(super) async fn call_bytes(
        &self,
        method: Method,
        path: &str,
        body: RequestBody,
        time: Duration,
    ) -> Result<Bytes, ClientError> {
        let answered = timeout(time, async { self.read(self.open(method, path, body).await?).await });
        let late = |_| ClientError::Timeout { target: self.target.to_string(), seconds: time.as_secs() };
        answered.await.map_err(late)?
    }

    /// Sends a request and answers once the head of a successful answer is there.
    pub(super) async fn open(
        &self,
        method: Method,
        path: &str,
        body: RequestBody,
    ) -> Result<Response<Incoming>, ClientError> {
        let mut request = Request::builder().method(method).uri(path).header(HOST, self.target.host());
        request = request.header(CONTENT_TYPE, "application/json");
        if let Target::Http { token, .. } = &self.target {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        // Of all this only the token comes from outside.
        let bad = |_| ClientError::BadTarget("the token holds characters that cannot be sent".to_owned());
        let request = request.body(body).map_err(bad)?;
        let mut connection = self.target.connect().await?;
        let broken = |source| ClientError::Broken { target: self.target.to_string(), source };
        let response = connection.send_request(request).await.map_err(broken)?;
        if response.status().is_success() { Ok(response) } else { Err(self.refused(response).await) }
    }

    async fn read(&self, response: Response<Incoming>) -> Result<Bytes, ClientError> {
        let limited = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
        limited.map(http_body_util::Collected::to_bytes).map_err(|error| self.not_holm(error.to_string()))
    }

    async fn refused(&self, response: Response<Incoming>) -> ClientError {
        let status = response.status();
        let body = self.read(response).await.unwrap_or_default();
        match serde_json::from_slice::<ErrorAnswer>(&body) {
            Ok(answer) => ClientError::Refused { status: status.as_u16(), info: answer.error },
            // An answer to HEAD has no body.
            Err(_) if body.is_empty() && status == StatusCode::NOT_FOUND => {
                let info = ErrorInfo { code: String::new(), message: "not found".to_owned(), details: Vec::new() };
                ClientError::Refused { status: status.as_u16(), info }
            }
            Err(_) => self.not_holm(format!("its status is {status}")),
        }
    }

    pub(super) fn not_holm(&self, why: String) -> ClientError {
        ClientError::NotHolm { target: self.target.to_string(), why }
    }
}
