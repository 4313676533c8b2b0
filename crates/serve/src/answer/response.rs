//! A response on its way out.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use holm_abi::BodyError;
use http_body::{Frame, SizeHint};

use super::Underway;
use super::begun::Begun;

/// A response's body: the guest's, or a text of ours.
pub struct Answer(Content);

enum Content {
    Text(Option<Bytes>),
    // The account is kept until the body is.
    Guest { body: Begun, account: Box<Underway>, left: u64 },
}

impl Answer {
    pub(super) fn text(text: Bytes) -> Self {
        Self(Content::Text(Some(text)))
    }

    /// The guest's body, of at most `limit` bytes.
    pub(super) fn guest(body: Begun, account: Box<Underway>, limit: u64) -> Self {
        Self(Content::Guest { body, account, left: limit })
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Content::Text(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Content::Guest { body, account, left } => {
                let frame = std::task::ready!(Pin::new(body).poll_frame(cx));
                match &frame {
                    Some(Ok(frame)) => {
                        let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
                        account.bytes_out += bytes;
                        match left.checked_sub(bytes) {
                            Some(rest) => *left = rest,
                            None => return Poll::Ready(Some(Err(account.too_much()))),
                        }
                    }
                    Some(Err(error)) => _ = account.broke(error),
                    None => account.complete = true,
                }
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Content::Text(text) => text.is_none(),
            Content::Guest { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Text(text) => SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64)),
            Content::Guest { body, .. } => body.size_hint(),
        }
    }
}
