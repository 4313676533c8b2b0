//! A response on its way out.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use holm_abi::BodyError;
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::runtime::Handle;

use super::Underway;
use super::begun::Begun;

/// A response's body: the guest's, or a text of ours.
pub struct Answer(Content);

#[expect(clippy::large_enum_variant, reason = "nearly all answers are a guest's")]
enum Content {
    Text(Option<Bytes>),
    /// `None` once it is dropped.
    Guest(Option<Written>),
}

/// What a guest writes. The account is kept until the body is.
struct Written {
    body: Begun,
    account: Box<Underway>,
    /// Bytes that may still come.
    left: u64,
    /// Bytes that the head says will come.
    length: Option<u64>,
}

impl Answer {
    pub(super) fn text(text: Bytes) -> Self {
        Self(Content::Text(Some(text)))
    }

    /// The guest's response, with a body of at most `limit` bytes.
    pub(super) fn guest(response: Response<Begun>, mut account: Box<Underway>, limit: u64) -> Response<Self> {
        account.status = Some(response.status());
        account.complete = ends_with_head(&account.method, response.status());
        let length = declared_length(response.headers());
        response.map(|body| Self(Content::Guest(Some(Written { body, account, left: limit, length }))))
    }
}

/// Whether a response has nothing after its head, whatever a guest writes (RFC 9110, sections 9.3.2, 15.3.5, 15.4.5).
pub(super) fn ends_with_head(method: &Method, status: StatusCode) -> bool {
    *method == Method::HEAD || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// How long the head says that the body is.
pub(super) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Content::Text(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Content::Guest(Some(written)) => Pin::new(written).poll_frame(cx),
            Content::Guest(None) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Content::Text(text) => text.is_none(),
            Content::Guest(written) => written.as_ref().is_none_or(Written::is_end_stream),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Text(text) => SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64)),
            Content::Guest(written) => written.as_ref().map_or_else(SizeHint::default, Written::size_hint),
        }
    }
}

impl Body for Written {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Self { body, account, left, length } = &mut *self;
        let frame = std::task::ready!(Pin::new(body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
                account.bytes_out += bytes;
                match left.checked_sub(bytes) {
                    Some(rest) => *left = rest,
                    None => {
                        *length = None;
                        return Poll::Ready(Some(Err(account.too_much())));
                    }
                }
            }
            Some(Err(error)) => _ = account.broke(error),
            None => account.complete = true,
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Whoever sends a body stops where its length is reached, or where it says it is at its end, and never sees the end.
impl Drop for Answer {
    fn drop(&mut self) {
        let Content::Guest(written) = &mut self.0 else { return };
        let Some(mut written) = written.take().filter(|written| !written.account.complete) else { return };
        if written.is_end_stream() {
            written.account.complete = true;
        } else if written.length == Some(written.account.bytes_out)
            && let Ok(runtime) = Handle::try_current()
        {
            // The guest is to come to its end as any other, though the client has all it wants.
            runtime.spawn(async move { while let Some(Ok(_)) = written.frame().await {} });
        }
    }
}
