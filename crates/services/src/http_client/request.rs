//! A guest's request made fit to leave the host.

use std::sync::Mutex;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http::{Method, Request, Version};
use http_body::Body;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;

use super::error::FromRequestBody;
use super::{BoxError, HttpError, Options};

/// Connections outlive a request's body type, so they carry one for all.
pub(super) type OutgoingBody = UnsyncBoxBody<Bytes, FromRequestBody>;

/// A request that any connection to its origin can carry.
#[derive(Debug)]
pub(super) struct Outgoing {
    request: Request<OutgoingBody>,
    absolute: Uri,
}

impl Outgoing {
    pub(super) fn new<B>(request: Request<B>, options: &Options) -> Result<Self, HttpError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if request.method() == Method::CONNECT {
            return Err(HttpError::HttpRequestMethodInvalid);
        }
        let (mut parts, body) = request.into_parts();
        let absolute = absolute(&parts.uri, options.authority.as_ref())?;
        drop_hop_by_hop(&mut parts.headers);
        if options.trailers {
            parts.headers.insert(header::TE, HeaderValue::from_static("trailers"));
        }
        // What a guest put there, a connection of its own kind must not see.
        parts.extensions.clear();
        let body = body.map_err(|error| FromRequestBody(Mutex::new(Some(error.into()))));
        Ok(Self { request: Request::from_parts(parts, body.boxed_unsync()), absolute })
    }

    pub(super) fn for_http1(self) -> Result<(Request<OutgoingBody>, Uri), HttpError> {
        let Self { mut request, absolute } = self;
        let host = absolute.authority().ok_or(HttpError::HttpRequestUriInvalid)?;
        let host = HeaderValue::from_str(host.as_str()).map_err(|_| HttpError::HttpRequestUriInvalid)?;
        let path = absolute.path_and_query().cloned();
        *request.uri_mut() = path.unwrap_or_else(|| PathAndQuery::from_static("/")).into();
        *request.version_mut() = Version::HTTP_11;
        request.headers_mut().insert(header::HOST, host);
        if request.headers().contains_key(header::TE) {
            // RFC 9110, section 10.1.4.
            request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("TE"));
        }
        Ok((request, absolute))
    }

    pub(super) fn for_http2(self) -> (Request<OutgoingBody>, Uri) {
        let Self { mut request, absolute } = self;
        *request.uri_mut() = absolute.clone();
        *request.version_mut() = Version::HTTP_2;
        request.headers_mut().remove(header::HOST);
        request.headers_mut().remove(header::CONNECTION);
        (request, absolute)
    }

    pub(super) fn unsent(request: Request<OutgoingBody>, absolute: Uri) -> Self {
        Self { request, absolute }
    }
}

/// `uri` with another authority, if one is given, and never with a user name or password in it.
fn absolute(uri: &Uri, authority: Option<&Authority>) -> Result<Uri, HttpError> {
    let own = uri.authority().ok_or(HttpError::HttpRequestUriInvalid)?;
    let authority = authority.unwrap_or(own).as_str();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    Uri::builder()
        .scheme(uri.scheme().cloned().unwrap_or(Scheme::HTTPS))
        .authority(host)
        .path_and_query(path)
        .build()
        .map_err(|_| HttpError::HttpRequestUriInvalid)
}

/// Removes the headers that speak about one connection, and those that `Connection` names (RFC 9110, section 7.6.1).
///
/// The connection is the client's and not the guest's. Sent on, they would let a guest disagree with the client about
/// where its request ends.
pub fn drop_hop_by_hop(headers: &mut HeaderMap) {
    const ALWAYS: [HeaderName; 5] =
        [header::CONNECTION, header::PROXY_AUTHORIZATION, header::TE, header::TRANSFER_ENCODING, header::UPGRADE];
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&ALWAYS) {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers.remove("proxy-connection");
    headers.remove("http2-settings");
}
