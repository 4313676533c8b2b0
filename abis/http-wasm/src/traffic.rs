//! A request and its response, as a guest sees and changes them.

use std::net::SocketAddr;

use holm_abi::Body;
use http::header::{self, HeaderMap, HeaderValue};
use http::uri::{Authority, PathAndQuery, Uri};
use http::{Method, Request, Response, StatusCode, Version, request, response};
use wasmtime::{Result, bail};

use crate::body::Flow;
use crate::headers::{self, Edit, shown};
use crate::state::{BUFFER_REQUEST, BUFFER_RESPONSE};

/// Which headers a guest means (`header_kind`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Response,
    RequestTrailers,
    ResponseTrailers,
}

impl TryFrom<u32> for Kind {
    type Error = wasmtime::Error;

    fn try_from(kind: u32) -> Result<Self> {
        Ok(match kind {
            0 => Self::Request,
            1 => Self::Response,
            2 => Self::RequestTrailers,
            3 => Self::ResponseTrailers,
            other => bail!("there is no kind {other} of headers"),
        })
    }
}

/// Which body a guest means (`body_kind`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
}

impl TryFrom<u32> for Side {
    type Error = wasmtime::Error;

    fn try_from(kind: u32) -> Result<Self> {
        Ok(match kind {
            0 => Self::Request,
            1 => Self::Response,
            other => bail!("there is no kind {other} of bodies"),
        })
    }
}

/// One exchange.
pub(crate) struct Traffic {
    pub(crate) features: u32,
    /// Whether the request is no longer here.
    after_next: bool,
    /// All that is read is kept, for if the guest fails.
    keep_all: bool,
    peer: Option<SocketAddr>,
    request: request::Parts,
    request_flow: Flow,
    response: response::Parts,
    response_flow: Flow,
    /// The heads as they came, where they may be wanted again.
    original_request: Option<request::Parts>,
    original_response: Option<response::Parts>,
}

impl Traffic {
    /// `keep_all`: it can be had as it was.
    pub(crate) fn new(request: Request<Body>, peer: Option<SocketAddr>, features: u32, keep_all: bool) -> Self {
        let (request, body) = request.into_parts();
        Self {
            features,
            after_next: false,
            keep_all,
            peer,
            original_request: keep_all.then(|| request.clone()),
            original_response: None,
            request,
            request_flow: Flow::new(body),
            response: Response::new(()).into_parts().0,
            response_flow: Flow::default(),
        }
    }

    /// Bytes that are kept.
    pub(crate) fn kept(&self) -> u64 {
        self.request_flow.weight().saturating_add(self.response_flow.weight())
    }

    /// The request as the guest leaves it for who comes next.
    pub(crate) fn request(&mut self) -> Request<Body> {
        let flow = std::mem::take(&mut self.request_flow);
        let (mut head, changed) = (self.request.clone(), flow.is_changed());
        let (body, length) = flow.pass();
        set_length(&mut head.headers, changed, length);
        Request::from_parts(head, body)
    }

    /// The request as it came, if that is known.
    pub(crate) fn original_request(&mut self) -> Option<Request<Body>> {
        let head = self.original_request.take()?;
        Some(Request::from_parts(head, std::mem::take(&mut self.request_flow).untouched()))
    }

    /// Who comes next has answered, or has not.
    pub(crate) fn answered(&mut self, response: Option<Response<Body>>) {
        self.after_next = true;
        let Some(response) = response else { return };
        let (mut head, body) = response.into_parts();
        self.original_response = self.keep_all.then(|| head.clone());
        // What the guest said before stays, but where it was answered.
        let said = &self.response.headers;
        let more: Vec<_> = said.keys().filter(|name| !head.headers.contains_key(*name)).collect();
        for (name, value) in more.into_iter().flat_map(|name| said.get_all(name).iter().map(move |value| (name, value)))
        {
            // There is room for as many as a guest may have.
            let _ = head.headers.try_append(name, value.clone());
        }
        if self.response_flow.begin(body) {
            head.headers.remove(header::CONTENT_LENGTH);
        }
        self.response = head;
    }

    /// The response as the guest leaves it.
    pub(crate) fn response(&mut self) -> Response<Body> {
        let flow = std::mem::take(&mut self.response_flow);
        let changed = flow.is_changed();
        let mut head = std::mem::replace(&mut self.response, Response::new(()).into_parts().0);
        let (body, length) = flow.pass();
        // The answer to HEAD has the length of the body that it does not have.
        let length = length.filter(|length| *length > 0 || self.request.method != Method::HEAD);
        set_length(&mut head.headers, changed, length);
        Response::from_parts(head, body)
    }

    /// The response as it came, if that is known.
    pub(crate) fn original_response(&mut self) -> Option<Response<Body>> {
        let head = self.original_response.take()?;
        Some(Response::from_parts(head, std::mem::take(&mut self.response_flow).untouched()))
    }

    pub(crate) fn method(&self) -> &Method {
        &self.request.method
    }

    pub(crate) fn set_method(&mut self, method: &[u8]) -> Result<()> {
        self.before_next("the method")?;
        match Method::from_bytes(method) {
            Ok(method) => self.request.method = method,
            Err(_) => bail!("`{}` is not a method", shown(method)),
        }
        Ok(())
    }

    /// Path and query.
    pub(crate) fn uri(&self) -> &str {
        match self.request.uri.path_and_query().map_or("", PathAndQuery::as_str) {
            "" => "/",
            uri => uri,
        }
    }

    pub(crate) fn set_uri(&mut self, uri: &[u8]) -> Result<()> {
        self.before_next("the URI")?;
        let uri = if uri.is_empty() { b"/" } else { uri };
        let parsed = uri.starts_with(b"/").then(|| PathAndQuery::try_from(uri).ok()).flatten();
        let Some(path_and_query) = parsed else { bail!("`{}` is not a path and query", shown(uri)) };
        let mut parts = self.request.uri.clone().into_parts();
        parts.path_and_query = Some(path_and_query);
        self.request.uri = Uri::from_parts(parts)?;
        Ok(())
    }

    /// As the reference host writes it.
    pub(crate) fn protocol(&self) -> &'static str {
        match self.request.version {
            Version::HTTP_2 => "HTTP/2.0",
            Version::HTTP_10 => "HTTP/1.0",
            Version::HTTP_3 => "HTTP/3.0",
            _ => "HTTP/1.1",
        }
    }

    /// The client's address and port; empty where it has none.
    pub(crate) fn source(&self) -> String {
        self.peer.map(|peer| peer.to_string()).unwrap_or_default()
    }

    pub(crate) fn status(&self) -> u16 {
        self.response.status.as_u16()
    }

    pub(crate) fn set_status(&mut self, status: u32) -> Result<()> {
        self.before_next_or(BUFFER_RESPONSE, "the status code")?;
        let parsed = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        match parsed.filter(|status| !status.is_informational()) {
            Some(parsed) => self.response.status = parsed,
            None => bail!("{status} is no status code that ends a request"),
        }
        Ok(())
    }

    pub(crate) fn names(&self, kind: Kind) -> Vec<&[u8]> {
        let host = self.host().filter(|_| kind == Kind::Request);
        headers::names(self.headers(kind), host.map(|_| "host"))
    }

    pub(crate) fn values(&self, kind: Kind, name: &[u8]) -> Vec<&[u8]> {
        match self.host() {
            Some(host) if kind == Kind::Request && name.eq_ignore_ascii_case(b"host") => vec![host.as_bytes()],
            _ => headers::values(self.headers(kind), name),
        }
    }

    fn host(&self) -> Option<&str> {
        self.request.uri.authority().map(Authority::as_str)
    }

    fn headers(&self, kind: Kind) -> &HeaderMap {
        match kind {
            Kind::Request => &self.request.headers,
            Kind::Response => &self.response.headers,
            Kind::RequestTrailers => self.request_flow.trailers(),
            Kind::ResponseTrailers => self.response_flow.trailers(),
        }
    }

    pub(crate) fn edit(&mut self, kind: Kind, edit: Edit) -> Result<()> {
        match kind {
            Kind::Request => self.before_next("a request's headers")?,
            Kind::RequestTrailers => self.before_next("a request's trailers")?,
            Kind::Response => self.before_next_or(BUFFER_RESPONSE, "a response's headers")?,
            Kind::ResponseTrailers => self.before_next_or(BUFFER_RESPONSE, "a response's trailers")?,
        }
        match kind {
            Kind::Request if edit.name() == header::HOST => self.set_host(&edit),
            // They are the connection's own.
            Kind::Request | Kind::Response if is_framing(&edit) => Ok(()),
            Kind::Request => edit.apply(&mut self.request.headers),
            Kind::Response => edit.apply(&mut self.response.headers),
            Kind::RequestTrailers => self.request_flow.edit_trailers(edit),
            Kind::ResponseTrailers => self.response_flow.edit_trailers(edit),
        }
    }

    /// A request always has one host.
    fn set_host(&mut self, edit: &Edit) -> Result<()> {
        let (Edit::Set(_, value) | Edit::Add(_, value)) = edit else { return Ok(()) };
        let Ok(authority) = Authority::try_from(value.as_bytes()) else {
            bail!("`{}` is not a host", shown(value.as_bytes()));
        };
        let mut parts = self.request.uri.clone().into_parts();
        parts.authority = Some(authority);
        self.request.uri = Uri::from_parts(parts)?;
        if self.request.headers.contains_key(header::HOST) {
            self.request.headers.insert(header::HOST, value.clone());
        }
        Ok(())
    }

    /// The body to read from, and whether what is read is kept for who comes next.
    pub(crate) fn reads(&mut self, side: Side) -> Result<(&mut Flow, bool)> {
        match side {
            Side::Request => self.before_next_or(BUFFER_REQUEST, "a request's body")?,
            Side::Response => self.before_next_or(BUFFER_RESPONSE, "a response's body")?,
        }
        let keep = match side {
            // What the response's body is without the guest is decided when it is left to go on.
            Side::Response => true,
            Side::Request => self.keep_all || self.features & BUFFER_REQUEST != 0,
        };
        Ok((self.flow(side), keep))
    }

    pub(crate) fn write(&mut self, side: Side, bytes: &[u8]) -> Result<()> {
        match side {
            Side::Request => self.before_next("a request's body")?,
            Side::Response => self.before_next_or(BUFFER_RESPONSE, "a response's body")?,
        }
        self.flow(side).write(bytes);
        Ok(())
    }

    pub(crate) fn flow(&mut self, side: Side) -> &mut Flow {
        match side {
            Side::Request => &mut self.request_flow,
            Side::Response => &mut self.response_flow,
        }
    }

    fn before_next(&self, what: &str) -> Result<()> {
        if self.after_next {
            bail!("it touched {what} after the request had gone on");
        }
        Ok(())
    }

    fn before_next_or(&self, feature: u32, what: &str) -> Result<()> {
        if self.after_next && self.features & feature == 0 {
            let name = if feature == BUFFER_REQUEST { "buffer_request" } else { "buffer_response" };
            bail!("it touched {what} after the request had gone on, for which it has to enable `{name}`");
        }
        Ok(())
    }
}

/// Where a body ends is for those to say who send it.
fn is_framing(edit: &Edit) -> bool {
    [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION].contains(edit.name())
}

fn set_length(headers: &mut HeaderMap, changed: bool, length: Option<u64>) {
    if changed {
        headers.remove(header::CONTENT_LENGTH);
    }
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
}
