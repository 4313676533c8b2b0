//! Reading a log as it is written.

use bytes::{Buf, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::{Client, ClientError};
use crate::wire::LogLine;

/// The longest line that is taken, in bytes.
const MAX_LINE: usize = 4 << 20;

/// The lines of a log.
pub struct Logs {
    client: Client,
    body: Incoming,
    buffer: BytesMut,
}

impl Logs {
    pub(super) fn new(client: Client, body: Incoming) -> Self {
        Self { client, body, buffer: BytesMut::new() }
    }

    /// The next line; `None` after the last one. May be dropped while waiting without losing any.
    ///
    /// # Errors
    /// [`ClientError::Broken`] when the server ends, [`ClientError::NotHolm`].
    pub async fn next(&mut self) -> Result<Option<LogLine>, ClientError> {
        loop {
            if let Some(line) = self.buffered()? {
                return Ok(Some(line));
            }
            if self.buffer.len() > MAX_LINE {
                return Err(self.client.not_holm("a line of the log does not end".to_owned()));
            }
            let Some(frame) = self.body.frame().await else { return Ok(None) };
            let broken = |source| ClientError::Broken { target: self.client.target.to_string(), source };
            if let Ok(bytes) = frame.map_err(broken)?.into_data() {
                self.buffer.extend_from_slice(&bytes);
            }
        }
    }

    /// The next line that has come already.
    fn buffered(&mut self) -> Result<Option<LogLine>, ClientError> {
        while let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
            let line = self.buffer.split_to(end);
            self.buffer.advance(1);
            if !line.is_empty() {
                let read = serde_json::from_slice(&line);
                return read.map(Some).map_err(|error| self.client.not_holm(error.to_string()));
            }
        }
        Ok(None)
    }
}
