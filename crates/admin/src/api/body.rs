//! Bodies: read within bounds, and written.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::error::{ApiError, Code};
use crate::store::StoreError;
use crate::wire::LogLine;

/// The body of an answer.
pub type AnswerBody = UnsyncBoxBody<Bytes, Infallible>;

/// The most bytes of a JSON document: a manifest of 1 MiB fits, with every character escaped in two.
const MAX_JSON: u64 = (2 << 20) + (64 << 10);
/// How long a JSON document may take to come.
const JSON_TIME: Duration = Duration::from_secs(30);
/// How long nothing of a blob may come.
const IDLE_TIME: Duration = Duration::from_secs(30);
/// What is read of a body that nobody wants.
const MAX_DRAIN: usize = 8 << 20;
/// How long that may take.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Reads a body that is a JSON document.
pub(super) async fn json<T: DeserializeOwned>(headers: &HeaderMap, body: &mut Incoming) -> Result<T, ApiError> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    if !kind.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("application/json") {
        return Err(ApiError::new(Code::UnsupportedMediaType, "send Content-Type: application/json"));
    }
    check_length(headers, "the JSON document", MAX_JSON)?;
    let deadline = Instant::now() + JSON_TIME;
    let mut bytes = Vec::new();
    while let Some(chunk) = timeout_at(deadline, chunk(body)).await.map_err(|_| too_slow())?? {
        if (bytes.len() + chunk.len()) as u64 > MAX_JSON {
            return Err(StoreError::TooLarge { what: "the JSON document", limit: MAX_JSON }.into());
        }
        bytes.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&bytes).map_err(|error| ApiError::new(Code::BadRequest, format!("in the JSON: {error}")))
}

/// Refuses a body that says itself that it is too large, before any of it is read.
pub(super) fn check_length(headers: &HeaderMap, what: &'static str, limit: u64) -> Result<(), ApiError> {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit) {
        return Err(StoreError::TooLarge { what, limit }.into());
    }
    Ok(())
}

/// The next part of a long body; `None` at its end.
pub(super) async fn next(body: &mut Incoming) -> Result<Option<Bytes>, ApiError> {
    timeout(IDLE_TIME, chunk(body)).await.map_err(|_| too_slow())?
}

async fn chunk(body: &mut Incoming) -> Result<Option<Bytes>, ApiError> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| ApiError::new(Code::BadRequest, format!("the body broke off: {error}")))?;
        // The other kind of frame is trailers.
        if let Ok(bytes) = frame.into_data() {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

fn too_slow() -> ApiError {
    ApiError::new(Code::Timeout, "the body came too slowly")
}

/// Reads on for a while: closing a connection with unread bytes resets it, and the one who sends
/// them would never see why.
pub(super) async fn drain(body: &mut Incoming) {
    let rest = async {
        let mut room = MAX_DRAIN;
        while let Ok(Some(bytes)) = chunk(body).await {
            let Some(left) = room.checked_sub(bytes.len()) else { return };
            room = left;
        }
    };
    let _ = timeout(DRAIN_TIME, rest).await;
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Response<AnswerBody> {
    answer(status, Full::default().boxed_unsync())
}

/// An answer in plain text, or what else is text.
pub(super) fn text(status: StatusCode, kind: &'static str, text: String) -> Response<AnswerBody> {
    typed(status, kind, Full::new(Bytes::from(text)).boxed_unsync())
}

/// An answer in JSON.
pub(super) fn as_json(status: StatusCode, value: &impl Serialize) -> Response<AnswerBody> {
    match serde_json::to_vec(value) {
        Ok(bytes) => typed(status, "application/json", Full::new(Bytes::from(bytes)).boxed_unsync()),
        // Only a map with keys that are no text can fail, and there is none.
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// An answer of one JSON document per line, as the lines come.
pub(super) fn lines(lines: mpsc::Receiver<LogLine>) -> Response<AnswerBody> {
    typed(StatusCode::OK, "application/x-ndjson", Lines(lines).boxed_unsync())
}

fn typed(status: StatusCode, kind: &'static str, body: AnswerBody) -> Response<AnswerBody> {
    let mut response = answer(status, body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn answer(status: StatusCode, body: AnswerBody) -> Response<AnswerBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// A log on its way out. When the connection ends this is dropped, and the receiver with it, which
/// tells the one who sends.
struct Lines(mpsc::Receiver<LogLine>);

impl Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|line| {
            // A line whose fields cannot be written becomes an empty one, which readers skip.
            let mut bytes = serde_json::to_vec(&line?).unwrap_or_default();
            bytes.push(b'\n');
            Some(Ok(Frame::data(bytes.into())))
        })
    }
}
