//! Telling the host what became of a guest's request.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use holm_abi::Sent;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use wasmtime_wasi_http::{Error, Result, WasiBody};

/// `answer`, of which `sent` hears until its body is over or dropped.
pub(super) fn watched(answer: Result<Response<WasiBody>>, sent: Option<Box<dyn Sent>>) -> Result<Response<WasiBody>> {
    let Some(mut sent) = sent else { return answer };
    match answer {
        Ok(response) => {
            sent.answered(response.status(), response.version());
            Ok(response.map(|body| Watched { body, sent: Some(sent) }.boxed_unsync()))
        }
        Err(error) => {
            sent.failed(&name(&error));
            Err(error)
        }
    }
}

struct Watched {
    body: WasiBody,
    /// `None` once it is over.
    sent: Option<Box<dyn Sent>>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let (Some(Err(error)), Some(sent)) = (&frame, &mut self.sent) {
            sent.failed(&name(error));
        }
        if !matches!(frame, Some(Ok(_))) {
            self.sent = None;
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

/// The name that an error has in `wasi:http/types`, without what it carries.
fn name(error: &Error) -> String {
    let mut name = String::new();
    for letter in format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric) {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_names_of_the_interface() {
        let dns = Error::DnsError { rcode: Some("NXDOMAIN".to_owned()), info_code: None };
        for (error, expected) in [
            (Error::ConnectionRefused, "connection-refused"),
            (Error::TlsProtocolError, "tls-protocol-error"),
            (Error::HttpResponseIncomplete, "http-response-incomplete"),
            (Error::DestinationIpProhibited, "destination-ip-prohibited"),
            (dns, "dns-error"),
            (Error::InternalError(Some("why".to_owned())), "internal-error"),
        ] {
            assert_eq!(name(&error), expected);
        }
    }
}
