//! Messages in the bodies of requests and responses.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes, BytesMut};
use holm_abi::BodyError;
use http_body::{Body, Frame};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::MOST_MESSAGE;

/// A flag for compression, and the length of what follows.
const PREFIX: usize = 5;

/// A message with its prefix, if it is not too long.
pub(super) fn framed(message: &[u8]) -> Option<Bytes> {
    if message.len() > MOST_MESSAGE {
        return None;
    }
    let length = u32::try_from(message.len()).ok()?;
    Some([&[0], &length.to_be_bytes()[..], message].concat().into())
}

/// Messages that a guest sends, with the room that they take.
pub(super) struct Outbox(pub(super) mpsc::UnboundedReceiver<(Bytes, OwnedSemaphorePermit)>);

impl Body for Outbox {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.0.poll_recv(cx).map(|message| message.map(|(message, _)| Ok(Frame::data(message))))
    }
}

/// Puts together the messages of a response.
#[derive(Default)]
pub(super) struct Inbox(BytesMut);

/// Why what came is no message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Inbox {
    pub(super) fn add(&mut self, data: &[u8]) {
        self.0.extend_from_slice(data);
    }

    /// The next message, if all of it is there.
    ///
    /// # Errors
    /// It is compressed, which was not asked for, or too long.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, Malformed> {
        let Some(([compressed, length @ ..], _)) = self.0.split_first_chunk::<PREFIX>() else { return Ok(None) };
        let length = u32::from_be_bytes(*length) as usize;
        if *compressed != 0 || length > MOST_MESSAGE {
            return Err(Malformed);
        }
        if self.0.len() - PREFIX < length {
            return Ok(None);
        }
        self.0.advance(PREFIX);
        Ok(Some(self.0.split_to(length).freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_as_they_went_in_whatever_the_pieces() {
        let sent = [framed(b"one").unwrap(), framed(b"").unwrap(), framed(b"three").unwrap()].concat();
        let mut inbox = Inbox::default();
        let mut got = Vec::new();
        for byte in sent {
            inbox.add(&[byte]);
            got.extend(inbox.next().unwrap());
        }
        assert_eq!(got, ["one", "", "three"]);
        assert_eq!(inbox.next(), Ok(None));
    }

    #[test]
    fn what_is_compressed_or_too_long_is_refused() {
        for prefix in [[1, 0, 0, 0, 0], [0, 255, 255, 255, 255]] {
            let mut inbox = Inbox::default();
            inbox.add(&prefix);
            assert_eq!(inbox.next(), Err(Malformed));
        }
        assert_eq!(framed(&vec![0; MOST_MESSAGE + 1]), None);
    }
}
