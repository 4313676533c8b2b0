//! Responses that a guest gives itself, as Envoy sends them (`Utility::sendLocalReply` in `source/common/http/utility.cc`).

use bytes::Bytes;
use holm_abi::Body;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty, Full};
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

/// The highest status code of gRPC, `UNAUTHENTICATED` (its `statuscodes.md`).
const LAST_GRPC_STATUS: u32 = 16;

/// What a message of gRPC cannot hold as it is (its specification, "Responses": `Percent-Encoded`).
const NOT_IN_MESSAGES: &AsciiSet = &CONTROLS.add(b'%');

/// A response that a guest gives itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct LocalReply {
    pub(crate) status: u32,
    pub(crate) body: Bytes,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// The status for a client that speaks gRPC, if the guest says.
    pub(crate) grpc_status: Option<u32>,
    /// Why, in a word or two.
    pub(crate) details: String,
}

/// What it depends on how a reply looks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asker {
    /// The client speaks gRPC.
    pub(crate) grpc: bool,
    /// It wants no body.
    pub(crate) head: bool,
}

impl LocalReply {
    /// One of the host's.
    pub(crate) fn new(status: StatusCode, body: impl Into<Bytes>, details: &str) -> Self {
        let (status, details) = (u32::from(status.as_u16()), details.to_owned());
        Self { status, body: body.into(), details, ..Self::default() }
    }

    /// The status that a guest gave for clients of gRPC. SDKs say -1 for none.
    pub(crate) fn grpc_status(given: u32) -> Option<u32> {
        (given <= LAST_GRPC_STATUS).then_some(given)
    }

    /// The response.
    pub(crate) fn into_response(self, asker: Asker) -> Response<Body> {
        let status = u16::try_from(self.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        // A final answer of 1xx would leave the client waiting.
        let status = status.filter(|status| status.as_u16() >= 200).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        for (name, value) in &self.headers {
            let _ = headers.try_append(name.clone(), value.clone());
        }
        headers.remove(CONTENT_LENGTH);
        if asker.grpc {
            self.speak_grpc(status, &mut response);
            return response;
        }
        if self.body.is_empty() {
            headers.remove(CONTENT_TYPE);
            return response;
        }
        headers.insert(CONTENT_LENGTH, HeaderValue::from(self.body.len()));
        headers.entry(CONTENT_TYPE).or_insert(const { HeaderValue::from_static("text/plain") });
        if !asker.head {
            *response.body_mut() = Full::new(self.body).map_err(|never| match never {}).boxed_unsync();
        }
        response
    }

    fn speak_grpc(self, status: StatusCode, response: &mut Response<Body>) {
        *response.status_mut() = StatusCode::OK;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert("grpc-status", HeaderValue::from(self.grpc_status.unwrap_or_else(|| of_http(status))));
        let message = percent_encode(&self.body, NOT_IN_MESSAGES).to_string();
        if let Ok(message) = HeaderValue::from_str(&message)
            && !message.is_empty()
        {
            headers.insert("grpc-message", message);
        }
    }
}

/// The status that stands for one of HTTP (gRPC, `http-grpc-status-mapping.md`).
fn of_http(status: StatusCode) -> u32 {
    match status.as_u16() {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(response: &Response<Body>) -> String {
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| format!(" {name}={}", String::from_utf8_lossy(value.as_bytes())));
        format!("{}{}", response.status().as_u16(), headers.collect::<String>())
    }

    fn reply(status: u32, body: &'static str, headers: &[(&'static str, &'static str)]) -> LocalReply {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let headers = headers.iter().map(header).collect();
        LocalReply { status, body: body.into(), headers, ..LocalReply::default() }
    }

    #[test]
    fn a_body_has_a_type_and_a_length() {
        let response = reply(403, "no", &[("x-a", "1")]).into_response(Asker::default());
        assert_eq!(shown(&response), "403 x-a=1 content-length=2 content-type=text/plain");
        let response = reply(200, "{}", &[("content-type", "application/json")]).into_response(Asker::default());
        assert_eq!(shown(&response), "200 content-type=application/json content-length=2");
        let response =
            reply(204, "", &[("content-type", "a/b"), ("content-length", "9")]).into_response(Asker::default());
        assert_eq!(shown(&response), "204");
    }

    #[test]
    fn a_client_of_grpc_is_told_in_its_own_way() {
        let asker = Asker { grpc: true, head: false };
        let response = reply(403, "no\n100%", &[]).into_response(asker);
        assert_eq!(shown(&response), "200 content-type=application/grpc grpc-status=7 grpc-message=no%0A100%25");
        let given = LocalReply { grpc_status: LocalReply::grpc_status(5), ..reply(403, "", &[]) };
        assert_eq!(shown(&given.into_response(asker)), "200 content-type=application/grpc grpc-status=5");
        assert_eq!(LocalReply::grpc_status(u32::MAX), None);
    }

    #[test]
    fn a_status_that_is_none_is_an_error_of_the_server() {
        for status in [0, 99, 100, 1000, u32::MAX] {
            assert_eq!(shown(&reply(status, "", &[]).into_response(Asker::default())), "500");
        }
    }
}
