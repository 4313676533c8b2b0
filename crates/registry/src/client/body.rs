//! Bodies of answers, read no further than they may be long.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use holm_services::http_client::{HttpError, ResponseBody};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::error::{Failure, RegistryError, Result};
use crate::limits;

/// All of a small answer's body.
///
/// # Errors
/// It is longer than `most` bytes, whatever it says of itself, or takes too long, or breaks off.
pub(crate) async fn small(response: Response<ResponseBody>, most: u64, what: &str) -> Result<Vec<u8>> {
    let too_large = || RegistryError::invalid(format!("{what} has more than {}", holm_grants::format_size(most)));
    if length(response.headers()).is_some_and(|length| length > most) {
        return Err(too_large());
    }
    let reading = async {
        let (mut body, mut bytes) = (response.into_body(), Vec::new());
        while let Some(piece) = next(&mut body).await.map_err(|error| broken(&error).about(what))? {
            if bytes.len() as u64 + piece.len() as u64 > most {
                return Err(too_large());
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    };
    let late = |_| RegistryError::new(Failure::TimedOut, format!("{what} took longer than a minute to come"));
    timeout(limits::SMALL_ANSWER, reading).await.map_err(late)?
}

/// The next piece of a body; `None` at its end.
pub(crate) async fn next(body: &mut ResponseBody) -> Result<Option<Bytes>, HttpError> {
    while let Some(frame) = body.frame().await {
        if let Ok(piece) = frame?.into_data() {
            return Ok(Some(piece));
        }
    }
    Ok(None)
}

/// What a body says of its length.
pub(crate) fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Why an exchange did not come to its end.
pub(crate) fn broken(error: &HttpError) -> RegistryError {
    let failure = match error {
        HttpError::DnsTimeout { .. } | HttpError::ConnectionTimeout | HttpError::ConnectionReadTimeout => {
            Failure::TimedOut
        }
        HttpError::HttpProtocolError(_) | HttpError::HttpResponseHeaderSectionSize => Failure::Invalid,
        HttpError::DestinationIpProhibited { host, .. } => {
            let message =
                format!("the registry leads to {host}, which is not on the public internet as the registry is");
            return RegistryError::invalid(message).note("that is how a stranger asks your own machines for something");
        }
        HttpError::TlsCertificateError(_) => {
            let error = RegistryError::new(Failure::Denied, error.to_string());
            return error.note("SSL_CERT_FILE names a file of certificate authorities to trust");
        }
        _ => Failure::Unreachable,
    };
    RegistryError::new(failure, error.to_string())
}

/// Bytes on their way to a registry, a piece at a time, so that whoever waits can be told.
pub(crate) struct Upload {
    left: Bytes,
    tell: Box<dyn Fn(u64) + Send>,
    total: u64,
}

impl Upload {
    /// `tell` hears how many bytes are on their way.
    pub(crate) fn new(bytes: Bytes, tell: Box<dyn Fn(u64) + Send>) -> Self {
        Self { total: bytes.len() as u64, left: bytes, tell }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        const PIECE: usize = 64 << 10;
        if !self.left.has_remaining() {
            return Poll::Ready(None);
        }
        let size = self.left.len().min(PIECE);
        let piece = self.left.split_to(size);
        (self.tell)(self.total - self.left.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        !self.left.has_remaining()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}
